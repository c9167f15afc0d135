// Tested by tests/compiler/migrate/group_test.cc.
#include "compiler/migrate/outline.h"

#include <algorithm>
#include <map>
#include <utility>

#include "compiler/analyse/required.h"
#include "compiler/analyse/strategy.h"
#include "engine/base/text.h"

namespace headgate::migrate {

namespace {

using front::Statement;
using front::StatementKind;

struct Knowledge {
  std::optional<std::vector<std::string>> names;
  bool only_name = false, only_literal = false;
  std::vector<std::string> literals;
};

bool is_plain_literal(const analyse::Node& node) {
  if (node.kind == analyse::NodeKind::bytes)
    return node.set.count() <= 2 && analyse::fold_case(node.set) == node.set;
  return node.kind == analyse::NodeKind::concat && !node.children.empty() &&
         std::all_of(node.children.begin(), node.children.end(), is_plain_literal);
}

Knowledge know(front::Dialect dialect, const front::Pattern& pattern) {
  Knowledge knowledge;
  const auto tree = dialect == front::Dialect::pcre
                        ? analyse::parse_pcre(pattern.text, pattern.flags)
                        : analyse::parse_posix(pattern.text, pattern.flags);
  if (!tree) return knowledge;
  const analyse::Needs needs = analyse::needs_of(*tree, *tree, 0);
  if (!needs.header_names.empty()) knowledge.names = needs.header_names;
  knowledge.only_name = needs.only_name;
  knowledge.only_literal = is_plain_literal(*tree);
  for (const analyse::Clause& clause : analyse::required_literals(*tree))
    if (clause.size() == 1) knowledge.literals.push_back(text::lower(clause[0].bytes));
  return knowledge;
}

class Outliner {
 public:
  explicit Outliner(const ParsedTable& table) : table_(table) {}

  Block run() {
    Block whole;
    fill(whole, true);
    return whole;
  }

 private:
  // Up to the endif, which is left to whoever opened the block, or to the end.
  void fill(Block& block, bool outermost) {
    std::vector<const Item*> lead;
    for (; at_ < table_.items.size(); ++at_) {
      const Item& item = table_.items[at_];
      if (item.kind != ItemKind::statement) {
        lead.push_back(&item);
        continue;
      }
      const Statement& statement = table_.file.statements[item.statement];
      if (statement.kind == StatementKind::end && !outermost) break;
      Unit unit;
      unit.lead = std::exchange(lead, {});
      unit.head = &item;
      describe(unit, statement);
      if (statement.kind == StatementKind::guard) fill_if(unit);
      block.units.push_back(std::move(unit));
      if (at_ >= table_.items.size()) break;
    }
    block.tail = std::move(lead);
  }

  void fill_if(Unit& unit) {
    unit.is_if = true;
    ++at_;
    fill(unit.body, false);
    if (at_ < table_.items.size()) {
      unit.end = &table_.items[at_];
    } else {
      unit.names.reset();  // when it is false, nothing behind it is looked at
      unit.is_name_guard = unit.is_literal_guard = false;
      return;
    }
    unite(unit);
  }

  // What an if does not say itself, all that stands in it may.
  static void unite(Unit& unit) {
    if (unit.names) return;
    std::vector<std::string> names;
    for (const Unit& inner : unit.body.units) {
      if (!inner.names) return;
      names.insert(names.end(), inner.names->begin(), inner.names->end());
    }
    if (!names.empty()) unit.names = std::move(names);
  }

  void describe(Unit& unit, const Statement& statement) {
    if (statement.pattern.negated) return;
    auto found = known_.find(statement.pattern.id);
    if (found == known_.end()) {
      found = known_.emplace(statement.pattern.id, know(table_.dialect, statement.pattern)).first;
    }
    const Knowledge& knowledge = found->second;
    unit.names = knowledge.names;
    if (statement.kind == StatementKind::guard) {
      // One with a mark of its own marks all that stands in it: it stays together.
      unit.is_name_guard = knowledge.only_name && knowledge.names && knowledge.names->size() == 1 &&
                           !statement.emergency;
      unit.is_literal_guard = knowledge.only_literal;
    } else {
      unit.literals = knowledge.literals;
    }
  }

  const ParsedTable& table_;
  std::size_t at_ = 0;
  std::map<std::uint32_t, Knowledge> known_;
};

}  // namespace

Block outline(const ParsedTable& table) { return Outliner(table).run(); }

}  // namespace headgate::migrate
