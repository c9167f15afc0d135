// How it works: find_text walks through the sets of states that the automata can be in, all of them in step, byte by byte,
// breadth first. Bytes that no set of any automaton tells apart are one. A zero-width test needs the byte before and the byte
// after: a set is closed over free steps only when the next byte is known. An automaton that has accepted stays so.
// Tested by tests/compiler/lint/automaton_test.cc.
#include "compiler/lint/automaton.h"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "engine/base/text.h"

namespace headgate::lint {

namespace {

using analyse::ByteSet;
using analyse::Node;
using analyse::NodeKind;

constexpr std::size_t kMostAutomatonStates = 3'000;
constexpr std::size_t kMostStates = 4'000;     // sets in one search
constexpr std::size_t kMostMembers = 400'000;  // … and their members, all together

class Builder {
 public:
  explicit Builder(Approximation approximation) : approximation_(approximation) {}

  std::optional<Automaton> run(const Node& tree) {
    automaton_.start = add();
    const auto end = build(tree, automaton_.start);
    if (too_large_) return std::nullopt;
    automaton_.accept = end;
    return std::move(automaton_);
  }

 private:
  std::uint32_t add() {
    if (automaton_.states.size() >= kMostAutomatonStates) too_large_ = true;
    automaton_.states.emplace_back();
    return static_cast<std::uint32_t>(automaton_.states.size() - 1);
  }

  void link(std::uint32_t from, std::uint32_t to, Test test = Test::none) {
    automaton_.states[from].free.push_back({to, test});
  }

  std::uint32_t test(std::uint32_t from, Test test) {
    const auto to = add();
    link(from, to, test);
    return to;
  }

  // What is not known exactly: always true, or never.
  std::uint32_t unknown(std::uint32_t from) {
    const auto to = add();
    if (approximation_ == Approximation::more) link(from, to);
    return to;
  }

  // The state behind the node, for a match that begins in `from`.
  std::uint32_t build(const Node& node, std::uint32_t from) {
    if (too_large_) return from;
    switch (node.kind) {
      case NodeKind::bytes: {
        const auto to = add();
        const auto step = add();
        link(from, step);
        automaton_.states[step].takes = node.set;
        automaton_.states[step].next = to;
        return to;
      }
      case NodeKind::concat:
        for (const Node& child : node.children) from = build(child, from);
        return from;
      case NodeKind::alternate: {
        const auto to = add();
        for (const Node& child : node.children) {
          const auto begin = add();
          link(from, begin);
          link(build(child, begin), to);
        }
        return to;
      }
      case NodeKind::repeat:
        return repeat(node, from);
      case NodeKind::capture:
        return build(node.children.front(), from);
      case NodeKind::atomic:
        return approximation_ == Approximation::more ? build(node.children.front(), from)
                                                     : unknown(from);
      case NodeKind::text_start:
        return test(from, Test::text_start);
      case NodeKind::text_end:
      case NodeKind::last_line_end:  // the same where no text ends in a newline
        return test(from, Test::text_end);
      case NodeKind::line_start:
        return test(from, Test::line_start);
      case NodeKind::line_end:
        return test(from, Test::line_end);
      case NodeKind::word_boundary:
        return test(from, Test::word);
      case NodeKind::no_word_boundary:
        return test(from, Test::no_word);
      case NodeKind::anything:
        return anything(from);
      case NodeKind::look:
      case NodeKind::maybe:
      case NodeKind::doubt:
        return unknown(from);
    }
    return unknown(from);
  }

  std::uint32_t repeat(const Node& node, std::uint32_t from) {
    const Node& child = node.children.front();
    for (std::uint32_t i = 0; i < node.min && !too_large_; ++i) from = build(child, from);
    const auto to = add();
    if (node.max == analyse::kUnbounded) {
      const auto loop = add();
      link(from, loop);
      link(build(child, loop), loop);
      link(loop, to);
      return to;
    }
    link(from, to);
    for (std::uint32_t i = node.min; i < node.max && !too_large_; ++i) {
      from = build(child, from);
      link(from, to);
    }
    return to;
  }

  std::uint32_t anything(std::uint32_t from) {
    const auto to = unknown(from);
    if (approximation_ == Approximation::less) return to;
    const auto step = add();
    link(to, step);
    automaton_.states[step].takes = ~ByteSet();
    automaton_.states[step].next = to;
    return to;
  }

  Approximation approximation_;
  Automaton automaton_;
  bool too_large_ = false;
};

// ---- The search

enum class Side : std::uint8_t { edge, newline, word, other };

Side side_of(unsigned char byte) {
  if (byte == '\n') return Side::newline;
  const char c = static_cast<char>(byte);
  return text::is_alnum(c) || c == '_' ? Side::word : Side::other;
}

bool holds(Test test, Side before, Side after) {
  switch (test) {
    case Test::none:
      return true;
    case Test::text_start:
      return before == Side::edge;
    case Test::text_end:
      return after == Side::edge;
    case Test::line_start:
      return before == Side::edge || before == Side::newline;
    case Test::line_end:
      return after == Side::edge || after == Side::newline;
    case Test::word:
      return (before == Side::word) != (after == Side::word);
    case Test::no_word:
      return (before == Side::word) == (after == Side::word);
  }
  return false;
}

using States = std::vector<std::uint32_t>;  // sorted; {kAccepted}: it has matched
constexpr std::uint32_t kAccepted = 0xffffffffU;

struct Place {
  Side before = Side::edge;
  std::vector<States> states;  // by condition

  auto operator<=>(const Place&) const = default;
};

struct Origin {
  std::size_t from = 0;
  char byte = 0;
};

class Search {
 public:
  explicit Search(const std::vector<Condition>& conditions) : conditions_(conditions) {
    find_classes();
  }

  Found run(std::string* text) {
    Place first;
    for (const Condition& condition : conditions_)
      first.states.push_back({condition.pattern->start});
    add(std::move(first), {});
    for (std::size_t at = 0; at < places_.size(); ++at) {
      if (places_.size() > kMostStates || members_ > kMostMembers) return Found::perhaps;
      // An ending in a newline is no text, nor is there one in which all is decided the wrong way.
      if (is_lost(*places_[at])) continue;
      if (at != 0 && places_[at]->before != Side::newline && ends_well(*places_[at])) {
        if (text != nullptr) *text = text_to(at);
        return Found::yes;
      }
      for (const unsigned char byte : classes_) step(at, byte);
    }
    return Found::no;
  }

  // Members of sets times bytes.
  [[nodiscard]] std::size_t cost() const { return members_ * classes_.size(); }

 private:
  // One byte of each class, those that read well first.
  void find_classes() {
    std::vector<ByteSet> sets = {analyse::single('\n'), analyse::word_bytes(), analyse::single(0)};
    for (const Condition& condition : conditions_)
      for (const Automaton::State& state : condition.pattern->states)
        if (state.takes && std::ranges::find(sets, *state.takes) == sets.end())
          sets.push_back(*state.takes);
    std::set<std::vector<bool>> seen;
    std::string order = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -.:";
    for (unsigned c = 1; c < 256; ++c)
      if (order.find(static_cast<char>(c)) == std::string::npos) order += static_cast<char>(c);
    for (const char c : order) {
      const auto byte = static_cast<unsigned char>(c);
      std::vector<bool> signature;
      for (const ByteSet& set : sets) signature.push_back(set.test(byte));
      if (seen.insert(std::move(signature)).second) classes_.push_back(byte);
    }
  }

  void add(Place place, Origin origin) {
    for (const States& states : place.states) members_ += states.size();
    const auto [at, fresh] = known_.insert(std::move(place));
    if (!fresh) return;
    places_.push_back(&*at);
    origins_.push_back(origin);
  }

  // One that must not match has matched.
  [[nodiscard]] bool is_lost(const Place& place) const {
    for (std::size_t i = 0; i < conditions_.size(); ++i)
      if (!conditions_[i].matches && has_accepted(place.states[i])) return true;
    return false;
  }

  static bool has_accepted(const States& states) {
    return states.size() == 1 && states.front() == kAccepted;
  }

  [[nodiscard]] bool ends_well(const Place& place) const {
    for (std::size_t i = 0; i < conditions_.size(); ++i) {
      const States closed =
          close(*conditions_[i].pattern, place.states[i], place.before, Side::edge);
      if (has_accepted(closed) != conditions_[i].matches) return false;
    }
    return true;
  }

  static States close(const Automaton& pattern, const States& states, Side before, Side after) {
    if (has_accepted(states)) return states;
    States open = states;
    std::vector<bool> seen(pattern.states.size());
    for (const std::uint32_t state : open) seen[state] = true;
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (open[i] == pattern.accept) return {kAccepted};
      for (const Automaton::Step& step : pattern.states[open[i]].free) {
        if (seen[step.to] || !holds(step.test, before, after)) continue;
        seen[step.to] = true;
        open.push_back(step.to);
      }
    }
    return open;
  }

  void step(std::size_t from, unsigned char byte) {
    const Place& place = *places_[from];
    Place next;
    next.before = side_of(byte);
    for (std::size_t i = 0; i < conditions_.size(); ++i) {
      const Automaton& pattern = *conditions_[i].pattern;
      States closed = close(pattern, place.states[i], place.before, next.before);
      if (has_accepted(closed)) {
        next.states.push_back(std::move(closed));
        continue;
      }
      States after = {pattern.start};  // a match may begin at each place
      for (const std::uint32_t state : closed) {
        const Automaton::State& at = pattern.states[state];
        if (at.takes && at.takes->test(byte)) after.push_back(at.next);
      }
      std::ranges::sort(after);
      after.erase(std::unique(after.begin(), after.end()), after.end());
      next.states.push_back(std::move(after));
    }
    add(std::move(next), {from, static_cast<char>(byte)});
  }

  [[nodiscard]] std::string text_to(std::size_t at) const {
    std::string text;
    for (; at != 0; at = origins_[at].from) text += origins_[at].byte;
    return {text.rbegin(), text.rend()};
  }

  const std::vector<Condition>& conditions_;
  std::vector<unsigned char> classes_;
  std::set<Place> known_;
  std::vector<const Place*> places_;
  std::vector<Origin> origins_;
  std::size_t members_ = 0;
};

}  // namespace

std::optional<Automaton> make_automaton(const Node& tree, Approximation approximation) {
  return Builder(approximation).run(tree);
}

Found find_text(const std::vector<Condition>& conditions, std::string* text, std::size_t* budget) {
  if (budget != nullptr && *budget == 0) return Found::perhaps;
  Search search(conditions);
  const Found found = search.run(text);
  if (budget != nullptr) *budget -= std::min(*budget, search.cost());
  return found;
}

}  // namespace headgate::lint
