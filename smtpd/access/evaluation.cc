// Tested by access_test.
#include "smtpd/access/evaluation.h"

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/proto/address.h"

namespace headgate::access {
namespace {

constexpr std::size_t kMaxLogged = 200;

std::string logged(std::string_view text) { return text::printable(text.substr(0, kMaxLogged)); }

}  // namespace

std::string log_line(const Context& context, std::string_view label, const proto::Reply& reply) {
  std::string line = fmt::format(
      "{}: {} from {}: {};", label, context.where,
      text::printable(context.shown_client.empty() ? context.client() : context.shown_client),
      text::printable(reply.first_line()));
  if (context.sender)
    line += fmt::format(" from=<{}>", logged(proto::quote_address(*context.sender)));
  if (context.recipient)
    line += fmt::format(" to=<{}>", logged(proto::quote_address(*context.recipient)));
  line += fmt::format(" proto={}", context.protocol);
  if (context.helo_name) line += fmt::format(" helo=<{}>", logged(*context.helo_name));
  return line;
}

void Evaluation::subject(std::string name, std::string_view what) {
  reply_name = std::move(name);
  reply_what = what;
}

std::string Evaluation::rejected(std::string_view text) const {
  return fmt::format("<{}>: {} rejected: {}", reply_name, reply_what, text);
}

void Evaluation::refuse(proto::Reply reply) {
  if (settings.soft_bounce) reply = reply.softened();
  decision_.log = log_line(context, "reject", reply);
  decision_.refusal = std::move(reply);
}

Outcome Evaluation::reject(std::int64_t code, std::string dsn, std::string text) {
  // The class of the enhanced code follows the (configurable) reply code.
  if (code < 400 || code > 599)
    return trouble(451, "4.3.5", "Server configuration error",
                   fmt::format("reject code {} is not 400 to 599", code));
  dsn[0] = code >= 500 ? '5' : '4';
  proto::Reply reply(static_cast<int>(code), std::move(dsn), std::move(text));
  if (softened_) {
    decision_.notes.push_back(log_line(context, "reject_warning", reply));
    return Outcome::dunno;
  }
  if (reply.permanent() && defer_if_reject_) reply = *defer_if_reject_;
  refuse(std::move(reply));
  return Outcome::reject;
}

Outcome Evaluation::trouble(int code, std::string dsn, std::string text, std::string warning) {
  decision_.warnings.push_back(std::move(warning));
  refuse(proto::Reply(code, std::move(dsn), std::move(text)));
  return Outcome::reject;
}

Outcome Evaluation::lookup_failure(const Error& error, std::string_view subject_address) {
  return trouble(451, "4.3.0", fmt::format("<{}>: Temporary lookup failure", subject_address),
                 error.text());
}

void Evaluation::defer_if_permit(std::string text) {
  proto::Reply reply(450, "4.7.0", rejected(text));
  if (softened_) {
    decision_.notes.push_back(log_line(context, "reject_warning", reply));
  } else if (!defer_if_permit_) {
    defer_if_permit_ = std::move(reply);
  }
}

void Evaluation::defer_if_reject(std::string text) {
  if (!defer_if_reject_) defer_if_reject_ = proto::Reply(450, "4.7.0", rejected(text));
}

bool Evaluation::run(const std::vector<Step>& list) {
  defer_if_reject_.reset();  // it softens rejects of its own list only
  for (const Step& step : list) {
    softened_ = step.softened;
    Outcome outcome = Outcome::dunno;
    if (step.check == nullptr) {
      outcome = trouble(451, "4.3.5", "Server configuration error",
                        fmt::format("unknown smtpd restriction: \"{}\"", step.name));
    } else {
      outcome = step.check(*this);
    }
    softened_ = false;
    if (outcome == Outcome::reject) return false;
    if (outcome == Outcome::permit) return true;
    if (defer_if_permit_ && defer_if_reject_) return true;
  }
  return true;
}

Decision Evaluation::finish() {
  if (!decision_.refusal && defer_if_permit_) refuse(*defer_if_permit_);
  return std::move(decision_);
}

}  // namespace headgate::access
