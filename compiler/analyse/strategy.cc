#include "compiler/analyse/strategy.h"

namespace headgate::analyse {

Plan plan_pattern(front::Dialect, const front::Pattern&, std::uint64_t) {
  Plan plan;
  plan.reason = "not analysed";
  return plan;
}

}  // namespace headgate::analyse
