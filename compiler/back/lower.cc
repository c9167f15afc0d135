// How it works: one pass decides what is kept, a second emits; forward jumps are patched when their target is known. An if
// that never closes keeps the end of the program as its target: false, it ends the lookup.
// Tested by tests/compiler/back/lower_test.cc.
#include "compiler/back/lower.h"

#include <map>
#include <utility>

namespace headgate::back {

namespace {

using front::Statement;
using front::StatementKind;

struct OpenGuard {
  std::size_t statement;
  bool marked;    // itself, or a guard around it
  bool has_kept;  // a kept rule stands in it
};

// Which statements the emergency program keeps.
std::vector<bool> kept_in_emergency(const front::RuleFile& file) {
  const auto& statements = file.statements;
  std::vector<bool> kept(statements.size(), false);
  std::vector<OpenGuard> open;
  const auto close = [&](std::size_t end) {
    const OpenGuard guard = open.back();
    open.pop_back();
    if (!guard.has_kept) return;
    kept[guard.statement] = true;
    if (end < statements.size()) kept[end] = true;
    if (!open.empty()) open.back().has_kept = true;
  };
  for (std::size_t i = 0; i < statements.size(); ++i) {
    const bool inside_marked = !open.empty() && open.back().marked;
    switch (statements[i].kind) {
      case StatementKind::guard:
        open.push_back(OpenGuard{i, inside_marked || statements[i].emergency, false});
        break;
      case StatementKind::end:
        close(i);
        break;
      case StatementKind::rule:
        kept[i] = inside_marked || statements[i].emergency;
        if (kept[i] && !open.empty()) open.back().has_kept = true;
        break;
    }
  }
  while (!open.empty()) close(statements.size());
  return kept;
}

struct Use {
  std::uint32_t id;
  bool is_plain_rule;
  std::vector<std::uint32_t> guards;

  auto operator<=>(const Use&) const = default;
};

class Lowering {
 public:
  Lowering(front::Dialect dialect, const std::string& name,
           const std::vector<CompiledPattern>& patterns)
      : patterns_(patterns) {
    lowered_.parts.dialect =
        dialect == front::Dialect::pcre ? rules::Dialect::pcre : rules::Dialect::regexp;
    lowered_.parts.name = name;
  }

  void add(const Statement& statement) {
    switch (statement.kind) {
      case StatementKind::guard:
        open_.push_back(add_test(statement.pattern, rules::Role::guard, statement.line));
        if (!statement.pattern.negated) plain_guards_.push_back(statement.pattern.id);
        break;
      case StatementKind::end:
        ops()[open_.back()].target = next();
        if (!ops()[open_.back()].negated) plain_guards_.pop_back();
        open_.pop_back();
        break;
      case StatementKind::rule:
        add_rule(statement);
        break;
    }
  }

  Lowered finish() {
    for (const std::size_t guard : open_) ops()[guard].target = next();
    return std::move(lowered_);
  }

 private:
  std::vector<rules::Op>& ops() { return lowered_.parts.ops; }

  [[nodiscard]] std::uint32_t next() const {
    return static_cast<std::uint32_t>(lowered_.parts.ops.size());
  }

  std::uint32_t local_id(std::uint32_t id, bool is_plain_rule) {
    Use use{id, is_plain_rule, {}};
    if (is_plain_rule) use.guards = plain_guards_;
    const auto [place, is_new] =
        local_.emplace(use, static_cast<std::uint32_t>(lowered_.parts.patterns.size()));
    if (is_new) {
      const CompiledPattern& source = patterns_[id];
      rules::Pattern pattern;
      pattern.reference = source.engine;
      pattern.recipe = source.reference;
      pattern.reason = source.plan.reason;
      pattern.text = source.source.text;
      pattern.flags = source.source.flags.letters;
      pattern.line = source.line;
      pattern.on_demand = !is_plain_rule;
      lowered_.parts.patterns.push_back(std::move(pattern));
      lowered_.pattern_ids.push_back(id);
      lowered_.guards.push_back(std::move(use.guards));
    }
    return place->second;
  }

  std::size_t add_test(const front::Pattern& pattern, rules::Role role, int line) {
    const bool is_plain_rule = role == rules::Role::rule && !pattern.negated;
    ops().push_back(rules::Op{rules::OpKind::test, role, pattern.negated, line,
                              local_id(pattern.id, is_plain_rule), 0});
    return ops().size() - 1;
  }

  void add_rule(const Statement& statement) {
    const std::size_t first = add_test(statement.pattern, rules::Role::rule, statement.line);
    std::size_t second = first;
    if (statement.has_second)
      second = add_test(statement.second, rules::Role::second, statement.line);
    const auto index = static_cast<std::uint32_t>(lowered_.parts.rules.size());
    ops().push_back(
        rules::Op{rules::OpKind::emit, rules::Role::rule, false, statement.line, index, 0});
    ops()[first].target = next();
    ops()[second].target = next();
    rules::Rule rule;
    rule.line = statement.line;
    rule.value_text = statement.value_text;
    rule.pattern = ops()[first].index;
    for (const front::Piece& piece : statement.value)
      rule.value.push_back(rules::Piece{piece.literal, piece.group});
    lowered_.parts.rules.push_back(std::move(rule));
  }

  const std::vector<CompiledPattern>& patterns_;
  Lowered lowered_;
  std::map<Use, std::uint32_t> local_;
  std::vector<std::size_t> open_;
  std::vector<std::uint32_t> plain_guards_;  // of open_, by their pattern
};

}  // namespace

Lowered lower(front::Dialect dialect, const std::string& name, const front::RuleFile& file,
              const std::vector<CompiledPattern>& patterns, Subset subset) {
  Lowering lowering(dialect, name, patterns);
  const std::vector<bool> kept = subset == Subset::emergency
                                     ? kept_in_emergency(file)
                                     : std::vector<bool>(file.statements.size(), true);
  for (std::size_t i = 0; i < file.statements.size(); ++i) {
    if (kept[i]) lowering.add(file.statements[i]);
  }
  return lowering.finish();
}

}  // namespace headgate::back
