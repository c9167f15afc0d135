// make_cdb: builds F.cdb as `postmap cdb:F` does, byte for byte.
//   Form      written to F.cdb.tmp, made durable, renamed: readers see the old file or the new one.
//   Locks     flock(2) on F.cdb.tmp, as Postfix: a second builder waits.
//   Errors    Code::invalid for a mode other than create (a cdb is not changed in place) and for remove(); Code::limit past
//             `limit_bytes`, which is what 32-bit offsets can address.
//   Cost      16 bytes an entry and the keys themselves in memory, to know duplicates; see docs/tables/cdb.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tables/map_maker.h"

namespace headgate::tables {

constexpr std::uint64_t kCdbLimit = 0xffffffff;

Result<std::unique_ptr<MapMaker>> make_cdb(std::string_view type, const std::string& path,
                                           const MakeOptions& options,
                                           std::uint64_t limit_bytes = kCdbLimit);

// The entries in the order of the file.
Result<void> for_each_cdb_entry(const std::string& path, const VisitEntry& visit);

}  // namespace headgate::tables
