// What `headgate migrate` says about one table, as text and as JSON.
//   Threads   pure.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "engine/rules/migrator.h"

namespace headgate::cli {

struct MigratedTable {
  std::string from;  // "regexp:/etc/postfix/header_checks"
  std::string to;    // "pcre:/etc/postfix/header_checks.pcre"
  rules::Migration migration;

  // Nothing was left out or skipped, no answer changed, and what was asked for was done.
  [[nodiscard]] bool complete() const;
};

// `every_rule`: those that are proven too.
std::string migration_as_text(const MigratedTable& table, bool every_rule);
nlohmann::json migration_as_json(const MigratedTable& table, bool with_text);

}  // namespace headgate::cli
