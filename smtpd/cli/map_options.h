// MapOptions: the command line of `headgate map`, which is postmap(1)'s: flags as getopt(3) takes them, combined (-hbq -), up
// to the first word that is no flag; -c, -v and -o name=value are also taken wherever headgate's other options are (commands.cc).
//   Errors    `complaint` says what is wrong; it is looked at before the configuration is.          Threads  a value.
//   Source    postmap(1) of Postfix 3.7.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tables/open.h"

namespace headgate::cli {

enum class MapMode : std::uint8_t { build, query, list, remove };

// What a key that stands already in the table means; of -w and -r the last one counts.
enum class MapDuplicates : std::uint8_t { warn, ignore, replace };

// Whether a NUL stands behind keys and values: lookups try both forms, building leaves it off.
enum class MapTerminator : std::uint8_t { either, nul, none };

struct MapOptions {
  MapMode mode = MapMode::build;
  std::string key;  // of -q and -d; "-": keys are read from standard input
  bool header = false, body = false, mime = false;  // -h -b -m
  bool fold = true;                                 // -f: do not
  bool force_utf8 = false, disable_utf8 = false;    // -U -u
  bool incremental = false;                         // -i
  bool as_owner = true;                             // -o: stay root
  bool source_permissions = true;                   // -p: mode 0644
  bool files = false;                               // -F: values name files
  bool json = false;                                // -j, ours: -s prints JSON
  bool scan = true;                                 // --confirm-only: without Hyperscan
  MapDuplicates duplicates = MapDuplicates::warn;
  MapTerminator terminator = MapTerminator::either;
  std::optional<std::string> config_directory;  // -c within combined flags
  std::vector<std::string> tables;
  std::string complaint;

  [[nodiscard]] bool is_message() const { return header || body; }
};

// Which keys of a compiled table are asked for.
tables::NulForm nul_form_of(MapTerminator terminator);

MapOptions parse_map_options(const std::vector<std::string>& words);

}  // namespace headgate::cli
