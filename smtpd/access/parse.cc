// Tested by access_test, table_checks_test.
#include "smtpd/access/parse.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/access/basic.h"
#include "smtpd/access/evaluation.h"
#include "smtpd/access/table_checks.h"

namespace headgate::access {
namespace {

enum class Takes : std::uint8_t { nothing, table };

struct Row {
  std::string_view name;
  Check check;
  Takes takes = Takes::nothing;
};

// A new restriction: a function and a row.
constexpr Row kRows[] = {
    {"permit", basic::permit},
    {"reject", basic::reject},
    {"defer", basic::defer},
    {"defer_if_permit", basic::defer_if_permit},
    {"defer_if_reject", basic::defer_if_reject},
    {"permit_mynetworks", basic::permit_mynetworks},
    {"permit_inet_interfaces", basic::permit_inet_interfaces},
    {"permit_sasl_authenticated", basic::permit_sasl_authenticated},
    {"permit_tls_clientcerts", basic::nothing},
    {"permit_tls_all_clientcerts", basic::nothing},
    {"permit_auth_destination", basic::permit_auth_destination},
    {"reject_unauth_destination", basic::reject_unauth_destination},
    {"defer_unauth_destination", basic::defer_unauth_destination},
    {"reject_unlisted_recipient", basic::reject_unlisted_recipient},
    {"reject_non_fqdn_sender", basic::reject_non_fqdn_sender},
    {"reject_non_fqdn_recipient", basic::reject_non_fqdn_recipient},
    {"reject_non_fqdn_helo_hostname", basic::reject_non_fqdn_helo_hostname},
    {"reject_non_fqdn_hostname", basic::reject_non_fqdn_helo_hostname},
    {"reject_invalid_helo_hostname", basic::reject_invalid_helo_hostname},
    {"reject_invalid_hostname", basic::reject_invalid_helo_hostname},
    {"reject_unauth_pipelining", basic::reject_unauth_pipelining},
    {"check_client_access", table_checks::client, Takes::table},
    {"check_reverse_client_hostname_access", table_checks::reverse_client, Takes::table},
    {"check_helo_access", table_checks::helo, Takes::table},
    {"check_sender_access", table_checks::sender, Takes::table},
    {"check_recipient_access", table_checks::recipient, Takes::table},
    {"check_etrn_access", table_checks::etrn, Takes::table},
    {"check_sasl_access", table_checks::sasl, Takes::table},
    {"check_ccert_access", table_checks::client_certificate, Takes::table},
};

// What Postfix has and headgate not yet: those that ask DNS, a policy service, an address verifier, or rights of logins.
constexpr std::string_view kLater[] = {
    "check_policy_service",
    "reject_rbl_client",
    "reject_rhsbl_client",
    "reject_rhsbl_reverse_client",
    "reject_rhsbl_helo",
    "reject_rhsbl_sender",
    "reject_rhsbl_recipient",
    "permit_dnswl_client",
    "permit_rhswl_client",
    "sleep",
    "check_client_a_access",
    "check_client_mx_access",
    "check_client_ns_access",
    "check_reverse_client_hostname_a_access",
    "check_reverse_client_hostname_mx_access",
    "check_reverse_client_hostname_ns_access",
    "check_helo_a_access",
    "check_helo_mx_access",
    "check_helo_ns_access",
    "check_sender_a_access",
    "check_sender_mx_access",
    "check_sender_ns_access",
    "check_recipient_a_access",
    "check_recipient_mx_access",
    "check_recipient_ns_access",
    // The ones above take an argument.
    "reject_unknown_client_hostname",
    "reject_unknown_client",
    "reject_unknown_reverse_client_hostname",
    "reject_unknown_helo_hostname",
    "reject_unknown_hostname",
    "reject_unknown_sender_domain",
    "reject_unknown_recipient_domain",
    "reject_unknown_address",
    "reject_unverified_sender",
    "reject_unverified_recipient",
    "reject_unlisted_sender",
    "reject_sender_login_mismatch",
    "reject_authenticated_sender_login_mismatch",
    "reject_unauthenticated_sender_login_mismatch",
    "reject_known_sender_login_mismatch",
    "reject_multi_recipient_bounce",
    "reject_plaintext_session",
    "reject_maps_rbl",
    "check_relay_domains",
    "permit_mx_backup",
    "permit_naked_ip_address",
};
constexpr std::string_view kLastWithArgument = "check_recipient_ns_access";

const Row* find_row(std::string_view name) {
  for (const Row& row : kRows) {
    if (text::equal_ignore_case(row.name, name)) return &row;
  }
  return nullptr;
}

const std::string_view* find_later(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kLater), std::end(kLater),
                   [name](std::string_view later) { return text::equal_ignore_case(later, name); });
  return found == std::end(kLater) ? nullptr : found;
}

bool takes_argument(const std::string_view* later) {
  const auto* const last = std::find(std::begin(kLater), std::end(kLater), kLastWithArgument);
  return later <= last;
}

bool is_table(std::string_view item) { return item.find(':') != std::string_view::npos; }

// Postfix's words for a table that does not stand where it must.
Outcome lacks_table(Evaluation& evaluation) {
  const Step& step = *evaluation.step;
  return evaluation.server_error(
      fmt::format("restriction {}: bad argument \"{}\": need maptype:mapname", step.name,
                  step.after.empty() ? step.name : step.after));
}

Outcome not_served(Evaluation& evaluation) {
  return evaluation.server_error(
      fmt::format("restriction \"{}\" is not supported yet", evaluation.step->name));
}

// Reads the step at `at`, and moves on past its argument.
Step read_step(const std::vector<std::string>& list, std::size_t& at) {
  Step step;
  step.name = list[at];
  const auto next = [&] { return at + 1 < list.size() ? list[at + 1] : std::string(); };
  const Row* row = find_row(step.name);
  const std::string_view* later = row == nullptr ? find_later(step.name) : nullptr;
  if (is_table(step.name)) {
    step.bare = true;
    step.argument = step.name;
  } else if (later != nullptr) {
    step.check = not_served;
    if (takes_argument(later)) ++at;
  } else if (row != nullptr && row->takes == Takes::table && is_table(next())) {
    step.check = row->check;
    step.argument = list[++at];
  } else if (row != nullptr && row->takes == Takes::table) {
    step.check = lacks_table;
  } else if (row != nullptr) {
    step.check = row->check;
  }
  step.after = next();
  return step;
}

}  // namespace

Restrictions::Restrictions(config::SettingsPtr settings, Opening opening)
    : settings_(std::move(settings)),
      opening_(std::move(opening)),
      permits_logged_(settings_->smtpd_log_access_permit_actions, MatchKind::words, opening_) {
  for (const auto& [name, list] : settings_->restriction_classes) classes_[name] = open(list);
}

std::vector<Step> Restrictions::parse(const std::vector<std::string>& list) {
  std::vector<Step> steps;
  bool softened = false;
  for (std::size_t at = 0; at < list.size(); ++at) {
    if (text::equal_ignore_case(list[at], "warn_if_reject")) {
      softened = true;
      continue;
    }
    steps.push_back(read_step(list, at));
    steps.back().softened = std::exchange(softened, false);
  }
  return steps;
}

std::vector<Step> Restrictions::open(const std::vector<std::string>& list) {
  std::vector<Step> steps = parse(list);
  for (Step& step : steps) {
    if (!step.argument.empty()) step.table = table(step.argument);
    warn_of_failing(step);
  }
  return steps;
}

Lookup* Restrictions::table(const std::string& spec) {
  std::unique_ptr<Lookup>& table = tables_[spec];
  if (!table) table = opening_.table(spec);
  return table.get();
}

// Said at start, where an operator looks; each request that reaches such a restriction is then answered 451.
void Restrictions::warn_of_failing(const Step& step) const {
  std::string what;
  if (step.check == not_served) {
    what = "is not supported yet (docs/compat.md)";
  } else if (step.check == lacks_table) {
    what = "needs a table, type:name, behind it";
  } else if (step.check == nullptr && !step.bare &&
             !settings_->restriction_classes.contains(step.name)) {
    what = "is unknown";
  } else {
    return;
  }
  const std::string text =
      fmt::format("restriction \"{}\" {}: every request that reaches it gets 451", step.name, what);
  opening_.warn({Severity::warning, text, "", 0, 0});
}

const std::vector<Step>* Restrictions::find_class(const std::string& name) const {
  const auto found = classes_.find(name);
  return found == classes_.end() ? nullptr : &found->second;
}

Result<bool> Restrictions::logs_permit(std::string_view action) const {
  return permits_logged_.matches(action);
}

bool Restrictions::may_wait() const {
  return permits_logged_.may_wait() ||
         std::any_of(tables_.begin(), tables_.end(),
                     [](const auto& entry) { return entry.second->may_wait(); });
}

}  // namespace headgate::access
