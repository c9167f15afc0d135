// What postmap(1) can do with a table of a type besides asking it: build it, show its entries, take keys out of it.
//   Errors    a text is Postfix's where Postfix says no; the cure is added where its text holds none.       Threads  pure.
//   Source    postmap(1) and DATABASE_README of Postfix 3.7; the rows were tried with it (tests/tables/map_types_test.py).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headgate::cli {

// Nothing: it can be built (or, `incremental`, added to). Else why not.
std::optional<std::string> why_not_built(std::string_view type, std::string_view name,
                                         bool incremental);

// The same for -d.
std::optional<std::string> why_not_removed(std::string_view type, std::string_view name);

// How -s comes by the entries.
enum class MapListing : std::uint8_t {
  compiled,  // from the file that was built
  stead,     // the same, of the file that is there in its stead
  text,      // from the table's text in memory
  opened,    // it is opened, and then cannot say
  refused,   // it is not even opened: *why
};

MapListing listing_of(std::string_view type, std::string_view name, std::string& why);

}  // namespace headgate::cli
