// How it works: a rule's text is read off the operations of its Program: the tests between the guards and its emit. Rules of
// an inline table may share a line; then the action tells which one it was.
// Tested by tests/smtpd/cli/diff_test.cc.
#include "smtpd/cli/rule_list.h"

#include <utility>

#include <fmt/format.h>

#include "engine/rules/program_lookup.h"

namespace headgate::cli {

namespace {

using checks::KeyClass;

// With its length in front, so that no two rules share a text.
void append(std::string& text, std::string_view part) {
  text += fmt::format("{}:{}", part.size(), part);
}

std::string action_text(const MatchStep& step) {
  const std::string_view word = checks::command(step.action);
  return step.text.empty() ? std::string(word) : fmt::format("{} {}", word, step.text);
}

// How well an action as written fits the step: 0 not at all, 2 to the letter.
int fit(const ListedRule& rule, const MatchStep& step) {
  const checks::Action action = checks::parse_action(rule.action, step.key_class);
  if (action.kind != step.action) return 0;
  return action.text == step.text ? 2 : 1;
}

}  // namespace

RuleList::RuleList(const checks::CheckSet& set) {
  add_tables(*set.header, false);
  if (set.mime != set.header) add_tables(*set.mime, false);
  if (set.nested != set.header && set.nested != set.mime) add_tables(*set.nested, false);
  add_tables(*set.body, true);
}

void RuleList::add_tables(const checks::TableList& list, bool body) {
  for (const auto& table : list.tables) {
    const auto* lookup = dynamic_cast<const rules::ProgramLookup*>(table.get());
    if (lookup == nullptr) continue;
    const rules::Program& program = lookup->program();
    // header_checks and mime_header_checks may name the same table.
    const auto known = by_place_.lower_bound({body, table->name(), 0});
    if (known != by_place_.end() && std::get<0>(known->first) == body &&
        std::get<1>(known->first) == table->name())
      continue;
    ListedRule rule;
    for (const rules::Op& op : program.ops()) {
      if (op.kind == rules::OpKind::emit) {
        rule.table = table->name();
        rule.line = program.rules()[op.index].line;
        rule.action = program.rules()[op.index].value_text;
        rule.body = body;
        add(std::exchange(rule, {}));
        continue;
      }
      if (op.role == rules::Role::guard) continue;
      if (op.role == rules::Role::rule) rule = {};
      const rules::Pattern& pattern = program.patterns()[op.index];
      rule.pattern += fmt::format("{}/{}/{}", op.negated ? "!" : "", pattern.text, pattern.flags);
      rule.tests += op.negated ? '!' : '=';
      append(rule.tests, pattern.text);
      append(rule.tests, pattern.flags);
    }
  }
}

void RuleList::add(ListedRule rule) {
  identify(rule);
  by_place_[{rule.body, rule.table, rule.line}].push_back(rules_.size());
  rules_.push_back(std::move(rule));
}

void RuleList::identify(ListedRule& rule) {
  rule.tests.insert(0, rule.body ? "body " : "header ");
  rule.identity = rule.tests;
  append(rule.identity, rule.action);
  rule.identity += fmt::format("#{}", ++seen_[rule.identity]);
}

std::size_t RuleList::rule_of(const MatchStep& step) {
  const bool body = step.key_class == KeyClass::body;
  const auto place = by_place_.find({body, step.table, step.line});
  if (place != by_place_.end()) {
    std::size_t best = place->second.front();
    if (place->second.size() == 1) return best;
    for (const std::size_t candidate : place->second) {
      if (fit(rules_[candidate], step) > fit(rules_[best], step)) best = candidate;
    }
    return best;
  }
  const std::string action = action_text(step);
  const auto [entry, is_new] =
      entries_.emplace(fmt::format("{}{} {}", body, step.table, action), rules_.size());
  if (is_new) {
    ListedRule rule;
    rule.table = step.table;
    rule.action = action;
    rule.body = body;
    identify(rule);
    rules_.push_back(std::move(rule));
  }
  return entry->second;
}

}  // namespace headgate::cli
