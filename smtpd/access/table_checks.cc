// Tested by table_checks_test, and beside Postfix by tests/e2e/access_test.py and tests/collide/access_lookups.py.
#include "smtpd/access/table_checks.h"

#include <optional>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/access/keys.h"
#include "smtpd/access/table_result.h"
#include "smtpd/proto/address.h"

namespace headgate::access::table_checks {
namespace {

constexpr std::string_view kFailed = "451 4.3.5 Server configuration error";
constexpr std::size_t kMaxLoggedKey = 100;

KeyRules key_rules(const Evaluation& evaluation) {
  KeyRules rules;
  rules.parents = false;
  for (const std::string& user : evaluation.settings.parent_domain_matches_subdomains)
    rules.parents |= text::equal_ignore_case(user, "smtpd_access_maps");
  rules.delimiters = evaluation.settings.recipient_delimiter;
  rules.owner_request_special = evaluation.settings.owner_request_special;
  rules.double_bounce_sender = evaluation.settings.double_bounce_sender;
  rules.folding = tables::folding_of(true, evaluation.settings.smtputf8_enable);
  return rules;
}

// Those that ask a server have said why it did not answer.
bool has_complained(const Lookup& table) {
  return table.name().starts_with("tcp:") || table.name().starts_with("socketmap:");
}

// The table's answer, for the first key that it has one for; nothing when it has none. `datum` is what was looked for.
std::optional<Outcome> ask(Evaluation& evaluation, const std::vector<Key>& keys,
                           std::string_view datum) {
  Lookup& table = *evaluation.step->table;
  const std::string& name = evaluation.step->argument;
  for (const Key& key : keys) {
    if (key.part == tables::KeyPart::partial && table.whole_key_only()) continue;
    const auto found = table.find(std::string_view(key.text).substr(0, key.text.find('\0')));
    if (!found && must_ask_apart(found.error())) return evaluation.ask_apart();
    if (!found) {
      if (!has_complained(table)) evaluation.warn(found.error().text());
      evaluation.warn(
          fmt::format("{} lookup error for \"{}\"", name, key.text.substr(0, kMaxLoggedKey)));
      return apply_result(evaluation, name, kFailed, datum);
    }
    if (!*found) continue;
    if (!(*found)->value.empty()) return apply_result(evaluation, name, (*found)->value, datum);
    evaluation.warn(fmt::format("{} lookup of {} returns an empty string result", name, key.text));
    evaluation.warn(fmt::format("{} should return NO RESULT in case of NOT FOUND", name));
    return apply_result(evaluation, name, kFailed, datum);
  }
  return std::nullopt;
}

std::optional<Outcome> ask_whole(Evaluation& evaluation, const std::string& key) {
  return ask(evaluation, {{key, tables::KeyPart::whole}}, key);
}

Outcome name_or_address(Evaluation& evaluation, const std::string& name) {
  const KeyRules rules = key_rules(evaluation);
  if (const auto outcome = ask(evaluation, domain_keys(name, rules), name)) return *outcome;
  const std::string& address = evaluation.context.client_address;
  return ask(evaluation, address_keys(address), address).value_or(Outcome::dunno);
}

struct Answer {
  Outcome outcome = Outcome::dunno;
  bool routed = false;  // the address is a route through a domain that is not ours
};

// Tables see addresses as the queue resolves them: routes within our own domains taken apart, no domain made ours.
Answer mail_address(Evaluation& evaluation, const std::string& address, std::string_view what) {
  const OtherSubject other(evaluation, {address, what});
  const auto resolved = evaluation.recipients.resolve(address);
  if (!resolved) return {evaluation.lookup_failure(resolved.error(), address)};
  std::string whole = resolved->address;
  if (!proto::has_domain(whole)) whole += '@' + evaluation.settings.myorigin;
  const KeyRules rules = key_rules(evaluation);
  std::string memory;
  const auto outcome =
      ask(evaluation, mail_keys(whole, rules), tables::fold_key(whole, rules.folding, memory));
  return {outcome.value_or(Outcome::dunno), resolved->routed};
}

}  // namespace

Outcome client(Evaluation& evaluation) {
  const OtherSubject other(evaluation, {evaluation.context.client(), "Client host"});
  return name_or_address(evaluation, evaluation.context.client_name);
}

Outcome reverse_client(Evaluation& evaluation) {
  const std::string& name = evaluation.context.reverse_name;
  const OtherSubject other(evaluation, {name, "Unverified Client host"});
  const Outcome outcome = name_or_address(evaluation, name);
  if (outcome != Outcome::permit || evaluation.discarding()) return outcome;
  evaluation.warn(fmt::format("restriction {} returns OK for {}", evaluation.step->name, name));
  evaluation.warn("this is not allowed for security reasons");
  return evaluation.server_error("use DUNNO instead of OK if you want to make an exception");
}

Outcome helo(Evaluation& evaluation) {
  const auto& name = evaluation.context.helo_name;
  if (!name) return Outcome::dunno;
  const OtherSubject other(evaluation, {*name, "Helo command"});
  return ask(evaluation, domain_keys(*name, key_rules(evaluation)), *name).value_or(Outcome::dunno);
}

Outcome sender(Evaluation& evaluation) {
  const auto& address = evaluation.context.sender;
  if (!address) return Outcome::dunno;
  if (!address->empty()) return mail_address(evaluation, *address, "Sender address").outcome;
  const std::string& key = evaluation.settings.smtpd_null_access_lookup_key;
  if (key.empty()) return Outcome::dunno;
  const OtherSubject other(evaluation, {"", "Sender address"});
  return ask_whole(evaluation, key).value_or(Outcome::dunno);
}

Outcome recipient(Evaluation& evaluation) {
  const auto& address = evaluation.context.recipient;
  if (!address || address->empty()) return Outcome::dunno;
  const Answer answer = mail_address(evaluation, *address, "Recipient address");
  // Whom the table means is not who gets the message in the end: a route is nothing that it can permit.
  const bool permits = answer.outcome == Outcome::permit;
  return permits && answer.routed ? Outcome::dunno : answer.outcome;
}

Outcome etrn(Evaluation& evaluation) {
  const auto& domain = evaluation.context.etrn_domain;
  if (!domain) return Outcome::dunno;
  const OtherSubject other(evaluation, {*domain, "Etrn command"});
  return ask(evaluation, domain_keys(*domain, key_rules(evaluation)), *domain)
      .value_or(Outcome::dunno);
}

Outcome sasl(Evaluation& evaluation) {
  if (evaluation.context.login.empty()) return Outcome::dunno;
  const std::string login = text::printable(evaluation.context.login, true, '_');
  const OtherSubject other(evaluation, {login, "SASL login name"});
  return ask_whole(evaluation, login).value_or(Outcome::dunno);
}

Outcome client_certificate(Evaluation& evaluation) {
  const Context& context = evaluation.context;
  const OtherSubject other(evaluation, {context.client(), "Client certificate"});
  if (context.certificate_fingerprint.empty() && !evaluation.settings.smtpd_tls_ask_ccert)
    evaluation.warn("check_ccert_access is requested, but \"smtpd_tls_ask_ccert = no\"");
  for (const std::string* fingerprint :
       {&context.certificate_fingerprint, &context.key_fingerprint}) {
    if (fingerprint->empty()) continue;
    if (const auto outcome = ask_whole(evaluation, *fingerprint)) return *outcome;
  }
  return Outcome::dunno;
}

}  // namespace headgate::access::table_checks
