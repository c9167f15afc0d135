// minimise: the smallest table and key that still differ, found by leaving things out. case_text: the same as a test for
// tests/cases/rules, with Postfix's answer as what is expected.
//   Cost      some hundred contests.     Threads  one.
#pragma once

#include <string>

#include "tests/collide/lookups/contest.h"

namespace headgate::collide {

struct Finding {
  Table table;
  Difference difference;
};

Finding minimise(const Judge& judge, Finding finding, const std::function<void(Phase)>& phase);

std::string case_text(const Finding& finding);

// "value or none, its warnings", for people.
std::string describe(const Answer& answer);

}  // namespace headgate::collide
