// MailSample: texts that a table is asked about, out of somebody's mail: what a builder measures on before it chooses how
// patterns shall be found. It goes from process to process as a file.
//   Units     a text is a logical header, or a body line without its end.
//   Errors    of parse: Code::corrupt. Nothing is allocated by a count that the bytes could not hold.      Threads  values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace headgate::rules {

struct MailSample {
  bool body_lines = false;  // else headers
  std::vector<std::string> texts;
};

std::string mail_sample_bytes(const MailSample& sample);
Result<MailSample> parse_mail_sample(std::string_view bytes);

}  // namespace headgate::rules
