// build_plan: the patterns of one lowered Program -> its ScanPlan with its databases, and each pattern's strategy. With `mail`
// the ways are chosen by what is measured on it, without (null) by guesses; the answers are the same.
//   Errors    none: a pattern for which no database could be made is asked where its bytes are, or always, with the reason.
#pragma once

#include <vector>

#include "compiler/back/database.h"
#include "compiler/back/lower.h"
#include "compiler/back/patterns.h"
#include "compiler/back/scan_choice.h"
#include "compiler/back/shortage.h"
#include "engine/rules/mail_sample.h"

namespace headgate::back {

void build_plan(Lowered& lowered, const std::vector<CompiledPattern>& patterns,
                const Switches& switches, const rules::MailSample* mail, SetCompiler& compiler,
                Offenders& offenders, Shortage& shortage);

}  // namespace headgate::back
