// difference(): the parameters whose values differ between two Settings, with both: what stress changes just now.
//   Threads   pure.        Source    docs/stress.md.
#pragma once

#include <string>
#include <vector>

#include "smtpd/config/settings.h"

namespace headgate::config {

struct ChangedParameter {
  std::string name, calm, stressed;
};

// In the table's order.
std::vector<ChangedParameter> difference(const Settings& calm, const Settings& stressed);

}  // namespace headgate::config
