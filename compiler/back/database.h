// build_database: the planned patterns of one Program -> its Hyperscan database, each pattern's strategy set to what it
// became. A pattern that Hyperscan refuses goes confirm-only with Hyperscan's words as the reason.
//   Errors    none: at worst the Program has no scanner and every pattern is confirm-only.
//   Cost      dominates the compile of a table: some milliseconds a pattern.
#pragma once

#include "compiler/back/lower.h"
#include "compiler/back/patterns.h"

namespace headgate::back {

void build_database(Lowered& lowered, const std::vector<CompiledPattern>& patterns);

}  // namespace headgate::back
