// near_keys: texts near the patterns of a table, from the patterns' trees (compiler/analyse/subjects): half of them should
// match one, the others miss it by a byte. Random text seldom comes so close. Some are put together from two patterns, for a
// guard and the rule behind it. table_from_file: a table that somebody wrote, to be played instead of a random one.
//   Threads   pure but for the dice; table_from_file reads the file.
#pragma once

#include <string>
#include <vector>

#include "tests/collide/lookups/random.h"
#include "tests/collide/lookups/table_maker.h"

namespace headgate::collide {

// At most `count`; fewer where the table has no patterns to speak of.
std::vector<std::string> near_keys(Random& random, const Table& table, std::size_t count);

Table table_from_file(const std::string& path, rules::Dialect dialect);

}  // namespace headgate::collide
