// open_lmdb_table: lmdb:F, the file F.lmdb as it stands, made by `headgate map`, postmap(1) or a daemon of Postfix's. What is
// written to it in place is seen at the next find().
//   Ownership the caller owns the Lookup; the mapped file is shared by all of a process.      Threads  none shared.
//   Use       `programs` maps the file; null: it is mapped from the disk.
//   Errors    "open database F.lmdb: …"; "database F.lmdb is damaged: …" now or at a lookup (lmdb_reader.h tells what is
//             noticed); Code::unavailable when it is written to faster than it can be read.
//   Locks     none: it waits for nobody, and nobody waits for it.
//   Source    LMDB_README, postmap(1); docs/tables/lmdb.md.    Cost  no memory; a find() makes one system call, fstat.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tables/compiled_file.h"
#include "tables/open.h"

namespace headgate::tables {

// `path` is what follows "lmdb:", without ".lmdb".
Result<std::unique_ptr<Lookup>> open_lmdb_table(std::string_view spec, const std::string& path,
                                                const WarningSink& warn, const OpenOptions& options,
                                                rules::ProgramSource* programs = nullptr,
                                                const StandIn* stand_in = nullptr);

}  // namespace headgate::tables
