// TableInfo: what status tells about one open table.
//   Threads   values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/env.h"
#include "engine/rules/program_source.h"
#include "engine/rules/statistics.h"

namespace headgate::cli {

struct TableInfo {
  std::string name;  // "pcre:/x"; a text is its path alone
  bool is_program = false;
  std::size_t rules = 0, emergency_rules = 0;
  // Patterns by strategy.
  std::size_t literal = 0, bytes = 0, name_dispatched = 0, native = 0, prefilter = 0,
              confirm_only = 0;
  std::size_t databases = 0;
  std::uint64_t database_bytes = 0;
  std::string without_database;  // why; empty when it has one or needs none
  std::string
      problem;  // why its file could not be read lately: the last good one, if there is one, is in force
  WallTime loaded{};
  std::vector<rules::RuleCount> counts;  // by line
};

// Counts patterns and databases.
TableInfo describe_program(const rules::CompiledTable& table);

}  // namespace headgate::cli
