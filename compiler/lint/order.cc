// How it works: for each rule a text is made for which it and the guards around it are true. A rule before it that does not
// match that text does not shadow it, which the reference engine tells in a moment; for the few that do, automata decide: is
// there a text for which the later rule is true and the earlier one, or a guard around that, is not? What automata do not know
// exactly is rounded so that "no" stays certain. A pattern at which PCRE2 might give up on a long text shadows only itself.
// Tested by tests/compiler/lint/order_test.cc, also with random tables against the engines.
#include "compiler/lint/order.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "compiler/analyse/effort.h"
#include "compiler/lint/automaton.h"

namespace headgate::lint {

namespace {

using analyse::Node;
using analyse::NodeKind;
using front::StatementKind;

// Longer than any key: header_size_limit and the line that goes beyond it, line_length_limit.
constexpr std::size_t kLongestKey = 200'000;
constexpr std::size_t kMostQuestions = 4'000'000;
constexpr std::size_t kMostSteps = 300'000'000;  // of automata, for one table

// A text that the tree is likely to match; tests decide.
void spell(const Node& node, std::string& text) {
  switch (node.kind) {
    case NodeKind::bytes:
      for (const std::string_view order :
           {std::string_view("abcdefghijklmnopqrstuvwxyz"), std::string_view("0123456789 -.:/@")})
        for (const char c : order)
          if (node.set.test(static_cast<unsigned char>(c))) {
            text += c;
            return;
          }
      for (unsigned c = 33; c < 256; ++c)
        if (node.set.test(c)) {
          text += static_cast<char>(c);
          return;
        }
      text += ' ';
      return;
    case NodeKind::alternate:
      if (!node.children.empty()) spell(node.children.back(), text);
      return;
    case NodeKind::repeat:
      for (std::uint32_t i = 0; i < std::min(node.min, 300U); ++i)
        spell(node.children.front(), text);
      return;
    case NodeKind::concat:
    case NodeKind::capture:
    case NodeKind::atomic:
      for (const Node& child : node.children) spell(child, text);
      return;
    default:
      return;
  }
}

class Order {
 public:
  Order(const TableView& view, std::uint64_t match_limit, const Ask& ask, Collector& found)
      : view_(view), match_limit_(match_limit), ask_(ask), found_(found) {}

  void run() {
    for (std::size_t i = 0; i < view_.lines.size(); ++i) {
      const RuleLine& line = view_.lines[i];
      const bool guard = line.is(StatementKind::guard);
      if (!guard && !line.is(StatementKind::rule)) continue;
      if (std::ranges::any_of(line.guards,
                              [&](std::size_t g) { return impossible_.contains(g); })) {
        if (guard) impossible_[i] = true;
        continue;
      }
      make_witnesses(i);
      if (impossible_.contains(i)) continue;
      if (guard) continue;
      find_earlier(i);
      rules_.push_back(i);
    }
    for (const auto& [line, behind] : behind_) tell_unreachable(view_.lines[line], behind);
  }

 private:
  [[nodiscard]] const front::Pattern& pattern(std::size_t line) const {
    return view_.lines[line].statement->pattern;
  }

  // Null: not known.
  const Automaton* automaton(std::size_t line, Approximation approximation) {
    const auto key = std::pair(line, approximation);
    const auto known = automata_.find(key);
    if (known != automata_.end()) return known->second.get();
    std::unique_ptr<Automaton> made;
    if (view_.lines[line].tree) {
      if (auto automaton = make_automaton(*view_.lines[line].tree, approximation))
        made = std::make_unique<Automaton>(std::move(*automaton));
    }
    return automata_.emplace(key, std::move(made)).first->second.get();
  }

  // The rule or guard of that line is true: for more texts than it is.
  void add_true(std::size_t line, std::vector<Condition>& conditions) {
    const bool negated = pattern(line).negated;
    const Automaton* known = automaton(line, negated ? Approximation::less : Approximation::more);
    if (known != nullptr) conditions.push_back({known, !negated});
  }

  std::vector<Condition> all_true(std::size_t line) {
    std::vector<Condition> conditions;
    for (const std::size_t guard : view_.lines[line].guards) add_true(guard, conditions);
    add_true(line, conditions);
    return conditions;
  }

  [[nodiscard]] bool holds(std::size_t line, std::string_view text) {
    const front::Statement& statement = *view_.lines[line].statement;
    if (questions_ >= kMostQuestions) return false;
    ++questions_;
    const auto matches = ask_(statement.pattern, text);
    if (!matches || *matches == statement.pattern.negated) return false;
    if (!statement.has_second) return true;
    const auto second = ask_(statement.second, text);
    return second && *second != statement.second.negated;
  }

  [[nodiscard]] bool all_hold(std::size_t line, std::string_view text) {
    const RuleLine& rule = view_.lines[line];
    return std::ranges::all_of(rule.guards,
                               [&](std::size_t guard) { return holds(guard, text); }) &&
           holds(line, text);
  }

  // Texts for which the rule and all around it are true; or the proof that there is none.
  void make_witnesses(std::size_t line) {
    witnesses_.clear();
    const RuleLine& rule = view_.lines[line];
    std::string text;
    if (rule.tree && !pattern(line).negated) spell(*rule.tree, text);
    if (rule.guards.size() == 1 && !all_hold(line, text)) {
      std::string before;
      if (view_.lines[rule.guards[0]].tree) spell(*view_.lines[rule.guards[0]].tree, before);
      text = before + " " + text;
    }
    if (text.empty()) text = "q";
    if (!all_hold(line, text)) {
      text.clear();
      const auto conditions = all_true(line);
      if (conditions.empty()) return;
      const Found found = find_text(conditions, &text, &steps_);
      if (found == Found::no) return tell_impossible(line);
      if (found == Found::perhaps || !all_hold(line, text)) return;
    }
    witnesses_.push_back(text);
    for (const std::string& longer :
         {"q~ " + text, text + " ~q", text + text, "q~ " + text + " ~q"})
      if (all_hold(line, longer)) witnesses_.push_back(longer);
  }

  void tell_impossible(std::size_t line) {
    impossible_[line] = true;
    const RuleLine& rule = view_.lines[line];
    std::vector<Condition> alone;
    add_true(line, alone);
    const bool guard = rule.is(StatementKind::guard);
    if (rule.guards.empty() || find_text(alone, nullptr, &steps_) == Found::no) {
      const bool only_empty = ask_(rule.statement->pattern, "").value_or(false);
      found_.add("impossible-pattern", rule,
                 only_empty ? "this matches the empty text only, which is never looked up"
                            : "no text matches this",
                 only_empty ? "" : with_dollar_escaped(rule));
      return;
    }
    const RuleLine& around = view_.lines[rule.guards.back()];
    found_.add(guard ? "impossible-guard" : "impossible-rule", rule,
               fmt::format("cannot be true inside the if of line {}", around.first), {}, {},
               around.first);
  }

  // "Get $1000": the dollar was meant as one.
  static std::string with_dollar_escaped(const RuleLine& line) {
    if (!line.parts) return {};
    std::string pattern(line.text, line.parts->begin, line.parts->close - line.parts->begin);
    bool changed = false;
    for (std::size_t i = 0; i + 1 < pattern.size(); ++i) {
      if (pattern[i] == '\\') {
        ++i;
      } else if (pattern[i] == '$') {
        pattern.insert(i++, "\\");
        changed = true;
      }
    }
    if (!changed) return {};
    return line.edited(line.parts->begin, line.parts->close - line.parts->begin, pattern);
  }

  // PCRE2 cannot give up on any key, which would make the rule false.
  bool never_gives_up(std::size_t line) {
    if (match_limit_ == 0) return true;
    const auto& tree = view_.lines[line].tree;
    return tree && analyse::longest_safe_subject(*tree, match_limit_) >= kLongestKey;
  }

  [[nodiscard]] bool same_question(std::size_t a, std::size_t b) const {
    const front::Pattern& one = pattern(a);
    const front::Pattern& other = pattern(b);
    return one.negated == other.negated && same_pattern(one, other);
  }

  // Alike but for the order of the flags, and how regexp: compiles it for captures, which does not change what matches.
  [[nodiscard]] bool same_pattern(const front::Pattern& one, const front::Pattern& other) const {
    const front::Flags& f = one.flags;
    const front::Flags& g = other.flags;
    return one.text == other.text && f.caseless == g.caseless && f.multiline == g.multiline &&
           f.dotall == g.dotall && f.extended == g.extended && f.basic == g.basic &&
           f.anchored == g.anchored && f.dollar_end_only == g.dollar_end_only &&
           f.ungreedy == g.ungreedy;
  }

  // Whenever the later rule is true, so is the earlier line, a rule or a guard.
  bool follows(std::size_t earlier, std::size_t later) {
    const RuleLine& rule = view_.lines[later];
    if (std::ranges::find(rule.guards, earlier) != rule.guards.end()) return true;
    if (same_question(earlier, later) ||
        std::ranges::any_of(rule.guards, [&](std::size_t g) { return same_question(earlier, g); }))
      return true;
    if (!never_gives_up(earlier)) return false;
    const bool negated = pattern(earlier).negated;
    const Automaton* known =
        automaton(earlier, negated ? Approximation::more : Approximation::less);
    if (known == nullptr) return false;
    auto conditions = all_true(later);
    conditions.push_back({known, negated});
    return find_text(conditions, nullptr, &steps_) == Found::no;
  }

  [[nodiscard]] bool same_rule(const front::Statement& a, const front::Statement& b) const {
    return a.has_second == b.has_second && a.pattern.negated == b.pattern.negated &&
           same_pattern(a.pattern, b.pattern) &&
           (!a.has_second ||
            (a.second.negated == b.second.negated && same_pattern(a.second, b.second)));
  }

  bool shadows(std::size_t earlier, std::size_t later) {
    const RuleLine& one = view_.lines[earlier];
    const RuleLine& other = view_.lines[later];
    if (other.emergency && !one.emergency) return false;  // under stress the earlier one is gone
    const bool same = same_rule(*one.statement, *other.statement);
    if (one.statement->has_second && !same) return false;
    if (!same && witnesses_.empty()) return false;
    for (const std::string& text : witnesses_)
      if (!all_hold(earlier, text)) return false;
    return std::ranges::all_of(one.guards, [&](std::size_t g) { return follows(g, later); }) &&
           (same || follows(earlier, later));
  }

  void find_earlier(std::size_t line) {
    const RuleLine& rule = view_.lines[line];
    for (const std::size_t earlier : rules_) {
      if (!shadows(earlier, line)) continue;
      const RuleLine& by = view_.lines[earlier];
      if (same_rule(*by.statement, *rule.statement)) {
        const bool same = by.statement->value_text == rule.statement->value_text;
        found_.add(same ? "duplicate-rule" : "duplicate-pattern", rule,
                   same ? fmt::format("the same rule stands in line {}", by.first)
                        : fmt::format("line {} has the same pattern, with \"{}\"", by.first,
                                      by.statement->value_text),
                   {}, {}, by.first);
      } else if (matches_all(earlier)) {
        behind_[earlier].push_back(line);
      } else {
        found_.add("shadowed-rule", rule,
                   fmt::format("line {} matches all that this rule matches", by.first), {}, {},
                   by.first);
      }
      return;
    }
  }

  bool matches_all(std::size_t line) {
    const auto known = matches_all_.find(line);
    if (known != matches_all_.end()) return known->second;
    const bool negated = pattern(line).negated;
    const Automaton* pattern = automaton(line, negated ? Approximation::more : Approximation::less);
    const bool all = pattern != nullptr && find_text({{pattern, negated}}) == Found::no;
    return matches_all_[line] = all;
  }

  void tell_unreachable(const RuleLine& by, const std::vector<std::size_t>& behind) {
    const RuleLine& first = view_.lines[behind.front()];
    const RuleLine& last = view_.lines[behind.back()];
    found_.add("unreachable-rule", first,
               behind.size() == 1
                   ? fmt::format("line {} matches everything", by.first)
                   : fmt::format("line {} matches everything: this and {} more rules, down to line "
                                 "{}, never win",
                                 by.first, behind.size() - 1, last.first),
               {}, {}, by.first);
  }

  const TableView& view_;
  std::uint64_t match_limit_;
  const Ask& ask_;
  Collector& found_;
  std::map<std::pair<std::size_t, Approximation>, std::unique_ptr<Automaton>> automata_;
  std::map<std::size_t, bool> impossible_, matches_all_;
  std::map<std::size_t, std::vector<std::size_t>>
      behind_;                          // a rule that matches all -> those after
  std::vector<std::size_t> rules_;      // so far
  std::vector<std::string> witnesses_;  // of the rule that is looked at
  std::size_t questions_ = 0;
  std::size_t steps_ = kMostSteps;
};

}  // namespace

void find_order(const TableView& view, std::uint64_t match_limit, const Ask& ask,
                Collector& found) {
  Order(view, match_limit, ask, found).run();
}

}  // namespace headgate::lint
