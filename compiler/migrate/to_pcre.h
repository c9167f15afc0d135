// to_pcre: a regexp: table written as a pcre: table. Comments, layout and values stay as they are; what cannot be translated, and
// what Postfix does not take in the old table either, becomes a comment with the reason above it.
//   Threads   pure, but for the reference engines.
//   Source    content-checks §2, §3; /a/!/b/ becomes `if !/b/`, /a/, endif.
#pragma once

#include <string>
#include <vector>

#include "compiler/migrate/parsed_table.h"
#include "engine/rules/migrator.h"

namespace headgate::migrate {

struct PcreTable {
  std::string text;
  std::vector<rules::MigratedRule> rules;
  std::vector<bool> left_out;               // by the old table's statements
  std::size_t longest = std::string::npos;  // more bytes are too dear for one of the old patterns
  std::vector<std::string> subjects;  // texts near its patterns, each behind what its guards want
};

PcreTable to_pcre(const ParsedTable& table);

}  // namespace headgate::migrate
