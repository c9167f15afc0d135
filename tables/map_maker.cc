// Tested by tests/tables/map_maker_test.cc and, beside postmap(1), compiled_agrees_test.cc.
#include "tables/map_maker.h"

#include <fmt/format.h>

#include "tables/cdb_maker.h"
#include "tables/lmdb_maker.h"

namespace headgate::tables {

namespace {

bool makes_cdb(std::string_view type) { return type == "cdb" || type == "hash" || type == "btree"; }

tl::unexpected<Error> not_compiled(std::string_view type) {
  return fail(Code::invalid,
              fmt::format("tables of type {}: are not compiled (cdb: and lmdb: are; for hash: and "
                          "btree: a cdb file is built)",
                          type));
}

}  // namespace

Result<std::unique_ptr<MapMaker>> make_map(std::string_view type, const std::string& path,
                                           const MakeOptions& options) {
  if (makes_cdb(type)) return make_cdb(type, path, options);
  if (type == "lmdb") return make_lmdb(path, options);
  return not_compiled(type);
}

Result<void> for_each_entry(std::string_view type, const std::string& path,
                            const VisitEntry& visit) {
  if (type == "lmdb") return for_each_lmdb_entry(path, visit);
  if (!makes_cdb(type)) return not_compiled(type);
  if (type != "cdb") {  // Postfix lists its own hash: and btree:
    auto listed = for_each_cdb_entry(path, visit);
    if (listed || listed.error().code != Code::not_found) return listed;
    return for_each_lmdb_entry(path, visit);
  }
  return fail(Code::invalid,
              fmt::format("table {}:{}.cdb: sequence operation is not supported", type, path));
}

}  // namespace headgate::tables
