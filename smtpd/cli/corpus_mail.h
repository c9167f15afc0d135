// read_corpus: the mail that `bench` and `compile --tune` are told to measure on.
//   Errors    the exit code, after a message with the file: 66 for what cannot be read, is damaged, or has no messages. What is
//             more than fits is left out, with a warning.
#pragma once

#include <string>
#include <vector>

#include "bench/peers/mail_keys.h"
#include "smtpd/cli/command.h"

namespace headgate::cli {

int read_corpus(Invocation& invocation, const std::vector<std::string>& paths,
                peers::MailKeys& mail);

}  // namespace headgate::cli
