// PosixTokens: what the two readers of regexp: patterns have in common (parse_posix for finding, compiler/migrate/posix_tree for
// writing down anew): operators as extended and basic syntax spell them, quantifiers, and what a byte matches where case does
// not count.
//   Errors    throws GiveUp (cursor.h).        Lifetime  borrows the pattern.        Threads  one owner.
//   Source    regex(7); glibc compares upper-cased bytes, so that `[Z-a]` is not what PCRE2 makes of it.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "compiler/analyse/cursor.h"
#include "compiler/analyse/regex_tree.h"
#include "compiler/front/ast.h"
#include "engine/base/text.h"

namespace headgate::analyse {

class PosixTokens : public Cursor {
 public:
  PosixTokens(std::string_view pattern, const front::Flags& flags)
      : Cursor(pattern), basic_(flags.basic), caseless_(flags.caseless) {}

  [[nodiscard]] bool basic() const { return basic_; }

  [[nodiscard]] bool caseless() const { return caseless_; }

  // An operator's spelling: bare in extended syntax, behind a backslash in basic.
  [[nodiscard]] bool at_operator(char c) const {
    return basic_ ? peek() == '\\' && peek(1) == c : peek() == c;
  }

  bool eat_operator(char c) {
    if (!at_operator(c)) return false;
    skip(basic_ ? 2 : 1);
    return true;
  }

  // From how often to how often; nothing: here is no quantifier.
  std::optional<std::pair<std::uint32_t, std::uint32_t>> take_quantifier() {
    if (eat("*")) return std::pair{0U, kUnbounded};
    if (eat_operator('+')) return std::pair{1U, kUnbounded};
    if (eat_operator('?')) return std::pair{0U, 1U};
    if (!eat_operator('{')) return std::nullopt;
    const auto min = number();
    std::uint32_t max = min.value_or(0);
    if (eat(","))
      max = number().value_or(kUnbounded);
    else if (!min)
      throw GiveUp{"an interval that is not {n}, {n,}, {,m} or {n,m}"};
    if (!eat_operator('}') || max < min.value_or(0))
      throw GiveUp{"an interval that is not {n}, {n,}, {,m} or {n,m}"};
    return std::pair{min.value_or(0), max};
  }

  // The byte that stands for a literal `c`.
  [[nodiscard]] unsigned char folded(char c) const {
    return caseless_ ? upper(c) : static_cast<unsigned char>(c);
  }

  // The bytes of a text that match: they are in upper case when they are compared.
  [[nodiscard]] ByteSet matching(const ByteSet& set) const {
    if (!caseless_) return set;
    ByteSet matched;
    for (unsigned c = 0; c < 256; ++c) matched.set(c, set.test(upper(static_cast<char>(c))));
    return matched;
  }

 private:
  static constexpr std::uint32_t kMostRepeats = 32767;  // RE_DUP_MAX

  static unsigned char upper(char c) { return static_cast<unsigned char>(text::to_upper(c)); }

  std::optional<std::uint32_t> number() {
    if (!text::is_digit(peek())) return std::nullopt;
    std::uint32_t value = 0;
    for (; text::is_digit(peek()); skip(1)) {
      value = value * 10 + static_cast<std::uint32_t>(peek() - '0');
      if (value > kMostRepeats) throw GiveUp{"an interval of more than 32767"};
    }
    return value;
  }

  bool basic_, caseless_;
};

}  // namespace headgate::analyse
