// The parts of `headgate migrate`: one table, one source of a hash: or btree: table, a whole configuration directory.
//   Errors    each returns the exit code, after it has said what is wrong on invocation.err.
//   Threads   the caller's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "smtpd/cli/command.h"
#include "smtpd/cli/migrate_report.h"

namespace headgate::cli {

struct MigrateOptions {
  std::string what;  // TABLE or DIRECTORY
  std::string to, output;
  std::vector<std::string> corpus;
  bool headers = false, body = false, group = false, to_pcre_like = false, force = false;
  unsigned limit = 60;  // seconds that a corpus may take, a table
};

// Whose rights `headgate map` has when root runs it; the owner of a text may not be one who may write beside it.
enum class CdbOwner : std::uint8_t { of_text, caller };

// Another spelling of "what `headgate map` does": FILE -> FILE.cdb. What it said is in `said`.
bool build_cdb(Invocation& invocation, const std::string& path, CdbOwner owner, std::string& said);

// `text` of "regexp:NAME" or "pcre:NAME".
Result<rules::Migration> migrate_rules(Invocation& invocation, const MigrateOptions& options,
                                       rules::Dialect dialect, const std::string& name,
                                       std::string text);

int migrate_directory(Invocation& invocation, const MigrateOptions& options);

}  // namespace headgate::cli
