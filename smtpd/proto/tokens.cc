// Tested by command_test, smtp_dialogue_fuzz.
#include "smtpd/proto/tokens.h"

#include "engine/base/text.h"

namespace headgate::proto {
namespace {

// Copies up to and including `close`; a quoted string inside hides it. Returns the position after
// it.
std::size_t copy_delimited(std::string_view line, std::size_t at, char close, Token& token) {
  char wanted = close;
  token.text += line[at++];
  while (at < line.size()) {
    const char c = line[at++];
    token.text += c;
    if (c == '\\') {
      if (at >= line.size()) break;
      token.text += line[at++];
    } else if (c == wanted) {
      if (wanted == close) return at;
      wanted = close;
    } else if (c == '"') {
      wanted = '"';
    }
  }
  token.broken = true;
  return at;
}

}  // namespace

std::string neutral(std::string_view given, bool utf8) {
  constexpr std::string_view kUnsafe = " <>()\\\";@";
  std::string name = text::printable(given, utf8);
  for (char& c : name) {
    if (kUnsafe.find(c) != std::string_view::npos) c = '?';
  }
  return name;
}

std::vector<Token> tokenise(std::string_view line) {
  std::vector<Token> tokens;
  std::size_t at = 0;
  while (true) {
    while (at < line.size() && text::is_space(line[at])) ++at;
    if (at >= line.size()) return tokens;
    Token token;
    while (at < line.size() && !text::is_space(line[at])) {
      const char c = line[at];
      if (c == '<' || c == '[' || c == '"') {
        at = copy_delimited(line, at, c == '<' ? '>' : c == '[' ? ']' : '"', token);
        continue;
      }
      token.text += c;
      ++at;
      if (c == ':' && (text::equal_ignore_case(token.text, "to:") ||
                       text::equal_ignore_case(token.text, "from:"))) {
        break;
      }
    }
    tokens.push_back(std::move(token));
  }
}

}  // namespace headgate::proto
