// open_cdb_table: cdb:F, the file F.cdb as it stands, made by `headgate map` or postmap(1).
//   Ownership the caller owns the Lookup; the mapped file is shared by all of a process.      Threads  none shared.
//   Use       `programs` maps the file; null: it is mapped from the disk.
//   Errors    "open database F.cdb: …"; "database F.cdb is damaged: …" now or at a lookup (cdb_reader.h tells what is noticed).
//   Source    CDB_README, postmap(1); docs/tables/cdb.md.    Cost  2 KiB a Lookup; a find() makes no system call.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tables/compiled_file.h"
#include "tables/open.h"

namespace headgate::tables {

// `path` is what follows "cdb:", without ".cdb".
Result<std::unique_ptr<Lookup>> open_cdb_table(std::string_view spec, const std::string& path,
                                               const WarningSink& warn, const OpenOptions& options,
                                               rules::ProgramSource* programs = nullptr,
                                               const StandIn* stand_in = nullptr);

}  // namespace headgate::tables
