// How it works: bottom-up, each node becomes a chain: bytes that may stand before its first step, and its steps. In a row,
// what may stand before the second chain stands behind the last step of the first. Then the best part of the chain is cut out.
// Tested by tests/compiler/analyse/byte_row_test.cc; soundness, by every collider's path `block`.
#include "compiler/analyse/byte_row.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>

#include "compiler/analyse/effort.h"
#include "compiler/analyse/frequency.h"
#include "engine/base/text.h"

namespace headgate::analyse {

namespace {

constexpr std::size_t kLongestChain =
    256;                               // of a pattern; what comes then is not looked at closely
constexpr double kRare = 28;           // bits; a row as rare as that needs no more steps
constexpr double kCapitalBits = 4;     // capitals are so much rarer than small letters
constexpr double kMostBits = 7.5;      // of one step
constexpr double kLikeTheLast = 0.35;  // how likely a byte is followed by one of its like
constexpr double kMostBetween = 0.97;  // of bytes; lines end
constexpr double kLineBytes = 60;
constexpr std::size_t kTrustedEnough = 10'000;  // bytes; no beginning would be trusted much further
constexpr std::array<std::size_t, 10> kBeginnings = {4, 6, 8, 10, 12, 16, 20, 24, 32, 48};  // steps

// Other mail has other words: a row is never taken for rarer than its length allows.
constexpr double kDoubtBits = 1.5;
constexpr double kDoubtBitsAStep = 2.8;

constexpr double kAStep = 0.0015;  // ns a byte of text, for one more step in a machine
constexpr double kAsk = 250;       // ns, where the row occurs

struct Chain {
  ByteSet before;
  std::vector<RowStep> steps;
};

void append(Chain& chain, const Chain& next) {
  (chain.steps.empty() ? chain.before : chain.steps.back().between) |= next.before;
  chain.steps.insert(chain.steps.end(), next.steps.begin(), next.steps.end());
}

Chain only_between(const ByteSet& bytes) { return Chain{bytes, {}}; }

// Every byte that a match can have.
ByteSet bytes_of(const Node& node) {
  switch (node.kind) {
    case NodeKind::bytes:
      return node.set;
    case NodeKind::anything:
      return ByteSet().set();
    case NodeKind::concat:
    case NodeKind::alternate:
    case NodeKind::repeat:
    case NodeKind::capture:
    case NodeKind::atomic: {
      ByteSet bytes;
      for (const Node& child : node.children) bytes |= bytes_of(child);
      return bytes;
    }
    default:
      return {};
  }
}

// Everything that may stand from step `first` on.
ByteSet bytes_from(const Chain& chain, std::size_t first) {
  ByteSet bytes;
  for (std::size_t i = first; i < chain.steps.size(); ++i)
    bytes |= chain.steps[i].byte | chain.steps[i].between;
  return bytes;
}

// As many steps as the shortest has; what the others have more of stands behind.
Chain one_over_the_other(const std::vector<Chain>& chains) {
  if (chains.empty()) return {};
  std::size_t steps = chains.front().steps.size();
  for (const Chain& chain : chains) steps = std::min(steps, chain.steps.size());
  Chain all;
  all.steps.resize(steps);
  for (const Chain& chain : chains) {
    all.before |= chain.before;
    for (std::size_t i = 0; i < steps; ++i) {
      all.steps[i].byte |= chain.steps[i].byte;
      all.steps[i].between |= chain.steps[i].between;
    }
    (steps == 0 ? all.before : all.steps.back().between) |= bytes_from(chain, steps);
  }
  return all;
}

Chain chain_of(const Node& node);

Chain repeated(const Node& node) {
  const ByteSet bytes = node.max == 0 ? ByteSet() : bytes_of(node.children[0]);
  if (node.min == 0) return only_between(bytes);
  const Chain once = chain_of(node.children[0]);
  Chain chain = once;
  std::uint32_t copies = 1;
  for (; copies < node.min && chain.steps.size() + once.steps.size() <= kLongestChain &&
         !once.steps.empty();
       ++copies)
    append(chain, once);
  if (copies < node.max) append(chain, only_between(bytes));
  return chain;
}

Chain chain_of(const Node& node) {
  switch (node.kind) {
    case NodeKind::bytes:
      return Chain{{}, {RowStep{node.set}}};
    case NodeKind::concat: {
      Chain chain;
      for (const Node& child : node.children) {
        if (chain.steps.size() < kLongestChain)
          append(chain, chain_of(child));
        else
          append(chain, only_between(bytes_of(child)));
      }
      return chain;
    }
    case NodeKind::alternate: {
      std::vector<Chain> chains;
      for (const Node& child : node.children) chains.push_back(chain_of(child));
      return one_over_the_other(chains);
    }
    case NodeKind::repeat:
      return repeated(node);
    case NodeKind::capture:
    case NodeKind::atomic:
      return chain_of(node.children[0]);
    case NodeKind::anything:
      return only_between(ByteSet().set());
    default:
      return {};
  }
}

const Node* outermost(const Node& tree, bool first) {
  const Node* node = &tree;
  while (node->kind == NodeKind::capture || node->kind == NodeKind::atomic ||
         node->kind == NodeKind::concat) {
    if (node->children.empty()) return nullptr;
    node = first ? &node->children.front() : &node->children.back();
  }
  return node;
}

// The anchors with which the whole tree begins and ends.
void add_anchors(const Node& tree, Chain& chain) {
  const RowStep newline{single('\n')};
  const Node* front = outermost(tree, true);
  if (front != nullptr &&
      (front->kind == NodeKind::text_start || front->kind == NodeKind::line_start)) {
    chain.steps.insert(chain.steps.begin(), RowStep{newline.byte, chain.before});
    chain.before.reset();
  }
  const Node* back = outermost(tree, false);
  if (back == nullptr || chain.steps.empty()) return;
  if (back->kind == NodeKind::text_end || back->kind == NodeKind::last_line_end ||
      back->kind == NodeKind::line_end)
    chain.steps.push_back(newline);
}

// How rare steps are. A byte of its own is as rare after its predecessors as in a literal; a set is as rare as its members are
// together, whatever stands before it.
class Rating {
 public:
  explicit Rating(const std::vector<RowStep>& steps) : steps_(steps) {
    for (std::size_t before = 0; before < bits_after_.size(); ++before) {
      for (std::size_t at = 0; at < steps.size(); ++at)
        bits_after_[before].push_back(rate(at, std::min(before, at)));
    }
  }

  // The bits of step `at` in a row that has `before` steps before it.
  [[nodiscard]] double bits(std::size_t at, std::size_t before) const {
    return bits_after_[std::min(before, bits_after_.size() - 1)][at];
  }

 private:
  [[nodiscard]] double rate(std::size_t at, std::size_t before) const {
    double bits = 0;
    if (const auto literal = spelling(at)) {
      std::size_t known = 0;
      std::string all = *literal;
      for (; known < std::min<std::size_t>(before, 2); ++known) {
        const auto more = spelling(at - known - 1);
        if (!more || steps_[at - known - 1].between.any()) break;
        all = *more + all;
      }
      bits = bits_of(all) - (known > 0 ? bits_of(all.substr(0, all.size() - 1)) : 0);
      const bool follows_capital = known > 0 && is_capital(steps_[at - 1].byte);
      if (is_capital(steps_[at].byte) && !follows_capital) bits += kCapitalBits;
    } else {
      double chance = share(steps_[at].byte);
      if (before > 0 && steps_[at - 1].byte == steps_[at].byte)
        chance = std::max(chance, kLikeTheLast);
      bits = -std::log2(chance);
    }
    if (before > 0) bits += std::log2(1 - std::min(share(steps_[at - 1].between), kMostBetween));
    return std::clamp(bits, 0.0, kMostBits);
  }

  static double bits_of(const std::string& bytes) {
    return -std::log2(frequency_of(Literal{bytes, true}));
  }

  static bool is_capital(const ByteSet& set) {
    static const ByteSet capitals = range('A', 'Z');
    return (set & ~capitals).none();
  }

  // The one byte of a step, in lower case.
  [[nodiscard]] std::optional<std::string> spelling(std::size_t at) const {
    const ByteSet& set = steps_[at].byte;
    std::size_t byte = 0;
    while (byte < 256 && !set.test(byte)) ++byte;
    if (byte == 256 || byte == '\n') return std::nullopt;
    const std::string small(1, text::to_lower(static_cast<char>(byte)));
    ByteSet others = set;
    others.reset(byte);
    others.reset(static_cast<unsigned char>(small[0]));
    return others.none() ? std::optional(small) : std::nullopt;
  }

  static std::array<double, 256> shares() {
    std::array<double, 256> shares{};
    for (unsigned byte = 0; byte < 256; ++byte) {
      const char c = static_cast<char>(byte);
      shares[byte] = frequency_of(Literal{std::string(1, text::to_lower(c)), true});
      if (c >= 'A' && c <= 'Z') shares[byte] /= std::exp2(kCapitalBits);
    }
    shares['\n'] = 1 / kLineBytes;
    return shares;
  }

  static double share(const ByteSet& set) {
    static const std::array<double, 256> of_bytes = shares();
    double sum = 0;
    for (unsigned byte = 0; byte < 256; ++byte) {
      if (set.test(byte)) sum += of_bytes[byte];
    }
    return std::min(sum, 1.0);
  }

  const std::vector<RowStep>& steps_;
  std::array<std::vector<double>, 3> bits_after_;  // none, one, and more steps
};

// Of the first `count` steps.
ByteRow best_row(const std::vector<RowStep>& steps, const Rating& rating, std::size_t count) {
  std::size_t best_first = 0, best_count = 0;
  double best_bits = 0;
  for (std::size_t first = 0; first < count; ++first) {
    double bits = 0;
    for (std::size_t i = first; i < std::min(first + kLongestRow, count); ++i) {
      bits += rating.bits(i, i - first);
      const std::size_t taken = i - first + 1;
      const double rare =
          std::min({bits, kRare, kDoubtBits + kDoubtBitsAStep * static_cast<double>(taken)});
      if (rare < best_bits || (rare == best_bits && taken >= best_count)) continue;
      best_first = first;
      best_count = taken;
      best_bits = rare;
    }
  }
  ByteRow row;
  const auto begin = steps.begin() + static_cast<std::ptrdiff_t>(best_first);
  row.steps.assign(begin, begin + static_cast<std::ptrdiff_t>(best_count));
  if (!row.steps.empty()) row.steps.back().between.reset();
  row.bits = best_bits;
  return row;
}

bool is_within(const ByteSet& part, const ByteSet& whole) { return (part & ~whole).none(); }

// Every text with the chain has the row.
bool contains(const Chain& chain, const std::vector<RowStep>& row) {
  for (std::size_t first = 0; first + row.size() <= chain.steps.size(); ++first) {
    std::size_t i = 0;
    while (i < row.size() && is_within(chain.steps[first + i].byte, row[i].byte) &&
           (i + 1 == row.size() || is_within(chain.steps[first + i].between, row[i].between)))
      ++i;
    if (i == row.size()) return true;
  }
  return false;
}

Chain anchored_chain_of(const Node& tree) {
  Chain chain = chain_of(tree);
  add_anchors(tree, chain);
  return chain;
}

}  // namespace

std::vector<ByteRow> required_rows(const Node& tree, const Node& narrowed,
                                   std::uint64_t match_limit, std::size_t trusted_bytes) {
  const Chain chain = anchored_chain_of(narrowed);
  const Rating rating(chain.steps);
  std::vector<ByteRow> rows;
  ByteRow best = best_row(chain.steps, rating, chain.steps.size());
  if (best.steps.empty()) return rows;
  best.trusted_bytes = trusted_bytes;
  rows.push_back(std::move(best));
  if (trusted_bytes >= kTrustedEnough) return rows;
  for (const std::size_t count : kBeginnings) {
    if (count >= chain.steps.size()) break;
    ByteRow row = best_row(chain.steps, rating, count);
    if (row.steps.empty() || row.steps == rows.back().steps) continue;
    row.trusted_bytes = longest_safe_subject(tree, match_limit, [&row](const Node& node) {
      return contains(anchored_chain_of(node), row.steps);
    });
    if (row.trusted_bytes > trusted_bytes) rows.push_back(std::move(row));
  }
  return rows;
}

double rate_of(const ByteRow& row) { return std::exp2(-row.bits); }

double cost_of_asking(const ByteRow& row) { return rate_of(row) * kAsk; }

double cost_of_looking(const ByteRow& row) {
  return static_cast<double>(row.steps.size() + 1) * kAStep;
}

double cost_of(const ByteRow& row) { return cost_of_asking(row) + cost_of_looking(row); }

}  // namespace headgate::analyse
