// What the tests of access share: no rule programs, collected warnings, settings to start from.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/rules/program_source.h"
#include "smtpd/config/settings.h"

namespace headgate::access {

class NoPrograms final : public rules::ProgramSource {
 public:
  Result<rules::CompiledTable> load(rules::Dialect, const std::string& name) override {
    return fail(Code::not_found, "no programs in this test", name);
  }
};

struct Warnings {
  std::vector<std::string> texts;

  WarningSink sink() {
    return [this](const Diagnostic& diagnostic) { texts.push_back(diagnostic.text); };
  }
};

// The settings that the live Postfix had whose answers the tables below repeat.
inline config::Settings example_settings() {
  config::Settings s;
  s.myhostname = "mx.local.example";
  s.myorigin = "local.example";
  s.mydestination = {"local.example", "mx.local.example", "localhost"};
  s.relay_domains = {"relay.example"};
  s.parent_domain_matches_subdomains = {"mynetworks", "relay_domains", "smtpd_access_maps"};
  s.virtual_mailbox_domains = {"virtual.example"};
  s.virtual_mailbox_maps = {"inline:{carol@virtual.example=x}"};
  s.inet_interfaces = {"127.0.0.1"};
  s.mynetworks = {"192.0.2.0/24"};
  s.local_recipient_maps = {"inline:{alice=x,bob=x}"};
  s.smtpd_relay_restrictions = {"permit_mynetworks", "permit_sasl_authenticated",
                                "defer_unauth_destination"};
  return s;
}

}  // namespace headgate::access
