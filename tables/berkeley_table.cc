// Tested by tests/tables/berkeley_table_test.cc.
#include "tables/berkeley_table.h"

#include <sys/stat.h>

#include <fmt/format.h>

#include "tables/cdb_table.h"
#include "tables/lmdb_table.h"

namespace headgate::tables {

namespace {

// As far as the seconds tell.
bool is_older(const std::string& file, const std::string& than) {
  struct stat one {};

  struct stat other {};

  return ::stat(file.c_str(), &one) == 0 && ::stat(than.c_str(), &other) == 0 &&
         one.st_mtime < other.st_mtime;
}

}  // namespace

Result<std::unique_ptr<Lookup>> open_berkeley_table(std::string_view spec, const std::string& path,
                                                    const WarningSink& warn,
                                                    const OpenOptions& options,
                                                    rules::ProgramSource* programs) {
  struct Stead {
    std::string file;
    decltype(&open_cdb_table) open;
  };

  const std::string database = path + ".db";
  std::string outdated;
  for (const Stead& stead :
       {Stead{path + ".cdb", open_cdb_table}, Stead{path + ".lmdb", open_lmdb_table}}) {
    if (is_older(stead.file, database)) {
      if (outdated.empty()) outdated = stead.file;
      continue;
    }
    auto table = stead.open(spec, path, warn, options, programs, true);
    if (table || table.error().code != Code::not_found) return table;
  }
  if (!outdated.empty()) {
    return fail(Code::invalid,
                fmt::format("open database {}: Berkeley DB is not supported, and {} is older; run "
                            "\"headgate map {}\" again (it builds {}.cdb from {})",
                            database, outdated, spec, path, path));
  }
  return fail(Code::invalid,
              fmt::format("open database {}: Berkeley DB is not supported; run \"headgate map {}\" "
                          "once (it builds {}.cdb from {})",
                          database, spec, path, path));
}

}  // namespace headgate::tables
