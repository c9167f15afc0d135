// A file that is damaged is passed over only when the one behind it was in use before: what a running server has been answering
// from goes on, and one that starts does not begin with what may be old.
// Tested by tests/tables/berkeley_table_test.cc and, with what a server keeps, tests/smtpd/cli/table_store_test.cc.
#include "tables/berkeley_table.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "tables/cdb_table.h"
#include "tables/lmdb_table.h"

namespace headgate::tables {

Result<std::unique_ptr<Lookup>> open_berkeley_table(std::string_view spec, const std::string& path,
                                                    const WarningSink& warn,
                                                    const OpenOptions& options,
                                                    rules::ProgramSource* programs) {
  struct Type {
    std::string name;
    decltype(&open_cdb_table) open;
  };

  const StandIn stand_in{path + ".db"};
  std::string outdated;
  std::optional<Error> broken;
  for (const Type& type : {Type{"cdb", open_cdb_table}, Type{"lmdb", open_lmdb_table}}) {
    const std::string file = fmt::format("{}.{}", path, type.name);
    const bool was_used =
        programs != nullptr && programs->keeps_data(file, compiled_form(type.name, &stand_in));
    if (broken && !was_used) continue;  // nor read: `programs` would keep it for the next one
    auto table = type.open(spec, path, warn, options, programs, &stand_in);
    if (table) return table;
    if (table.error().code == Code::not_found) continue;
    if (table.error().code == Code::invalid) {
      if (outdated.empty()) outdated = file;
    } else if (!broken) {
      broken = std::move(table.error());
    }
  }
  if (broken) return tl::unexpected(std::move(*broken));
  if (!outdated.empty()) {
    return fail(Code::invalid,
                fmt::format("open database {}: Berkeley DB is not supported, and {} is older; run "
                            "\"headgate map {}\" again (it builds {}.cdb from {})",
                            stand_in.database, outdated, spec, path, path));
  }
  return fail(Code::invalid,
              fmt::format("open database {}: Berkeley DB is not supported; run \"headgate map {}\" "
                          "once (it builds {}.cdb from {})",
                          stand_in.database, spec, path, path));
}

}  // namespace headgate::tables
