// The two halves of `headgate config`: main.cf parameters, and the services of master.cf.
//   Errors    an exit code; messages went to the invocation's err.
//   Source    postconf(1).
#pragma once

#include <string>
#include <vector>

#include "smtpd/cli/command.h"
#include "smtpd/config/source.h"

namespace headgate::cli {

enum class ConfigView { parameters, services, service_parameters, service_fields };

struct ConfigOptions {
  ConfigView view =
      ConfigView::parameters;  // -M services, -P service_parameters, -F service_fields
  bool only_set = false;       // -n
  bool defaults = false;       // -d
  bool expand = false;         // -x
  bool fold = false;           // -f
  bool values_only = false;    // -h
  bool names_only = false;     // -H
  bool origin = false;         // --origin
  bool stress = false;         // --stress
  std::vector<std::string> names;
};

int show_parameters(Invocation& invocation, const config::Source& source,
                    const ConfigOptions& options);
int show_master(Invocation& invocation, const config::Source& source, const ConfigOptions& options);

// "name = value", one half of it, folded: as the options say.
std::string labelled(const std::string& name, const std::string& value,
                     const ConfigOptions& options);

}  // namespace headgate::cli
