// ParsedTable: a table's text, its statements in force, their patterns compiled by the reference engine, Postfix's warnings and the
// layout: all that the steps of a migration look at.
//   Errors    Code::unavailable when patterns could not be tried for want of memory or processes.
//   Threads   one owner.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "compiler/back/lower.h"
#include "compiler/back/patterns.h"
#include "compiler/front/ast.h"
#include "compiler/migrate/layout.h"
#include "engine/base/diagnostic.h"
#include "engine/base/error.h"
#include "engine/rules/program.h"

namespace headgate::migrate {

struct ParsedTable {
  front::Dialect dialect = front::Dialect::pcre;
  std::string name;
  front::RuleFile file;
  std::vector<back::CompiledPattern> patterns;  // by Pattern::id
  std::vector<Diagnostic> warnings;
  std::vector<Item> items;

  // The program of all statements but those that are `left_out`, by their place; answered by the reference engine alone.
  [[nodiscard]] std::shared_ptr<const rules::Program> program(
      const std::vector<bool>& left_out = {}, back::Subset subset = back::Subset::all) const;

  // Of what is not left out, and of lines that are skipped: then only marked rules are asked in an emergency.
  [[nodiscard]] bool has_emergency_marks(const std::vector<bool>& left_out = {}) const;
};

Result<ParsedTable> parse_table(front::Dialect dialect, const std::string& name,
                                const std::string& text);

// "!/a/i", as the table's author would write it.
std::string shown_pattern(const front::Pattern& pattern);

// The highest $number of a rule's value.
std::uint64_t highest_group(const front::Statement& statement);

// The place of each statement's endif, of a guard; npos without one.
std::vector<std::size_t> ends_of(const front::RuleFile& file);

}  // namespace headgate::migrate
