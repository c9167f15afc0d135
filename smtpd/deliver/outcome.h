// Outcomes: how a recipient fared, made short, and its line in the mail log.
//   Units     delays in seconds with two significant digits, as Postfix writes them.
//   Threads   pure functions.        Source    bounce(5), log_adhoc(3), "delays=a/b/c/d" of Postfix's mail log; smtpd.md §8.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/event.h"
#include "smtpd/queue/deliverer.h"

namespace headgate::deliver {

queue::Outcome sent(std::string dsn, std::string relay, std::string text);
queue::Outcome deferred(std::string dsn, std::string relay, std::string text);
queue::Outcome bounced(std::string dsn, std::string relay, std::string text);

// soft_bounce: what would bounce is tried again, and its code says so.
queue::Outcome softened(queue::Outcome outcome);

std::string format_delay(std::chrono::microseconds delay);

// "ID: to=<r>, relay=host[ip]:port, delay=d, delays=a/b/c/d, dsn=x.y.z, status=sent (text)"
std::string log_line(const queue::Delivery& delivery, const queue::Recipient& recipient,
                     const queue::Outcome& outcome, WallTime now);

// The same for the JSON log.
std::vector<Field> log_fields(const queue::Delivery& delivery, const queue::Recipient& recipient,
                              const queue::Outcome& outcome, WallTime now);

}  // namespace headgate::deliver
