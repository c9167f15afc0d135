// Tested by access_test, table_checks_test.
#include "smtpd/access/evaluation.h"

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/access/basic.h"
#include "smtpd/proto/address.h"

namespace headgate::access {
namespace {

proto::Reply softened_if(bool soft_bounce, proto::Reply reply) {
  return soft_bounce ? reply.softened() : reply;
}

}  // namespace

std::string log_line(const Context& context, std::string_view label, std::string_view text) {
  std::string line = fmt::format(
      "{}: {} from {}: {};", label, context.where,
      text::printable(context.shown_client.empty() ? context.client() : context.shown_client),
      text::printable(text));
  if (context.sender)
    line += fmt::format(" from=<{}>", text::printable(proto::quote_address(*context.sender)));
  if (context.recipient)
    line += fmt::format(" to=<{}>", text::printable(proto::quote_address(*context.recipient)));
  line += fmt::format(" proto={}", context.protocol);
  if (context.helo_name) line += fmt::format(" helo=<{}>", text::printable(*context.helo_name));
  return line;
}

Evaluation::Evaluation(const Context& the_context, const config::Settings& the_settings,
                       const MatchList& the_mynetworks, const Recipients& the_recipients,
                       const Restrictions& the_restrictions)
    : context(the_context),
      settings(the_settings),
      mynetworks(the_mynetworks),
      recipients(the_recipients),
      restrictions(the_restrictions),
      defer_if_permit_(the_context.deferral) {
  keep_deferral();
}

std::string Evaluation::rejected(std::string_view text) const {
  return fmt::format("<{}>: {} rejected: {}", subject.name, subject.what, text);
}

void Evaluation::warn(std::string text) {
  decision_.lines.push_back({Line::Kind::warning, std::move(text)});
}

void Evaluation::inform(std::string text) {
  decision_.lines.push_back({Line::Kind::info, std::move(text)});
}

void Evaluation::note(std::string_view label, std::string_view text) {
  decision_.lines.push_back({Line::Kind::note, log_line(context, label, text)});
}

void Evaluation::note_permit(std::string_view action, std::string_view source) {
  if (defer_if_permit_) return;
  const Result<bool> logged = restrictions.logs_permit(action);
  if (!logged && must_ask_apart(logged.error())) ask_apart();
  if (!logged || !*logged) return;
  note("permit", fmt::format("action={} for {}={} {}", action, subject.what, subject.name, source));
}

void Evaluation::refuse(proto::Reply reply) {
  reply = softened_if(settings.soft_bounce, std::move(reply));
  decision_.lines.push_back({Line::Kind::refusal, log_line(context, "reject", reply.first_line())});
  decision_.refusal = std::move(reply);
}

// The class of the enhanced code follows the (configurable) reply code.
proto::Reply Evaluation::reply_of(std::int64_t code, std::string dsn, std::string text) {
  if (code < 400 || code > 599) {
    warn(fmt::format("SMTP reply code configuration error: {} {} {}", code, dsn, text));
    return {450, "4.7.1", "Service unavailable"};
  }
  dsn[0] = code >= 500 ? '5' : '4';
  return {static_cast<int>(code), std::move(dsn), std::move(text)};
}

Outcome Evaluation::reject(std::int64_t code, std::string dsn, std::string text) {
  proto::Reply reply = reply_of(code, std::move(dsn), std::move(text));
  if (softened_) {
    note("reject_warning", softened_if(settings.soft_bounce, reply).first_line());
    return Outcome::dunno;
  }
  if (reply.permanent() && defer_if_reject_) reply = *defer_if_reject_;
  refuse(std::move(reply));
  return Outcome::reject;
}

Outcome Evaluation::trouble(int code, std::string dsn, std::string text, std::string warning) {
  warn(std::move(warning));
  refuse(proto::Reply(code, std::move(dsn), std::move(text)));
  return Outcome::reject;
}

Outcome Evaluation::server_error(std::string warning) {
  return trouble(451, "4.3.5", "Server configuration error", std::move(warning));
}

Outcome Evaluation::ask_apart() {
  decision_.must_ask_apart = true;
  return server_error("a table that may wait for another program was asked on an event loop");
}

Outcome Evaluation::lookup_failure(const Error& error, std::string_view subject_address) {
  if (must_ask_apart(error)) return ask_apart();
  return trouble(451, "4.3.0", fmt::format("<{}>: Temporary lookup failure", subject_address),
                 error.text());
}

void Evaluation::defer_if_permit(std::int64_t code, std::string dsn, std::string_view text) {
  proto::Reply reply = reply_of(code, std::move(dsn), rejected(text));
  if (softened_) {
    note("reject_warning", softened_if(settings.soft_bounce, reply).first_line());
  } else if (!defer_if_permit_) {
    defer_if_permit_ = std::move(reply);
  }
}

void Evaluation::defer_if_reject(std::int64_t code, std::string dsn, std::string_view text) {
  if (!defer_if_reject_) defer_if_reject_ = reply_of(code, std::move(dsn), rejected(text));
}

bool Evaluation::run(const std::vector<Step>& list, Subject about, Check bare) {
  defer_if_reject_.reset();  // it softens rejects of its own stage only
  subject = std::move(about);
  bare_ = bare;
  return run_too(list);
}

bool Evaluation::run_too(const std::vector<Step>& list) {
  return run_steps(list) != Outcome::reject;
}

Outcome Evaluation::run_within(const std::vector<Step>& list) {
  ++depth_;
  const Outcome outcome = run_steps(list);
  --depth_;
  return outcome;
}

Outcome Evaluation::run_steps(const std::vector<Step>& list) {
  const bool softened_before = softened_;
  const Step* const step_before = step;
  Outcome outcome = Outcome::dunno;
  for (const Step& next : list) {
    if (discarding()) break;
    step = &next;
    softened_ = softened_before || next.softened;
    outcome = run_step(next);
    if (outcome != Outcome::dunno) break;
    if (defer_if_permit_ && defer_if_reject_) break;
  }
  softened_ = softened_before;
  step = step_before;
  return outcome;
}

Outcome Evaluation::run_step(const Step& next) {
  if (next.bare) {
    if (bare_ != nullptr) return bare_(*this);
    return server_error(fmt::format(
        "specify one of (check_client_access, check_reverse_client_hostname_access, "
        "check_helo_access, check_sender_access, check_recipient_access, check_etrn_access) before "
        "{} restriction \"{}\"",
        subject.what, next.name));
  }
  if (next.check == nullptr) return run_class(next);
  const Outcome outcome = next.check(*this);
  if (outcome == Outcome::permit && next.table == nullptr) note_own_permit(next);
  warn_of_ignored(next, outcome);
  return outcome;
}

// Those that look at the client or at the recipient only say so, whatever the list is about.
void Evaluation::note_own_permit(const Step& next) {
  Subject about = subject;
  if (next.check == basic::permit_mynetworks || next.check == basic::permit_inet_interfaces ||
      next.check == basic::permit_sasl_authenticated)
    about = {context.client(), "Client host"};
  if (next.check == basic::permit_auth_destination)
    about = {context.recipient.value_or(""), "Recipient address"};
  const OtherSubject other(*this, std::move(about));
  note_permit(next.name, "");
}

// What stands behind an end of the list never runs.
void Evaluation::warn_of_ignored(const Step& next, Outcome outcome) {
  if (next.after.empty() || outcome == Outcome::dunno) return;
  if (next.check != basic::permit && next.check != basic::reject && next.check != basic::defer)
    return;
  warn(fmt::format("restriction `{}' after `{}' is ignored", next.after, text::lower(next.name)));
}

Outcome Evaluation::run_class(const Step& next) {
  const std::vector<Step>* list = restrictions.find_class(next.name);
  if (list == nullptr)
    return server_error(fmt::format("unknown smtpd restriction: \"{}\"", next.name));
  if (depth_ > kMaxDepth)  // a table in the loop complains first, as in Postfix
    return server_error(
        fmt::format("restriction class \"{}\" causes unreasonable recursion", next.name));
  return run_within(*list);
}

Decision Evaluation::finish() {
  if (!decision_.refusal && defer_if_permit_) refuse(*defer_if_permit_);
  return std::move(decision_);
}

Decision Evaluation::hand_over() {
  decision_.deferral.reset();
  if (!decision_.refusal) decision_.deferral = std::move(defer_if_permit_);
  return std::move(decision_);
}

}  // namespace headgate::access
