// open_rule_table: "pcre:NAME" or "regexp:NAME" -> the compiled table, for the subcommands that look inside one.
//   Errors    Code::invalid for another type; else ProgramSource's. The table's diagnostics are printed as warnings.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/rules/program_source.h"
#include "smtpd/cli/command.h"

namespace headgate::cli {

Result<rules::CompiledTable> open_rule_table(Invocation& invocation, const std::string& spec);

// sysexits: 66 for a file that cannot be read, 65 for a table that is wrong.
int exit_code_of(const Error& error);

}  // namespace headgate::cli
