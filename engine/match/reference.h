// Reference: how a pattern is given to its reference engine: which engine, which options. With the pattern's text it is
// all that is needed to compile the pattern again, which is what an image does when it is loaded.
//   Errors    PatternError: the engine's own words.       Threads  pure.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "engine/match/confirm.h"
#include "engine/match/confirm_pcre2.h"
#include "engine/match/confirm_posix.h"

namespace headgate::match {

enum class Engine : std::uint8_t { pcre2 = 0, posix = 1 };  // on disk: do not change

struct Reference {
  Engine engine = Engine::pcre2;
  Pcre2Options pcre2;  // for Engine::pcre2
  PosixOptions posix;  // for Engine::posix, as is the next
  std::uint32_t groups_wanted = 0;
};

tl::expected<std::shared_ptr<const Confirmer>, PatternError> compile_reference(
    const std::string& pattern, const Reference& reference);

// The options of the reference's engine as bits; numbers on disk, do not change.
std::uint32_t option_bits(const Reference& reference);
void set_option_bits(Reference& reference, std::uint32_t bits);
constexpr std::uint32_t kMostOptionBits = 0x7f;

}  // namespace headgate::match
