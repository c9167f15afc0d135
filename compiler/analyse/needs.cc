// How it works: what a need's lack means for PCRE2's effort is measured only where the effort without it is not bounded well.
// Tested by tests/compiler/analyse/needs_test.cc.
#include "compiler/analyse/needs.h"

#include <algorithm>
#include <optional>

#include "compiler/analyse/effort.h"
#include "compiler/analyse/frequency.h"
#include "engine/base/text.h"

namespace headgate::analyse {

namespace {

// A text longer than this is not worth more analysis.
constexpr std::size_t kLongEnough = 1U << 17U;
constexpr std::size_t kMostBytesNeeded = 32;

// The sets of which a match has a byte each.
void collect_bytes(const Node& node, std::vector<ByteSet>& sets) {
  switch (node.kind) {
    case NodeKind::bytes:
      if (!node.set.all() && std::find(sets.begin(), sets.end(), node.set) == sets.end())
        sets.push_back(node.set);
      return;
    case NodeKind::concat:
      for (const Node& child : node.children) collect_bytes(child, sets);
      return;
    case NodeKind::repeat:
      if (node.min > 0) collect_bytes(node.children[0], sets);
      return;
    case NodeKind::capture:
    case NodeKind::atomic:
      return collect_bytes(node.children[0], sets);
    case NodeKind::alternate: {
      // One set of each branch, joined: the smallest.
      ByteSet joined;
      for (const Node& child : node.children) {
        std::vector<ByteSet> of_branch;
        collect_bytes(child, of_branch);
        if (of_branch.empty()) return;
        joined |= *std::min_element(
            of_branch.begin(), of_branch.end(),
            [](const ByteSet& a, const ByteSet& b) { return a.count() < b.count(); });
      }
      if (!joined.all() && std::find(sets.begin(), sets.end(), joined) == sets.end())
        sets.push_back(joined);
      return;
    }
    default:
      return;
  }
}

bool lacks_byte(const Node& node, const ByteSet& lacked) {
  switch (node.kind) {
    case NodeKind::bytes:
      return (node.set & ~lacked).none();
    case NodeKind::concat:
      return std::any_of(node.children.begin(), node.children.end(),
                         [&](const Node& child) { return lacks_byte(child, lacked); });
    case NodeKind::alternate:
      return std::all_of(node.children.begin(), node.children.end(),
                         [&](const Node& child) { return lacks_byte(child, lacked); });
    case NodeKind::repeat:
      return node.min > 0 && lacks_byte(node.children[0], lacked);
    case NodeKind::capture:
    case NodeKind::atomic:
      return lacks_byte(node.children[0], lacked);
    default:
      return false;
  }
}

bool lacks_literals(const Node& node, const Clause& lacked) {
  const std::vector<Clause> needed = required_literals(node);
  return std::any_of(needed.begin(), needed.end(),
                     [&](const Clause& clause) { return is_lacking(clause, lacked); });
}

// The names of the headers that alone can match: `^Subject:…`, `^(From|To):…`; nullopt: any text.
struct Names {
  std::vector<std::string> names;
  bool only = true;
};

std::optional<Names> names_of(const Node& node);

std::optional<Names> names_after_anchor(const Node& row) {
  Node rest;
  rest.children.assign(row.children.begin() + 1, row.children.end());
  const Beginnings begins = beginnings(rest);
  Names found;
  found.only = begins.all && begins.any_case;
  for (const Literal& literal : begins.literals) {
    const std::size_t colon = literal.bytes.find(':');
    if (colon == std::string::npos || colon == 0) return std::nullopt;
    found.only = found.only && colon + 1 == literal.bytes.size();
    found.names.push_back(text::lower(literal.bytes.substr(0, colon)));
  }
  return found;
}

std::optional<Names> names_of(const Node& node) {
  switch (node.kind) {
    case NodeKind::capture:
    case NodeKind::atomic:
      return names_of(node.children[0]);
    case NodeKind::concat: {
      if (node.children.empty()) return std::nullopt;
      if (node.children.front().kind == NodeKind::text_start) return names_after_anchor(node);
      auto names = names_of(node.children.front());
      if (names && node.children.size() > 1) names->only = false;
      return names;
    }
    case NodeKind::alternate: {
      Names all;
      for (const Node& child : node.children) {
        const auto names = names_of(child);
        if (!names) return std::nullopt;
        all.names.insert(all.names.end(), names->names.begin(), names->names.end());
        all.only = all.only && names->only;
      }
      return all;
    }
    default:
      return std::nullopt;
  }
}

// Other texts are not looked at at all, however long: what PCRE2 tries before it knows the name must be next to nothing. That
// is not so with `^(?!.*x)From:`.
void find_names(const Node& tree, std::uint64_t match_limit, Needs& needs) {
  auto names = names_of(tree);
  if (!names) return;
  std::sort(names->names.begin(), names->names.end());
  names->names.erase(std::unique(names->names.begin(), names->names.end()), names->names.end());
  const auto lacks_name = [&](const Node& node) {
    const auto needed = names_of(node);
    return needed &&
           std::all_of(needed->names.begin(), needed->names.end(), [&](const std::string& name) {
             return std::binary_search(names->names.begin(), names->names.end(), name);
           });
  };
  if (longest_safe_subject(tree, match_limit, lacks_name) != kUnlimited) return;
  needs.header_names = std::move(names->names);
  needs.only_name = names->only;
}

}  // namespace

void add_byte_of_engine(Needs& needs, unsigned char byte, std::size_t trusted_bytes) {
  const ByteSet either = fold_case(single(byte));
  // What needs one case of the byte gets the trust for both: gates do not tell them apart (match::Symbols).
  bool is_known = false;
  for (NeededByte& needed : needs.bytes) {
    if ((needed.any_of & ~either).any()) continue;
    needed.trusted_bytes = std::max(needed.trusted_bytes, trusted_bytes);
    is_known |= needed.any_of == either;
  }
  if (!is_known) needs.bytes.push_back(NeededByte{either, trusted_bytes});
}

Needs needs_of(const Node& tree, const Node& narrowed, std::uint64_t match_limit) {
  Needs needs;
  needs.known = true;
  needs.trusted_bytes = longest_safe_subject(tree, match_limit);
  const bool is_bounded = needs.trusted_bytes >= kLongEnough;
  const auto trusted = [&](const CannotMatch& cannot_match) {
    if (is_bounded) return needs.trusted_bytes;
    return std::max(needs.trusted_bytes, longest_safe_subject(tree, match_limit, cannot_match));
  };
  needs.least_bytes = least_bytes(tree);
  for (Clause& clause : required_literals(narrowed)) {
    const std::size_t bytes =
        trusted([&](const Node& node) { return lacks_literals(node, clause); });
    const double cost = cost_of(clause);
    needs.literals.push_back(NeededLiterals{std::move(clause), cost, bytes});
  }
  std::stable_sort(
      needs.literals.begin(), needs.literals.end(),
      [](const NeededLiterals& a, const NeededLiterals& b) { return a.cost < b.cost; });
  std::vector<ByteSet> sets;
  collect_bytes(narrowed, sets);
  if (sets.size() > kMostBytesNeeded) sets.resize(kMostBytesNeeded);
  for (const ByteSet& set : sets) {
    needs.bytes.push_back(
        NeededByte{set, trusted([&](const Node& node) { return lacks_byte(node, set); })});
  }
  find_names(tree, match_limit, needs);
  return needs;
}

}  // namespace headgate::analyse
