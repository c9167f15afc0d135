// Tested by tests/smtpd/deliver/outcome_test.cc.
#include "smtpd/deliver/discard.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "engine/base/text.h"
#include "smtpd/deliver/outcome.h"

namespace headgate::deliver {

namespace {

constexpr std::string_view kWhite = " \t\r\n\v\f";

// Of the enhanced status code (RFC 3463) that begins the text and ends at white space or at its end; 0: there is none.
std::size_t code_length(std::string_view text) {
  const std::string_view word = text.substr(0, text.find_first_of(kWhite));
  const std::vector<std::string_view> parts = text::split(word, ".");
  const bool whole = std::count(word.begin(), word.end(), '.') == 2 && parts.size() == 3;
  if (!whole || parts[0].size() != 1 || std::strchr("245", parts[0].front()) == nullptr) return 0;
  for (const std::string_view part : {parts[1], parts[2]})
    if (part.size() > 3 || !text::all_digits(part)) return 0;
  return word.size();
}

std::string_view without_white(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kWhite), text.size()));
  return text;
}

// A code of another class than the delivery's goes, and its text stays.
void say(queue::Outcome& outcome, std::string_view nexthop, char digit) {
  outcome.dsn = std::string(1, digit) + ".0.0";
  std::string_view text = without_white(nexthop);
  if (const std::size_t length = code_length(text); length > 0) {
    if (text.front() == digit) outcome.dsn = text.substr(0, length);
    text = without_white(text.substr(length));
  }
  outcome.text = text;
}

}  // namespace

queue::Outcome discard(std::string_view nexthop) {
  queue::Outcome outcome = sent("2.0.0", "none", "");
  say(outcome, nexthop, '2');
  if (outcome.text.empty()) outcome.text = "discarded";
  return outcome;
}

queue::Outcome refuse(std::string_view nexthop, queue::Status status) {
  queue::Outcome outcome;
  outcome.status = status;
  say(outcome, nexthop, status == queue::Status::bounced ? '5' : '4');
  return outcome;
}

}  // namespace headgate::deliver
