// open_rule_table: "pcre:NAME" or "regexp:NAME" -> the compiled table, for the subcommands that look inside one.
// built_rule_table: the same, after its image was built when there was none: this may take minutes.
//   Errors    Code::invalid for another type; else ProgramSource's. The table's diagnostics are printed as warnings, and so
//             is the reason why an image could not be built: the table works without.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/rules/program_source.h"
#include "smtpd/cli/command.h"

namespace headgate::cli {

Result<rules::CompiledTable> open_rule_table(Invocation& invocation, const std::string& spec);

struct BuiltTable {
  rules::CompiledTable table;
  bool build_failed = false;
};

Result<BuiltTable> built_rule_table(Invocation& invocation, const std::string& spec);

// Builds images for those of the tables that want one and have more patterns than this. Silent about all else: whoever
// opens the tables then will say it.
void build_images(Invocation& invocation, const std::vector<std::string>& specs,
                  std::size_t patterns);

// "pcre:…" or "regexp:…".
bool is_rule_table(std::string_view spec);

// sysexits: 66 for a file that cannot be read, 65 for a table that is wrong.
int exit_code_of(const Error& error);

}  // namespace headgate::cli
