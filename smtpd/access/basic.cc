// Tested by access_test.
#include "smtpd/access/basic.h"

#include <algorithm>

#include <fmt/format.h>

#include "smtpd/proto/address.h"

namespace headgate::access::basic {
namespace {

std::string_view strip_dot(std::string_view name) {
  if (name.size() > 1 && name.back() == '.') name.remove_suffix(1);
  return name;
}

bool fully_qualified(std::string_view name) {
  name = strip_dot(name);
  return proto::valid_hostname(name) && name.find('.') != std::string_view::npos;
}

Outcome unauth_destination(Evaluation& evaluation, std::int64_t code, std::string_view dsn) {
  if (!evaluation.context.recipient) return Outcome::dunno;
  const std::string& recipient = *evaluation.context.recipient;
  const auto resolved = evaluation.recipients.resolve(recipient);
  if (!resolved) return evaluation.lookup_failure(resolved.error(), recipient);
  if (resolved->authorised()) return Outcome::dunno;
  return evaluation.reject(code, std::string(dsn),
                           fmt::format("<{}>: Relay access denied", recipient));
}

Outcome non_fqdn_address(Evaluation& evaluation, const std::optional<std::string>& address,
                         std::string_view what) {
  if (!address || address->empty()) return Outcome::dunno;
  const std::string_view domain = proto::domain_part(*address);
  if (!domain.empty() && domain.front() == '[') return Outcome::dunno;
  if (fully_qualified(domain)) return Outcome::dunno;
  return evaluation.reject(
      evaluation.settings.non_fqdn_reject_code, "5.5.2",
      fmt::format("<{}>: {} rejected: need fully-qualified address", *address, what));
}

Outcome bad_helo(Evaluation& evaluation, std::int64_t code, std::string_view text) {
  return evaluation.reject(
      code, "5.5.2",
      fmt::format("<{}>: Helo command rejected: {}", *evaluation.context.helo_name, text));
}

// "[192.0.2.1]": both HELO name checks judge it as an address.
Outcome address_literal_helo(Evaluation& evaluation, std::string_view name) {
  if (proto::valid_address_literal(name)) return Outcome::dunno;
  return bad_helo(evaluation, evaluation.settings.invalid_hostname_reject_code,
                  "invalid ip address");
}

bool knows_recipients(const Evaluation& evaluation) {
  const auto& options = evaluation.settings.receive_override_options;
  return std::find(options.begin(), options.end(), "no_unknown_recipient_checks") == options.end();
}

}  // namespace

Outcome permit(Evaluation&) { return Outcome::permit; }

Outcome reject(Evaluation& evaluation) {
  return evaluation.reject(evaluation.settings.reject_code, "5.7.1",
                           evaluation.rejected("Access denied"));
}

Outcome defer(Evaluation& evaluation) {
  return evaluation.reject(evaluation.settings.defer_code, "4.3.2",
                           evaluation.rejected("Try again later"));
}

Outcome defer_if_permit(Evaluation& evaluation) {
  evaluation.defer_if_permit(450, "4.7.0", "defer_if_permit requested");
  return Outcome::dunno;
}

Outcome defer_if_reject(Evaluation& evaluation) {
  evaluation.defer_if_reject(450, "4.7.0", "defer_if_reject requested");
  return Outcome::dunno;
}

Outcome nothing(Evaluation&) { return Outcome::dunno; }

Outcome permit_sasl_authenticated(Evaluation& evaluation) {
  return evaluation.context.login.empty() ? Outcome::dunno : Outcome::permit;
}

Outcome permit_mynetworks(Evaluation& evaluation) {
  const Context& context = evaluation.context;
  const auto hit =
      evaluation.mynetworks.matches_client(context.client_name, context.client_address);
  if (!hit) return evaluation.lookup_failure(hit.error(), evaluation.subject.name);
  return *hit ? Outcome::permit : Outcome::dunno;
}

Outcome permit_inet_interfaces(Evaluation& evaluation) {
  const bool own = evaluation.recipients.is_own_address(evaluation.context.client_address);
  return own ? Outcome::permit : Outcome::dunno;
}

Outcome permit_auth_destination(Evaluation& evaluation) {
  if (!evaluation.context.recipient) return Outcome::dunno;
  const auto resolved = evaluation.recipients.resolve(*evaluation.context.recipient);
  if (!resolved) return evaluation.lookup_failure(resolved.error(), *evaluation.context.recipient);
  return resolved->authorised() ? Outcome::permit : Outcome::dunno;
}

Outcome reject_unauth_destination(Evaluation& evaluation) {
  return unauth_destination(evaluation, evaluation.settings.relay_domains_reject_code, "5.7.1");
}

Outcome defer_unauth_destination(Evaluation& evaluation) {
  const std::int64_t code = evaluation.settings.relay_domains_reject_code;
  return unauth_destination(evaluation, code >= 500 ? code - 100 : code, "4.7.1");
}

Outcome reject_unlisted_recipient(Evaluation& evaluation) {
  if (!evaluation.context.recipient || !knows_recipients(evaluation)) return Outcome::dunno;
  const std::string& recipient = *evaluation.context.recipient;
  const auto resolved = evaluation.recipients.resolve(recipient);
  if (!resolved) return evaluation.lookup_failure(resolved.error(), recipient);
  const auto table = evaluation.recipients.unknown_in(*resolved);
  if (!table) return evaluation.lookup_failure(table.error(), recipient);
  if (table->empty()) return Outcome::dunno;
  const bool local = resolved->address_class == AddressClass::local;
  return evaluation.reject(
      local ? evaluation.settings.unknown_local_recipient_reject_code : 550, "5.1.1",
      fmt::format("<{}>: Recipient address rejected: User unknown in {}", recipient, *table));
}

Outcome reject_non_fqdn_sender(Evaluation& evaluation) {
  return non_fqdn_address(evaluation, evaluation.context.sender, "Sender address");
}

Outcome reject_non_fqdn_recipient(Evaluation& evaluation) {
  return non_fqdn_address(evaluation, evaluation.context.recipient, "Recipient address");
}

Outcome reject_non_fqdn_helo_hostname(Evaluation& evaluation) {
  const auto& name = evaluation.context.helo_name;
  if (!name) return Outcome::dunno;
  if (name->starts_with('[')) return address_literal_helo(evaluation, *name);
  if (fully_qualified(*name)) return Outcome::dunno;
  return bad_helo(evaluation, evaluation.settings.non_fqdn_reject_code,
                  "need fully-qualified hostname");
}

Outcome reject_invalid_helo_hostname(Evaluation& evaluation) {
  const auto& name = evaluation.context.helo_name;
  if (!name) return Outcome::dunno;
  if (name->starts_with('[')) return address_literal_helo(evaluation, *name);
  const std::string_view stripped = strip_dot(*name);
  if (proto::valid_hostname(stripped) || proto::valid_host_address(stripped)) return Outcome::dunno;
  return bad_helo(evaluation, evaluation.settings.invalid_hostname_reject_code, "Invalid name");
}

Outcome reject_unauth_pipelining(Evaluation& evaluation) {
  if (!evaluation.context.unauthorized_pipelining) return Outcome::dunno;
  return evaluation.reject(503, "5.5.0",
                           evaluation.rejected("Improper use of SMTP command pipelining"));
}

}  // namespace headgate::access::basic
