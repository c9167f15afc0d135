// How it works: parse, find the needs, bound the effort, spell for the scan.
// Tested by tests/compiler/analyse/strategy_test.cc.
#include "compiler/analyse/strategy.h"

#include <utility>

#include "compiler/analyse/look_ahead.h"
#include "compiler/analyse/regex_tree.h"
#include "compiler/analyse/scan_text.h"

namespace headgate::analyse {

namespace {

// A scan that may be believed only on shorter subjects is not worth its bit.
constexpr std::size_t kLeastTrusted = 16;

void plan_scan(const Node& narrowed, Plan& plan) {
  if (plan.needs.trusted_bytes < kLeastTrusted) {
    plan.reason = "repeats that can run into the match limit";
    return;
  }
  auto spelled = scan_text(narrowed, Subject::text);
  if (!spelled) {
    plan.reason = spelled.error();
    return;
  }
  plan.how = spelled->widened.empty() ? How::native : How::prefilter;
  plan.reason = std::move(spelled->widened);
  plan.scan_text = std::move(spelled->text);
  plan.caseless = spelled->caseless;
  plan.trusted_bytes = plan.needs.trusted_bytes;
  if (auto in_block = scan_text(narrowed, Subject::block)) {
    plan.block_text = std::move(in_block->text);
    plan.block_caseless = in_block->caseless;
  }
}

}  // namespace

Plan plan_pattern(front::Dialect dialect, const front::Pattern& pattern,
                  std::uint64_t match_limit) {
  Plan plan;
  const Parsed tree = dialect == front::Dialect::pcre ? parse_pcre(pattern.text, pattern.flags)
                                                      : parse_posix(pattern.text, pattern.flags);
  if (!tree) {
    plan.reason = tree.error();
    return plan;
  }
  const Node narrowed = without_look_aheads(*tree);
  plan.needs = needs_of(*tree, narrowed, match_limit);
  plan.rows = required_rows(*tree, narrowed, match_limit, plan.needs.trusted_bytes);
  plan_scan(narrowed, plan);
  return plan;
}

}  // namespace headgate::analyse
