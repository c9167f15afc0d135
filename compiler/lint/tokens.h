// tokens_of: a pattern's text cut into tokens, for the lints that look at how it is written and suggest another spelling.
// Nothing where the spelling needs more than that to be read: free spacing, basic syntax, \Q…\E, verbs.
//   Units     offsets are bytes of the pattern's text.      Threads  pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/front/ast.h"

namespace headgate::lint {

enum class TokenKind : std::uint8_t {
  literal,  // one byte, perhaps escaped
  dot,
  brackets,  // [...]
  escape,    // \d, \1, \< …: an escape that is no literal byte
  caret,
  dollar,
  open,  // ( with what belongs to it: (?:
  close,
  bar,
};

struct Token {
  TokenKind kind = TokenKind::literal;
  std::size_t begin = 0, end = 0;  // without the quantifier
  std::string quantifier;          // "*", "{2,}?" …; "" = once
  char byte = 0;                   // of a literal; the letter of an escape
  int depth = 0;                   // groups around it

  [[nodiscard]] std::size_t whole_end() const { return end + quantifier.size(); }
};

std::optional<std::vector<Token>> tokens_of(front::Dialect dialect, const front::Pattern& pattern);

// The bytes that stand in a row, unquantified and unescaped or escaped, as the pattern means them; at least `least` of them.
std::vector<std::string> literal_runs(const std::vector<Token>& tokens, std::size_t least);

// The header name that the pattern asks for at its beginning: "Subject" of ^Subject:; "" when none.
std::string header_name(std::string_view pattern);

}  // namespace headgate::lint
