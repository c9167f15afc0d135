// The small verbs, and what several verbs share. Tested by tests/smtp/*.smtp.
#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/proto/replies.h"
#include "smtpd/session/judge.h"

namespace headgate::session {
namespace {

constexpr std::size_t kMostLoggedDomain = 100;

}  // namespace

proto::ParseRules parse_rules(const Session& session) {
  const config::Settings& settings = session.settings();
  proto::ParseRules rules;
  rules.strict = settings.strict_rfc821_envelopes;
  rules.utf8_names = settings.smtputf8_enable;
  rules.smtputf8 = settings.smtputf8_enable && !session.smtputf8_hidden;
  rules.utf8_transaction = session.envelope && session.envelope->smtputf8;
  rules.strict_smtputf8 = settings.smtputf8_enable && settings.strict_smtputf8;
  rules.vrfy_disabled = settings.disable_vrfy_command;
  rules.dsn_disabled = session.dsn_hidden;
  rules.chunking_disabled = session.chunking_hidden;
  rules.message_size_limit = static_cast<std::uint64_t>(settings.message_size_limit);
  return rules;
}

void log_reject(const Dialogue& dialogue, std::string_view where, const proto::Reply& reply,
                std::optional<std::string_view> recipient) {
  const Session& session = dialogue.session;
  std::string line =
      fmt::format("NOQUEUE: reject: {} from {}: {};{}", where, session.peer.name_and_address(),
                  reply.first_line(), session.envelope_text(recipient));
  session.log(dialogue.services.log, Level::info, text::printable(line));
}

Task<Answer> rset(Dialogue& dialogue, const proto::Request& request) {
  const auto parsed = request.parse(parse_rules(dialogue.session));
  if (!parsed) co_return Answer(parsed.error());
  dialogue.session.forget_transaction();
  co_return Answer(proto::reply::ok());
}

Task<Answer> noop(Dialogue&, const proto::Request&) { co_return Answer(proto::reply::ok()); }

// No domain is in fast_flush_domains: there is no flush service.
Task<Answer> etrn(Dialogue& dialogue, const proto::Request& request) {
  if (!dialogue.session.helo && dialogue.session.settings().smtpd_helo_required)
    co_return Answer(proto::reply::etrn_need_hello());
  if (dialogue.session.in_transaction()) co_return Answer(proto::reply::etrn_in_transaction());
  const auto parsed = request.parse(parse_rules(dialogue.session));
  if (!parsed) co_return Answer(parsed.error());
  const std::string& domain = std::get<proto::Etrn>(*parsed).domain;
  const Refusal refusal = co_await judge_etrn(dialogue, domain);
  if (refusal) co_return Answer(*refusal);
  const std::string_view shown = std::string_view(domain).substr(0, kMostLoggedDomain);
  dialogue.session.log(dialogue.services.log, Level::warning,
                       fmt::format("reject: ETRN {}... from {}", text::printable(shown),
                                   dialogue.session.peer.name_and_address()));
  co_return Answer(proto::reply::etrn_unavailable(domain));
}

Task<Answer> quit(Dialogue&, const proto::Request&) { co_return Answer(proto::reply::bye()); }

Task<Answer> help(Dialogue&, const proto::Request&) { co_return Answer(proto::reply::help()); }

Task<Answer> not_offered(Dialogue& dialogue, const proto::Request& request) {
  const auto parsed = request.parse(parse_rules(dialogue.session));
  if (!parsed) co_return Answer(parsed.error());
  co_return Answer(proto::reply::not_recognized());
}

}  // namespace headgate::session
