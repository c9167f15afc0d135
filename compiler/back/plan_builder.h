// build_plan: the patterns of one lowered Program -> its ScanPlan with its databases, and each pattern's strategy.
//   Errors    none: a pattern for which no database could be made is asked where its bytes are, or always, with the reason.
#pragma once

#include <vector>

#include "compiler/back/database.h"
#include "compiler/back/lower.h"
#include "compiler/back/patterns.h"
#include "compiler/back/scan_choice.h"
#include "compiler/back/shortage.h"

namespace headgate::back {

void build_plan(Lowered& lowered, const std::vector<CompiledPattern>& patterns,
                const Switches& switches, SetCompiler& compiler, Offenders& offenders,
                Shortage& shortage);

}  // namespace headgate::back
