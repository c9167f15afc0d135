// first_rule: Postfix's walk over a table (dict_pcre, dict_regexp): rule after rule, a false `if` skips to its endif, the
// first true rule ends it. `matches(op index)` tests one pattern; flat: guards count as true without being asked.
//   Threads   pure.
#pragma once

#include <cstddef>
#include <vector>

#include "bench/peers/peer.h"

namespace headgate::peers {

template <class Matches>
std::uint32_t first_rule(const std::vector<rules::Op>& ops, Walk walk, Matches&& matches) {
  std::size_t at = 0;
  while (at < ops.size()) {
    const rules::Op& op = ops[at];
    if (op.kind == rules::OpKind::emit) return op.index;
    const bool skipped = walk == Walk::flat && op.role == rules::Role::guard;
    at = skipped || matches(at) != op.negated ? at + 1 : op.target;
  }
  return kNoRule;
}

// Every text of a section on its own.
template <class Find>
void scan_texts(const Section& section, std::uint64_t first, Hits& hits, Find&& find) {
  for (const std::string_view text : section.texts) {
    const std::uint32_t rule = find(text);
    if (rule != kNoRule) hits.add(first, rule);
    ++first;
  }
}

}  // namespace headgate::peers
