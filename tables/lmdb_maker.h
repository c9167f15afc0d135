// make_lmdb: builds and changes F.lmdb, one write transaction from make_lmdb() to commit().
//   Form      changed in place, as Postfix's driver does: who has it open sees the old content, then the new one. Its map
//             has 16 MiB at first and doubles when it is full.
//   Locks     fcntl(2) locks on F.lmdb, as Postfix: exclusive for the moment that begins the transaction (no reader is older
//             than it), then shared (no other writer begins). Readers are not held up.
//   Errors    Code::limit for a key past 511 bytes; Code::invalid for an empty one, which LMDB does not store; Code::corrupt.
//   Cost      what was put stands in memory until commit(), to be put again into a bigger map.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "tables/map_maker.h"

namespace headgate::tables {

constexpr std::size_t kLmdbMapBytes = 16 * 1024 * 1024;

Result<std::unique_ptr<MapMaker>> make_lmdb(const std::string& path, const MakeOptions& options,
                                            std::size_t map_bytes = kLmdbMapBytes);

Result<void> for_each_lmdb_entry(const std::string& path, const VisitEntry& visit);

}  // namespace headgate::tables
