// group_table: a flat table with ifs around rules that ask for the same thing first, so that Postfix, and headgate's reference engines,
// test it once. The first rule that is true stays the first:
//   names     rules that begin with one header name come together under `if /^Name:/`. A rule moves up only over units that begin
//             with other names: no text begins with both, so their order cannot matter.
//   literals  a run of rules that all need one literal gets `if /literal/` where it stands; nothing moves.
// Comments stay with the rule behind them. What is grouped already stays as it is: the result of a result is itself.
//   Threads   pure.      Source    pcre_table(5), "if pattern".
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/migrate/parsed_table.h"
#include "engine/rules/migrator.h"

namespace headgate::migrate {

struct GroupedTable {
  std::string text;
  std::vector<rules::MigratedGroup> groups;  // that are new, or got more rules
  std::map<int, int> new_lines;              // old line of a statement -> where it is now
};

GroupedTable group_table(const ParsedTable& table);

}  // namespace headgate::migrate
