// tokenise: a command line -> its words, as Postfix's smtpd splits them.
//   Rules     blanks separate; <…>, […] and "…" are kept whole, blanks included; a word ends after
//   "to:" or "from:". Errors    Token::broken: the closing > ] or " is missing.       Lifetime
//   values.     Threads  pure. Source    smtpd_token(3); smtpd.md §3.2.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::proto {

struct Token {
  std::string text;
  bool broken = false;
};

// What Postfix turns into '?' in what a client says of itself: it stands in Received: and in log lines.
std::string neutral(std::string_view given, bool utf8);

std::vector<Token> tokenise(std::string_view line);

}  // namespace headgate::proto
