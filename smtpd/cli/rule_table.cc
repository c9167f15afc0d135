// Tested by tests/smtpd/cli/rules_test.cc.
#include "smtpd/cli/rule_table.h"

#include <fmt/format.h>

namespace headgate::cli {

Result<rules::CompiledTable> open_rule_table(Invocation& invocation, const std::string& spec) {
  const auto colon = spec.find(':');
  const std::string type = spec.substr(0, colon);
  if (colon == std::string::npos || (type != "pcre" && type != "regexp")) {
    return fail(Code::invalid, fmt::format("need pcre:NAME or regexp:NAME, not \"{}\"", spec));
  }
  const auto dialect = type == "pcre" ? rules::Dialect::pcre : rules::Dialect::regexp;
  TRY(table, invocation.programs.load(dialect, spec.substr(colon + 1)));
  for (const Diagnostic& diagnostic : table.diagnostics) warning(invocation, diagnostic.text);
  return std::move(table);
}

int exit_code_of(const Error& error) {
  switch (error.code) {
    case Code::not_found:
    case Code::io:
      return kExitNoInput;
    case Code::invalid:
      return kExitBadTable;
    case Code::unavailable:
      return kExitUnavailable;
    default:
      return kExitSoftware;
  }
}

}  // namespace headgate::cli
