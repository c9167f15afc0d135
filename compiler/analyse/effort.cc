// How it works: for each node two polynomials in u, coefficients by degree: `ways`, how many ways it can match, and
// `calls`, how many calls it takes to walk through all of them. In a row, ways multiply, and the calls of the second are
// made once for each way of the first. Alternatives add, or, when at most one can start with a given byte, the larger
// counts. x* has one way for each length. Two ideas keep honest patterns cheap: atomic parts and look-around have one way,
// and a repeat of single bytes followed by something that cannot start with such a byte (`[a-z]+@`) has one useful way.
// So with the end of one round of a group and the beginning of the next (`([a-z]+ )*`). The other lengths are not for nothing:
// each costs what it takes to see that the next byte is wrong, a `glance`, which look-around and long alternations make dear.
// A group repeated without bound that can match in more than one way a round is exponential: no bound is given.
// Rounds of one way share the text among them: where a round walks only through bytes that it takes, all rounds together
// walk through the text once, and not each of them.
// A part that cannot match has no way through it, so what follows is multiplied by nothing.
// Every step rounds up, and the result is halved once more for the frames that PCRE2 spends on groups.
// Tested by tests/compiler/analyse/effort_test.cc.
#include "compiler/analyse/effort.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "compiler/analyse/polynomial.h"
#include "compiler/analyse/required.h"
#include "compiler/analyse/ways.h"

namespace headgate::analyse {

namespace {

// Up to so many, {a,b} counts as so many ways; above, as one for each length. The first bound is closer for short subjects
// and few repeats, the second for long ones: the better one counts.
constexpr std::array<std::uint32_t, 2> kFewRepeats = {16, 256};
constexpr double kNotFew = 1e9;
constexpr std::uint32_t kFewRounds = 16;

struct Effort {
  Polynomial ways{};
  Polynomial calls{};
  // The same where the next byte is none of `first`: what does not match empty does not match.
  Polynomial glance_ways{};
  Polynomial glance_calls{};
  ByteSet first;          // a match that is not empty starts with one of these
  bool nullable = false;  // may be empty (or so we must assume)
  bool explosive = false;
  // Of a row: a match of m bytes takes at most calls_a_byte * m + calls_a_match calls; both 0: that is not known.
  double calls_a_byte = 0, calls_a_match = 0;
};

// At most one way: only the constant term, at most 1.
bool single_way(const Polynomial& ways) { return degree(ways) == 0 && ways[0] <= 1; }

Effort zero_width(double calls) {
  Effort effort;
  effort.ways = constant(1);
  effort.calls = constant(calls);
  effort.glance_ways = effort.ways;
  effort.glance_calls = effort.calls;
  effort.nullable = true;
  return effort;
}

bool is_byte_repeat(const Node& node) {
  return node.kind == NodeKind::repeat && node.children[0].kind == NodeKind::bytes;
}

// Appends `next` to what stands before it.
void append(Effort& before, const Effort& next) {
  before.calls = add(before.calls, multiply(before.ways, next.calls));
  before.ways = multiply(before.ways, next.ways);
  before.glance_calls = add(before.glance_calls, multiply(before.glance_ways, next.glance_calls));
  before.glance_ways = multiply(before.glance_ways, next.glance_ways);
  if (before.nullable) before.first |= next.first;
  before.nullable = before.nullable && next.nullable;
  before.explosive = before.explosive || next.explosive;
}

class Meter {
 public:
  Meter(const CannotMatch& cannot_match, std::uint32_t few_repeats)
      : cannot_match_(cannot_match), few_repeats_(few_repeats) {}

  // Of a node of the tree that is measured: each is measured once, though what stands around it asks several times.
  const Effort& measure(const Node& node) {
    const auto known = measured_.find(&node);
    if (known != measured_.end()) return known->second;
    Effort effort = with_fewer_ways(node, measure_possible(node));
    return measured_.emplace(&node, std::move(effort)).first->second;
  }

 private:
  using Parts = std::vector<const Node*>;

  static Parts parts_of(const Node& node) {
    Parts parts;
    for (const Node& child : node.children) parts.push_back(&child);
    return parts;
  }

  [[nodiscard]] Effort with_fewer_ways(const Node& node, Effort effort) const {
    if (lacking(node)) {
      effort.ways = effort.glance_ways = Polynomial{};
    } else if (!single_way(effort.ways) && !effort.explosive) {
      const std::size_t ways = ways_at_one_place(node);
      if (ways != 0) effort.ways = smaller(effort.ways, constant(static_cast<double>(ways)));
    }
    return effort;
  }

  [[nodiscard]] bool lacking(const Node& node) const {
    return cannot_match_ && cannot_match_(node);
  }

  // From the right: a run of bytes before something that must start with another byte has one way to go on.
  [[nodiscard]] Effort measure_concat(const Node& node) {
    const Parts children = parts_of(node);
    std::vector<Effort> parts;
    const std::size_t tried = children_tried(node);
    for (std::size_t i = 0; i < tried; ++i) parts.push_back(measure(*children[i]));
    return measure_row(children, std::move(parts));
  }

  // `parts`: what the first children come to.
  [[nodiscard]] Effort measure_row(const Parts& children, std::vector<Effort> parts) {
    ByteSet next;         // what stands behind a part begins with one of these
    Polynomial glance{};  // at it
    bool known = false;
    bool taken = true;  // what is walked through
    double a_byte = 0, a_match = 1;
    for (std::size_t i = parts.size(); i-- > 0;) {
      const bool gives_way = known && gives_way_to(*children[i], next);
      if (gives_way) {
        parts[i].calls = add(parts[i].calls, multiply(parts[i].ways, add(constant(1), glance)));
        parts[i].ways = constant(1);
      } else if (is_byte_repeat(*children[i]) && parts[i].ways[1] > 0) {
        few_go_on(children, i, glance, parts);
      }
      // A run before what it gives way to: when that comes, the run has walked to it and no further.
      const std::size_t of_run = gives_way && is_byte_repeat(*children[i]) ? 1 : 0;
      taken = taken && single_way(parts[i].ways) && degree(parts[i].calls) <= of_run;
      a_byte = std::max(a_byte, parts[i].calls[1]);
      a_match += parts[i].calls[0] + parts[i].calls[1];
      glance = add(parts[i].glance_calls, multiply(parts[i].glance_ways, glance));
      if (parts[i].nullable) {
        next |= parts[i].first;
      } else {
        next = parts[i].first;
        known = true;
      }
    }
    Effort whole = zero_width(0);
    for (const Effort& part : parts) append(whole, part);
    if (!taken) return whole;
    whole.calls_a_byte = a_byte;
    whole.calls_a_match = a_match;
    return whole;
  }

  // Of a run's lengths only those get on behind which the literal occurs that follows it, and it occurs only so often.
  // `glance`: what it takes to see that it does not.
  static void few_go_on(const Parts& children, std::size_t run, const Polynomial& glance,
                        std::vector<Effort>& parts) {
    std::vector<ByteSet> literal;
    Polynomial calls = add(constant(1), glance);
    for (std::size_t i = run + 1; i < parts.size(); ++i) {
      if (children[i]->kind == NodeKind::bytes)
        literal.push_back(children[i]->set);
      else if (children[i]->kind == NodeKind::word_boundary)
        calls = add(calls, parts[i].calls);
      else
        break;
    }
    if (literal.size() < 2) return;
    parts[run].calls = add(parts[run].calls, multiply(parts[run].ways, calls));
    parts[run].ways = add(linear(1 / static_cast<double>(least_distance(literal))), constant(1));
  }

  // Between two places at which the literal can occur.
  static std::size_t least_distance(const std::vector<ByteSet>& literal) {
    for (std::size_t distance = 1; distance < literal.size(); ++distance) {
      std::size_t i = 0;
      while (i + distance < literal.size() && (literal[i] & literal[i + distance]).any()) ++i;
      if (i + distance == literal.size()) return distance;
    }
    return literal.size();
  }

  // A repeat that stops early leaves a place where one more round could begin: nothing that cannot begin so gets further.
  // Then only as many rounds as there are can be followed by `next`.
  [[nodiscard]] bool gives_way_to(const Node& node, const ByteSet& next) {
    if (node.kind == NodeKind::capture) return gives_way_to(node.children[0], next);
    if (node.kind != NodeKind::repeat) return false;
    const Effort& once = measure(node.children[0]);
    return !once.nullable && (once.first & next).none() && single_way(once.ways);
  }

  // At one place, only branches that may begin alike can both match.
  [[nodiscard]] Effort measure_alternate(const Node& node) {
    Effort whole;
    std::vector<Effort> branches;
    std::vector<Beginnings> begins;
    for (const Node& child : node.children) {
      branches.push_back(measure(child));
      begins.push_back(beginnings(child));
      const Effort& branch = branches.back();
      whole.first |= branch.first;
      whole.nullable = whole.nullable || branch.nullable;
      whole.explosive = whole.explosive || branch.explosive;
      whole.calls = add(add(whole.calls, branch.calls), constant(1));
      whole.glance_calls = add(add(whole.glance_calls, branch.glance_calls), constant(1));
      whole.glance_ways = add(whole.glance_ways, branch.glance_ways);
    }
    for (std::size_t i = 0; i < branches.size(); ++i) {
      Polynomial alike{};
      for (std::size_t j = 0; j < branches.size(); ++j) {
        const bool apart = !branches[i].nullable && !branches[j].nullable && i != j &&
                           ((branches[i].first & branches[j].first).none() ||
                            !may_begin_alike(begins[i], begins[j]));
        if (!apart) alike = add(alike, branches[j].ways);
      }
      whole.ways = larger(whole.ways, alike);
    }
    return whole;
  }

  // Up to the one behind which no match gets.
  [[nodiscard]] std::size_t children_tried(const Node& node) const {
    if (!lacking(node)) return node.children.size();
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      if (lacking(node.children[i])) return i + 1;
    }
    Node row;
    for (const Node& child : node.children) {
      row.children.push_back(child);
      if (lacking(row)) break;
    }
    return row.children.size();
  }

  // One byte again and again: each length is one way, and each costs a call.
  [[nodiscard]] Effort measure_byte_repeat(const Node& node) const {
    Effort effort;
    effort.first = node.children[0].set;
    effort.nullable = node.min == 0;
    const double choices =
        node.max == kUnbounded ? kNotFew : static_cast<double>(node.max - node.min) + 1;
    effort.ways = choices <= few_repeats_ ? constant(choices) : linear(1);
    effort.calls = add(effort.ways, constant(1));
    effort.glance_ways = constant(effort.nullable ? 1 : 0);
    effort.glance_calls = constant(1);
    return effort;
  }

  // Of a round that another one follows: its end gives way to the next one's beginning as in a row.
  [[nodiscard]] Effort measure_before(const Node& node, const Effort& next) {
    if (node.kind == NodeKind::capture) {
      Effort effort = measure_before(node.children[0], next);
      effort.calls = add(effort.calls, constant(2));
      if (effort.calls_a_match > 0) effort.calls_a_match += 2;
      return effort;
    }
    const Node beginning = make_bytes(next.first);
    Parts children = node.kind == NodeKind::concat ? parts_of(node) : Parts{&node};
    const std::size_t own = children.size();
    // The whole literal that it begins with, or else one byte.
    for (std::size_t i = 0; i < own && children[i]->kind == NodeKind::bytes; ++i)
      children.push_back(children[i]);
    if (children.size() == own) children.push_back(&beginning);
    Node row;  // the same as a tree of its own
    for (const Node* child : children) row.children.push_back(*child);
    std::vector<Effort> parts;
    const std::size_t tried = children_tried(row);
    for (std::size_t i = 0; i < std::min(tried, own); ++i) parts.push_back(measure(*children[i]));
    for (std::size_t i = own; i < tried; ++i)
      parts.push_back(with_fewer_ways(*children[i], measure_possible(*children[i])));
    if (tried > own) parts[own].glance_calls = add(next.glance_calls, constant(2));
    return with_fewer_ways(row, measure_row(children, std::move(parts)));
  }

  // How many rounds are begun where the text lacks what it takes to end the last of them; none: nothing is known to be lacking.
  [[nodiscard]] std::uint32_t rounds_begun(const Node& node) const {
    if (!lacking(node)) return 0;
    for (std::uint32_t rounds = 2; rounds <= std::min(node.min, kFewRounds); ++rounds) {
      if (lacking(make_repeat(node.children[0], rounds, rounds))) return rounds;
    }
    return 0;
  }

  [[nodiscard]] Effort measure_repeat(const Node& node) {
    if (is_byte_repeat(node)) return measure_byte_repeat(node);
    const Effort once = measure(node.children[0]);
    if (node.min > 0 && lacking(node.children[0])) return once;  // there is no second round
    const Effort before = once.nullable ? once : measure_before(node.children[0], once);
    const std::uint32_t begun = rounds_begun(node);
    const std::uint32_t most = begun > 0 ? begun : node.max;
    Effort effort;
    effort.first = once.first;
    effort.nullable = node.min == 0 || once.nullable;
    effort.explosive = once.explosive;
    const Polynomial step = add(larger(once.calls, before.calls), constant(2));
    const Polynomial glance = add(once.glance_calls, constant(2));
    // Behind each way to end a round another one is begun; `before` has only those that get past its beginning.
    const Polynomial step_and_next = once.nullable ? step : add(step, multiply(once.ways, glance));
    if (most <= kFewRounds) {
      Polynomial reached = constant(1);  // ways to have done so many rounds before another one
      Polynomial glanced = constant(1);
      if (node.min == 0) effort.ways = effort.glance_ways = constant(1);
      for (std::uint32_t round = 1; round <= most; ++round) {
        effort.calls = add(effort.calls, multiply(reached, round < most ? step_and_next : step));
        effort.glance_calls = add(effort.glance_calls, multiply(glanced, glance));
        const bool may_end = begun == 0 && round >= node.min;
        if (may_end) effort.ways = add(effort.ways, multiply(reached, once.ways));
        reached = multiply(reached, before.ways);
        glanced = multiply(glanced, once.glance_ways);
        if (may_end) effort.glance_ways = add(effort.glance_ways, glanced);
      }
      return effort;
    }
    // More rounds than that: one way a round is one way for each number of rounds; more ways a round explode.
    if (!single_way(before.ways)) effort.explosive = true;
    // A round takes a byte; empty ones are as many as must be or, PCRE2 ends no others, may be.
    Polynomial rounds = linear(2);
    if (once.nullable) rounds[0] = node.max == kUnbounded ? node.min : node.max;
    const Polynomial no_round = constant(node.min == 0 ? 1 : 0);
    effort.ways = add(multiply(rounds, once.ways), no_round);
    effort.calls = multiply(rounds, step_and_next);
    if (!once.nullable && before.calls_a_match > 0) {
      // The last round, which may walk in vain, and the others.
      effort.calls = add(add(step_and_next, linear(before.calls_a_byte)),
                         multiply(rounds, constant(before.calls_a_match + 2)));
    }
    effort.glance_ways = once.nullable ? effort.ways : no_round;
    effort.glance_calls = once.nullable ? effort.calls : glance;
    return effort;
  }

  [[nodiscard]] Effort measure_possible(const Node& node) {
    switch (node.kind) {
      case NodeKind::bytes: {
        Effort effort;
        effort.ways = constant(1);
        effort.first = node.set;
        return effort;
      }
      case NodeKind::concat:
        return measure_concat(node);
      case NodeKind::alternate:
        return measure_alternate(node);
      case NodeKind::repeat:
        return measure_repeat(node);
      case NodeKind::capture: {
        Effort effort = measure(node.children[0]);
        effort.calls = add(effort.calls, constant(2));
        effort.glance_calls = add(effort.glance_calls, constant(2));
        return effort;
      }
      case NodeKind::atomic: {
        Effort effort = measure(node.children[0]);
        effort.calls = add(effort.calls, constant(2));
        effort.glance_calls = add(effort.glance_calls, constant(2));
        effort.ways = constant(1);
        effort.glance_ways = constant(effort.nullable ? 1 : 0);
        return effort;
      }
      case NodeKind::look: {
        Effort effort = zero_width(2);
        const Effort inner = measure(node.children[0]);
        effort.calls = add(effort.calls, inner.calls);
        effort.glance_calls = effort.calls;  // it looks elsewhere
        effort.explosive = inner.explosive;
        return effort;
      }
      case NodeKind::anything: {
        Effort effort = zero_width(1);
        effort.first = ~ByteSet();
        return effort;
      }
      default:
        return zero_width(1);
    }
  }

  const CannotMatch& cannot_match_;
  std::uint32_t few_repeats_;
  std::map<const Node*, Effort> measured_;
};

std::size_t longest_within(const Effort& effort, double budget) {
  if (effort.explosive) return 0;
  const Polynomial calls = add(effort.calls, effort.ways);
  std::size_t low = 0;
  std::size_t high = std::size_t{1} << 31;
  if (value_at(calls, 0) > budget) return 0;
  if (value_at(calls, static_cast<double>(high)) <= budget) return kUnlimited;
  while (high - low > 1) {
    const std::size_t middle = low + (high - low) / 2;
    (value_at(calls, static_cast<double>(middle)) <= budget ? low : high) = middle;
  }
  return low;
}

}  // namespace

std::size_t longest_safe_subject(const Node& tree, std::uint64_t match_limit) {
  return longest_safe_subject(tree, match_limit, CannotMatch());
}

std::size_t longest_safe_subject(const Node& tree, std::uint64_t match_limit,
                                 const CannotMatch& cannot_match) {
  if (match_limit == 0) return kUnlimited;
  const double budget = static_cast<double>(match_limit) / 2;
  std::size_t longest = 0;
  for (const std::uint32_t few : kFewRepeats)
    longest = std::max(longest, longest_within(Meter(cannot_match, few).measure(tree), budget));
  return longest;
}

}  // namespace headgate::analyse
