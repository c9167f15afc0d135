// open_berkeley_table: hash:F and btree:F, which Postfix keeps in F.db. Berkeley DB is not supported: they are answered from
// F.cdb or else F.lmdb, built from the same source, when one is there and not older than F.db.
//   Errors    Code::invalid when there is none, with its cure; else those of cdb_table.h and lmdb_table.h.
//   Source    postmap(1); docs/tables/hash.md.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tables/open.h"

namespace headgate::tables {

Result<std::unique_ptr<Lookup>> open_berkeley_table(std::string_view spec, const std::string& path,
                                                    const WarningSink& warn,
                                                    const OpenOptions& options,
                                                    rules::ProgramSource* programs = nullptr);

}  // namespace headgate::tables
