#include "smtpd/cli/command.h"

namespace headgate::cli {

int run_check(Invocation& invocation) {
  return fatal(invocation, kExitSoftware, "check: not there yet");
}

}  // namespace headgate::cli
