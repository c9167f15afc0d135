// first_rule: Postfix's walk over a table (dict_pcre, dict_regexp): rule after rule, a false `if` skips to its endif, the
// first true rule ends it. `ask(op index)` tests one pattern; what failed does not hold, negated or not. Flat: guards count
// as true without being asked.
//   Threads   pure.
#pragma once

#include <cstddef>
#include <vector>

#include "bench/peers/peer.h"
#include "engine/match/confirm.h"

namespace headgate::peers {

template <class Ask>
std::uint32_t first_rule(const std::vector<rules::Op>& ops, Walk walk, Ask&& ask) {
  std::size_t at = 0;
  while (at < ops.size()) {
    const rules::Op& op = ops[at];
    if (op.kind == rules::OpKind::emit) return op.index;
    bool holds = walk == Walk::flat && op.role == rules::Role::guard;
    if (!holds) {
      const match::Answer answer = ask(at);
      holds = answer != match::Answer::failed && (answer == match::Answer::yes) != op.negated;
    }
    at = holds ? at + 1 : op.target;
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
