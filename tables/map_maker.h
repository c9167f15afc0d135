// MapMaker: what writes a compiled table: F.cdb or F.lmdb, which Postfix's own drivers read.
//   Use       put() and remove() as often as needed, then commit() once. Without commit() nothing changes.
//   Keys      bytes as given; who wants Postfix's form with a NUL behind key and value (postmap -N) passes the NUL.
//   Errors    Code::invalid for a type that is not built and for what the type cannot do, Code::limit when the file would
//             become too big or a key is too long, else what the disk says ("open database F.cdb.tmp: …").
//   Locks     those of Postfix's own drivers: two who build the same file wait for each other, its readers for neither.
//   Threads   one owner.         Source    postmap(1), CDB_README, LMDB_README; docs/tables/cdb.md, lmdb.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "tables/open.h"

namespace headgate::tables {

enum class OnDuplicate : std::uint8_t { keep_first, replace };

enum class MakeMode : std::uint8_t {
  create,       // what was there goes
  incremental,  // what was there stays; the file need not exist (postmap -i)
  existing,     // the same, and the file must exist (postmap -d)
};

class MapMaker {
 public:
  MapMaker() = default;
  MapMaker(const MapMaker&) = delete;
  MapMaker& operator=(const MapMaker&) = delete;
  virtual ~MapMaker() = default;

  // False: the key was there already.
  virtual Result<bool> put(std::string_view key, std::string_view value, OnDuplicate duplicate) = 0;

  // False: it was not there. Of the forms that MakeOptions::nul names the one with a NUL behind it is tried first.
  virtual Result<bool> remove(std::string_view key) = 0;

  // Durable when it returns, and visible at once.
  virtual Result<void> commit() = 0;
};

struct MakeOptions {
  MakeMode mode = MakeMode::create;
  unsigned permissions = 0644;       // of a file that is created, whatever the umask is
  NulForm nul = NulForm::first_met;  // of the keys that remove() is asked for
};

// `path` is what follows "type:", without ".cdb" or ".lmdb". hash and btree make F.cdb.
Result<std::unique_ptr<MapMaker>> make_map(std::string_view type, const std::string& path,
                                           const MakeOptions& options = {});

// Shows every entry until `visit` says false; a NUL behind key and value is left off. lmdb in the order of the keys, hash and
// btree in that of the file that stands in for them; not cdb, as in Postfix.
using VisitEntry = std::function<bool(std::string_view key, std::string_view value)>;
Result<void> for_each_entry(std::string_view type, const std::string& path,
                            const VisitEntry& visit);

}  // namespace headgate::tables
