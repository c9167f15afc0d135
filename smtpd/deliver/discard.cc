// Tested by tests/smtpd/deliver/outcome_test.cc.
#include "smtpd/deliver/discard.h"

#include <algorithm>

#include "engine/base/text.h"
#include "smtpd/deliver/outcome.h"

namespace headgate::deliver {

queue::Outcome discard(std::string_view nexthop) {
  return sent("2.0.0", "none", nexthop.empty() ? "discarded" : std::string(nexthop));
}

queue::Outcome refuse(std::string_view nexthop, queue::Status status) {
  queue::Outcome outcome;
  outcome.status = status;
  const char digit = status == queue::Status::bounced ? '5' : '4';
  outcome.dsn = std::string(1, digit) + ".0.0";
  const std::size_t space = nexthop.find(' ');
  const std::string_view word = nexthop.substr(0, space);
  if (std::count(word.begin(), word.end(), '.') == 2 && word.size() >= 5 && word[0] == digit &&
      word[1] == '.' && word.find_first_not_of("0123456789.") == std::string_view::npos) {
    outcome.dsn = word;
    nexthop =
        space == std::string_view::npos ? std::string_view() : text::trim(nexthop.substr(space));
  }
  outcome.text = nexthop;
  return outcome;
}

}  // namespace headgate::deliver
