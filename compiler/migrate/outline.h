// Outline: a table's items as a tree: rules and ifs in their blocks, each with the comments that stand before it; and what is known
// of when a unit can answer at all.
//   Lifetime  borrows the ParsedTable.       Threads  pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/migrate/parsed_table.h"

namespace headgate::migrate {

struct Unit;

struct Block {
  std::vector<Unit> units;
  std::vector<const Item*> tail;  // comments before the endif, or at the end of the table
};

struct Unit {
  std::vector<const Item*> lead;  // comments, blank lines, lines that are not in force
  const Item* head = nullptr;     // the rule or the if; null: an if that `guard` spells
  std::string guard;              // "if /^Subject:/"
  bool is_if = false;
  Block body;
  const Item* end = nullptr;  // its endif; null: the table's end closes it, or it is a new one

  // It can only answer texts that begin with one of these and a colon; nullopt: nothing is known. In lower case.
  std::optional<std::vector<std::string>> names;
  bool is_name_guard = false;     // an if that asks for one name and nothing more
  bool is_literal_guard = false;  // an if that asks for one literal and nothing more
  std::vector<std::string>
      literals;  // of a rule: each is in every text that it matches; in lower case
};

Block outline(const ParsedTable& table);

}  // namespace headgate::migrate
