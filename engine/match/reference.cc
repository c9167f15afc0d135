// How it works: a list of the options of each engine, in the order of their bits, serves both directions.
// Tested by tests/engine/match/reference_test.cc.
#include "engine/match/reference.h"

#include <array>

namespace headgate::match {

namespace {

// Bit i is the i-th entry. Append only.
constexpr std::array kPcre2Bits = {&Pcre2Options::caseless, &Pcre2Options::multiline,
                                   &Pcre2Options::dotall,   &Pcre2Options::extended,
                                   &Pcre2Options::anchored, &Pcre2Options::dollar_end_only,
                                   &Pcre2Options::ungreedy};
constexpr std::array kPosixBits = {&PosixOptions::extended, &PosixOptions::ignore_case,
                                   &PosixOptions::newline, &PosixOptions::no_groups};

template <class Options, class Bits>
std::uint32_t to_bits(const Options& options, const Bits& table) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < table.size(); ++i) bits |= options.*table[i] ? 1U << i : 0U;
  return bits;
}

template <class Options, class Bits>
void from_bits(Options& options, const Bits& table, std::uint32_t bits) {
  for (std::size_t i = 0; i < table.size(); ++i) options.*table[i] = (bits >> i & 1U) != 0;
}

}  // namespace

tl::expected<std::shared_ptr<const Confirmer>, PatternError> compile_reference(
    const std::string& pattern, const Reference& reference) {
  if (reference.engine == Engine::pcre2) return compile_pcre2(pattern, reference.pcre2);
  return compile_posix(pattern, reference.posix, reference.groups_wanted);
}

std::uint32_t option_bits(const Reference& reference) {
  return reference.engine == Engine::pcre2 ? to_bits(reference.pcre2, kPcre2Bits)
                                           : to_bits(reference.posix, kPosixBits);
}

void set_option_bits(Reference& reference, std::uint32_t bits) {
  if (reference.engine == Engine::pcre2)
    from_bits(reference.pcre2, kPcre2Bits, bits);
  else
    from_bits(reference.posix, kPosixBits, bits);
}

}  // namespace headgate::match
