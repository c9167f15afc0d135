// read_source(): main.cf and master.cf as text taken apart, before anything is expanded or typed. load() goes on from
// here; `headgate config` shows it.
//   Errors    Code::invalid for what Postfix calls fatal, not_found/io for unreadable files.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "smtpd/config/dictionary.h"
#include "smtpd/config/load.h"
#include "smtpd/config/master_cf.h"

namespace headgate::config {

struct Source {
  std::string directory;  // "" when embedded
  bool embedded = false;
  std::string main_file, master_file;  // as they stand in messages
  Layer overrides, main;
  Layer computed;  // defaults that depend on the machine or on master.cf
  std::vector<MasterEntry> entries;
  std::vector<Diagnostic> diagnostics;

  // main.cf alone, and one service's view: `context` ranks below the service's own -o settings.
  [[nodiscard]] Dictionary dictionary() const;
  [[nodiscard]] Dictionary dictionary(const Layer& service, const Layer& context) const;
};

Result<Source> read_source(const LoadOptions& options);

// Sets `computed` anew, after `main`, `overrides` or `entries` changed.
void compute_defaults(Source& source);

struct NameAudit {
  std::vector<Diagnostic> undefined, unused_main,
      unused_services;                        // in this order postconf prints them
  std::set<std::string, std::less<>> unused;  // the names behind unused_main

  [[nodiscard]] std::vector<Diagnostic> all() const;
};

// Postfix's warnings about names: unused and undefined parameters, each once.
NameAudit audit_names(const Source& source);

// A parameter that headgate, Postfix or a service in master.cf defines.
bool is_built_in(const Source& source, std::string_view name);

}  // namespace headgate::config
