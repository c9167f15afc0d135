#include "smtpd/cli/command.h"

namespace headgate::cli {

int run_config(Invocation& invocation) {
  return fatal(invocation, kExitSoftware, "config: not there yet");
}

}  // namespace headgate::cli
