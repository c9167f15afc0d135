// find_order: rules that never win because of the rules and guards before them: duplicates, shadowed rules, rules behind one that
// matches everything, guards and rules that cannot be true together, patterns that match nothing. Each is a proof: for every
// text that Postfix may look up, of any length, the rule does not win; what cannot be proven is not said.
//   Threads   as `ask`.
//   Cost      an engine is asked about a text or two for each pair of rules; where it matches, automata are searched. Both have
//             a budget: of a table of many thousand rules the last ones may go without.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "compiler/lint/collector.h"

namespace headgate::lint {

// The reference engine: does the pattern match the text? Nothing when it gave up.
using Ask =
    std::function<std::optional<bool>(const front::Pattern& pattern, std::string_view text)>;

// `match_limit` is the reference engine's, 0: it has none.
void find_order(const TableView& view, std::uint64_t match_limit, const Ask& ask, Collector& found);

}  // namespace headgate::lint
