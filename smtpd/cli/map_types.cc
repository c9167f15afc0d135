// How it works: a row a type. Tested by tests/tables/map_types_test.py.
#include "smtpd/cli/map_types.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace headgate::cli {

namespace {

enum class Build : std::uint8_t { yes, no, fails, proxy };
enum class Remove : std::uint8_t { yes, read_only, no, fails, proxy };

struct Row {
  std::string_view type;
  Build build;
  Remove remove;
  MapListing listing;
};

constexpr auto kRows = std::to_array<Row>({
    {"btree", Build::yes, Remove::yes, MapListing::stead},
    {"cdb", Build::yes, Remove::yes, MapListing::opened},
    {"cidr", Build::no, Remove::read_only, MapListing::opened},
    {"environ", Build::no, Remove::no, MapListing::opened},
    {"fail", Build::fails, Remove::fails, MapListing::refused},
    {"hash", Build::yes, Remove::yes, MapListing::stead},
    {"inline", Build::no, Remove::read_only, MapListing::text},
    {"internal", Build::no, Remove::no, MapListing::opened},
    {"lmdb", Build::yes, Remove::yes, MapListing::compiled},
    {"memcache", Build::no, Remove::no, MapListing::opened},
    {"nis", Build::no, Remove::read_only, MapListing::opened},
    {"pcre", Build::no, Remove::read_only, MapListing::opened},
    {"pipemap", Build::no, Remove::read_only, MapListing::opened},
    {"proxy", Build::proxy, Remove::proxy, MapListing::refused},
    {"randmap", Build::no, Remove::read_only, MapListing::opened},
    {"regexp", Build::no, Remove::read_only, MapListing::opened},
    {"socketmap", Build::no, Remove::read_only, MapListing::opened},
    {"static", Build::no, Remove::no, MapListing::opened},
    {"tcp", Build::no, Remove::read_only, MapListing::opened},
    {"texthash", Build::no, Remove::read_only, MapListing::text},
    {"unionmap", Build::no, Remove::read_only, MapListing::opened},
    {"unix", Build::no, Remove::read_only, MapListing::opened},
});

const Row* find(std::string_view type) {
  const auto row =
      std::find_if(kRows.begin(), kRows.end(), [type](const Row& r) { return r.type == type; });
  return row == kRows.end() ? nullptr : &*row;
}

std::string unknown(std::string_view type) {
  return fmt::format("unsupported dictionary type: {}", type);
}

}  // namespace

std::optional<std::string> why_not_built(std::string_view type, std::string_view name,
                                         bool incremental) {
  const Row* row = find(type);
  if (row == nullptr) return unknown(type);
  if (row->build == Build::yes) return std::nullopt;
  if (row->build == Build::fails)
    return fmt::format("table {}:{}: write error: Application error", type, name);
  if (row->build == Build::proxy && !incremental) return "can't create maps via the proxy service";
  return fmt::format("unsupported dictionary type: {} does not support bulk-mode creation.", type);
}

std::optional<std::string> why_not_removed(std::string_view type, std::string_view name) {
  const Row* row = find(type);
  if (row == nullptr) return unknown(type);
  switch (row->remove) {
    case Remove::yes:
      return std::nullopt;
    case Remove::read_only:
      return fmt::format("{}:{} map requires O_RDONLY access mode", type, name);
    case Remove::no:
      return fmt::format("table {}:{}: delete operation is not supported", type, name);
    case Remove::fails:
      return fmt::format("table {}:{}: delete error: Application error", type, name);
    case Remove::proxy:
      return "can't change maps via the proxy service: name the table itself";
  }
  return unknown(type);
}

MapListing listing_of(std::string_view type, std::string_view name, std::string& why) {
  const Row* row = find(type);
  if (row == nullptr) return MapListing::opened;  // which says that the type is unknown
  if (row->listing == MapListing::refused) {
    why = row->build == Build::proxy
              ? "can't sequence maps via the proxy service"
              : fmt::format("table {}:{}: sequence error: Application error", type, name);
  }
  return row->listing;
}

}  // namespace headgate::cli
