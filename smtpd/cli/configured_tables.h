// configured_tables: every lookup table that a configuration names: main's and each smtpd service's, calm and stressed.
// What cleanup reads is taken from the services as far as there are any: main.cf's may be in force in none of them.
//   Units     a table is named once, with the first parameter that names it; the order is the configuration's.
//   Threads   pure.
#pragma once

#include <string>
#include <vector>

#include "smtpd/config/load.h"

namespace headgate::cli {

struct ConfiguredTable {
  std::string parameter;
  std::string spec;  // "pcre:/etc/postfix/header_checks"
  bool folds =
      true;  // its keys know no case; content checks ask for the line as it is, patterns decide themselves
};

std::vector<ConfiguredTable> configured_tables(const config::Config& config);

}  // namespace headgate::cli
