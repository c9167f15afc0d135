// make_table: a random check table of either dialect: rules, nested ifs, negations, second patterns, every flag, odd
// delimiters, substitutions in all forms, continuation lines, comments; and damage: broken rules, stray keywords, bytes
// that went wrong. make_keys: texts to look up in it, most of them close to what its patterns match.
//   Threads   pure but for the dice.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "engine/rules/program_source.h"
#include "tests/collide/lookups/pattern_maker.h"
#include "tests/collide/lookups/random.h"

namespace headgate::collide {

struct Table {
  rules::Dialect dialect = rules::Dialect::pcre;
  bool is_inline = false;          // pcre:{ … }
  std::vector<std::string> lines;  // without their newlines; may hold one where a line is continued
  std::vector<std::array<std::string, kSamples>> samples;  // of its patterns

  [[nodiscard]] std::string text()
      const;  // of the file, or, when inline, the map name "{ {…}, {…} }"
};

Table make_table(Random& random, rules::Dialect dialect);

// No NUL in them, as no lookup key has one.
std::vector<std::string> make_keys(Random& random, const Table& table, std::size_t count);

}  // namespace headgate::collide
