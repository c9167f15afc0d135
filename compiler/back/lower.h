// lower: statements -> the operations of a Program. An if becomes a test that jumps past its endif, a rule one or two
// tests and an emit; patterns are renumbered so that a Program holds only its own. A pattern that is the plain test of rules
// under different guards has a number for each: what rules it out is not the same. Guards, negated and second tests share one.
//   Threads   pure.      Source    content-checks §2.7; the emergency subset is ours.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/back/patterns.h"
#include "compiler/front/ast.h"
#include "engine/rules/program.h"

namespace headgate::back {

struct Lowered {
  rules::ProgramParts parts;               // without a scanner
  std::vector<std::uint32_t> pattern_ids;  // parts.patterns[i] came from PatternSet pattern_ids[i]
  // The plain guards, by their ids in the PatternSet, around every rule of parts.patterns[i]: what they need, it needs.
  std::vector<std::vector<std::uint32_t>> guards;
};

enum class Subset : std::uint8_t { all, emergency };

// emergency: rules that are marked or stand in a marked if-group; an unmarked if around one still guards it.
Lowered lower(front::Dialect dialect, const std::string& name, const front::RuleFile& file,
              const std::vector<CompiledPattern>& patterns, Subset subset);

}  // namespace headgate::back
