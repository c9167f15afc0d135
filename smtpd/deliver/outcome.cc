// Tested by tests/smtpd/deliver/outcome_test.cc.
#include "smtpd/deliver/outcome.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/proto/address.h"

namespace headgate::deliver {

namespace {

using std::chrono::microseconds;

queue::Outcome make(queue::Status status, std::string dsn, std::string relay, std::string text) {
  queue::Outcome outcome;
  outcome.status = status;
  outcome.dsn = std::move(dsn);
  outcome.relay = std::move(relay);
  outcome.text = std::move(text);
  return outcome;
}

std::string_view name_of(queue::Status status) {
  switch (status) {
    case queue::Status::sent:
      return "sent";
    case queue::Status::deferred:
      return "deferred";
    case queue::Status::bounced:
      return "bounced";
  }
  return "deferred";
}

microseconds between(WallTime from, WallTime to) {
  return std::max(std::chrono::duration_cast<microseconds>(to - from), microseconds(0));
}

}  // namespace

queue::Outcome sent(std::string dsn, std::string relay, std::string text) {
  return make(queue::Status::sent, std::move(dsn), std::move(relay), std::move(text));
}

queue::Outcome deferred(std::string dsn, std::string relay, std::string text) {
  return make(queue::Status::deferred, std::move(dsn), std::move(relay), std::move(text));
}

queue::Outcome bounced(std::string dsn, std::string relay, std::string text) {
  return make(queue::Status::bounced, std::move(dsn), std::move(relay), std::move(text));
}

queue::Outcome softened(queue::Outcome outcome) {
  if (outcome.status != queue::Status::bounced) return outcome;
  outcome.status = queue::Status::deferred;
  if (!outcome.dsn.empty()) outcome.dsn.front() = '4';
  return outcome;
}

std::string format_delay(microseconds delay) {
  const double seconds = static_cast<double>(delay.count()) / 1e6;
  if (seconds >= 9.95) return fmt::format("{:.0f}", seconds);
  std::string s = fmt::format("{:.{}f}", seconds, seconds >= 0.995 ? 1 : 2);
  while (s.find('.') != std::string::npos && (s.back() == '0' || s.back() == '.')) {
    const bool point = s.back() == '.';
    s.pop_back();
    if (point) break;
  }
  return s;
}

std::string log_line(const queue::Delivery& delivery, const queue::Recipient& recipient,
                     const queue::Outcome& outcome, WallTime now) {
  const WallTime arrival = delivery.file->envelope().arrival;
  const microseconds waited = std::max(
      between(delivery.active_since, now) - outcome.setup - outcome.transmission, microseconds(0));
  std::string to = fmt::format("to=<{}>", text::printable(proto::quote_address(recipient.address)));
  if (!recipient.orig_to.empty() && !text::equal_ignore_case(recipient.orig_to, recipient.address))
    to += fmt::format(", orig_to=<{}>", text::printable(proto::quote_address(recipient.orig_to)));
  return fmt::format("{}: {}, relay={}, delay={}, delays={}/{}/{}/{}, dsn={}, status={} ({})",
                     delivery.id, to, outcome.relay, format_delay(between(arrival, now)),
                     format_delay(between(arrival, delivery.active_since)), format_delay(waited),
                     format_delay(outcome.setup), format_delay(outcome.transmission), outcome.dsn,
                     name_of(outcome.status), text::printable(outcome.text));
}

std::vector<Field> log_fields(const queue::Delivery& delivery, const queue::Recipient& recipient,
                              const queue::Outcome& outcome, WallTime now) {
  const auto seconds = [](microseconds delay) { return static_cast<double>(delay.count()) / 1e6; };
  return {{"queue_id", delivery.id},
          {"recipient", recipient.address},
          {"relay", outcome.relay},
          {"delay_seconds", seconds(between(delivery.file->envelope().arrival, now))},
          {"setup_seconds", seconds(outcome.setup)},
          {"transmission_seconds", seconds(outcome.transmission)},
          {"dsn", outcome.dsn},
          {"status", std::string(name_of(outcome.status))},
          {"reply", outcome.text}};
}

}  // namespace headgate::deliver
