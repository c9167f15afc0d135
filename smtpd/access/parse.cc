// Tested by access_test.
#include "smtpd/access/parse.h"

#include <string_view>

#include "engine/base/text.h"
#include "smtpd/access/basic.h"

namespace headgate::access {
namespace {

struct Row {
  std::string_view name;
  Check check;
  bool relay_control = false;
};

// A new restriction: a function and a row.
constexpr Row kRows[] = {
    {"permit", basic::permit},
    {"reject", basic::reject, true},
    {"defer", basic::defer, true},
    {"defer_if_permit", basic::defer_if_permit, true},
    {"defer_if_reject", basic::defer_if_reject},
    {"permit_mynetworks", basic::permit_mynetworks},
    {"permit_inet_interfaces", basic::permit_inet_interfaces},
    {"permit_sasl_authenticated", basic::permit_sasl_authenticated},
    {"permit_tls_clientcerts", basic::nothing},
    {"permit_tls_all_clientcerts", basic::nothing},
    {"permit_auth_destination", basic::permit_auth_destination},
    {"reject_unauth_destination", basic::reject_unauth_destination, true},
    {"defer_unauth_destination", basic::defer_unauth_destination, true},
    {"reject_unlisted_recipient", basic::reject_unlisted_recipient},
    {"reject_non_fqdn_sender", basic::reject_non_fqdn_sender},
    {"reject_non_fqdn_recipient", basic::reject_non_fqdn_recipient},
    {"reject_non_fqdn_helo_hostname", basic::reject_non_fqdn_helo_hostname},
    {"reject_non_fqdn_hostname", basic::reject_non_fqdn_helo_hostname},
    {"reject_invalid_helo_hostname", basic::reject_invalid_helo_hostname},
    {"reject_invalid_hostname", basic::reject_invalid_helo_hostname},
    {"reject_unauth_pipelining", basic::reject_unauth_pipelining},
};

const Row* find_row(std::string_view name) {
  for (const Row& row : kRows) {
    if (text::equal_ignore_case(row.name, name)) return &row;
  }
  return nullptr;
}

}  // namespace

std::vector<Step> parse(const std::vector<std::string>& list) {
  std::vector<Step> steps;
  bool softened = false;
  for (const std::string& name : list) {
    if (text::equal_ignore_case(name, "warn_if_reject")) {
      softened = true;
      continue;
    }
    const Row* row = find_row(name);
    steps.push_back({name, row == nullptr ? nullptr : row->check, softened});
    softened = false;
  }
  return steps;
}

bool has_relay_control(const std::vector<Step>& list) {
  for (const Step& step : list) {
    const Row* row = find_row(step.name);
    if (row == nullptr || step.softened) continue;
    if (row->check == &basic::permit) return false;
    if (row->relay_control) return true;
  }
  return false;
}

}  // namespace headgate::access
