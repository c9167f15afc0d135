// How it works: parse, bound the effort, spell for the scan; the first step that says no is the reason for confirm-only.
// Tested by tests/compiler/analyse/strategy_test.cc.
#include "compiler/analyse/strategy.h"

#include <utility>

#include <fmt/format.h>

#include "compiler/analyse/effort.h"
#include "compiler/analyse/regex_tree.h"
#include "compiler/analyse/scan_text.h"

namespace headgate::analyse {

namespace {

// A scan that may be believed only on shorter subjects is not worth its bit.
constexpr std::size_t kLeastTrusted = 16;

Plan confirm_only(std::string reason) {
  Plan plan;
  plan.reason = std::move(reason);
  return plan;
}

}  // namespace

Plan plan_pattern(front::Dialect dialect, const front::Pattern& pattern,
                  std::uint64_t match_limit) {
  const Parsed tree = dialect == front::Dialect::pcre ? parse_pcre(pattern.text, pattern.flags)
                                                      : parse_posix(pattern.text, pattern.flags);
  if (!tree) return confirm_only(tree.error());
  const std::size_t trusted = longest_safe_subject(*tree, match_limit);
  if (trusted < kLeastTrusted) return confirm_only("repeats that can run into the match limit");
  auto spelled = scan_text(*tree);
  if (!spelled) return confirm_only(spelled.error());
  Plan plan;
  plan.how = spelled->widened.empty() ? How::native : How::prefilter;
  plan.reason = std::move(spelled->widened);
  plan.scan_text = std::move(spelled->text);
  plan.caseless = spelled->caseless;
  plan.trusted_bytes = trusted;
  return plan;
}

}  // namespace headgate::analyse
