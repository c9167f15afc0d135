// How it works: units of one block, in order; for each name at most one cluster is open. A unit of that name alone joins it; a unit of
// which it is not known that it asks for other names closes it. So all units between a cluster's first and any later member
// exclude that member. Clusters of a few rules are not worth an if and stay where they were.
// Tested by tests/compiler/migrate/group_test.cc.
#include "compiler/migrate/group.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "compiler/migrate/outline.h"
#include "compiler/migrate/written_table.h"
#include "engine/base/text.h"

namespace headgate::migrate {

namespace {

constexpr std::size_t kLeastOfName = 3;     // rules that are worth an if for a name
constexpr std::size_t kLeastOfLiteral = 8;  // and for a literal, which may be anywhere
constexpr std::size_t kShortestLiteral = 4;

std::string spelled(std::string_view literal) {
  std::string out;
  for (const char c : literal) {
    if (std::string_view("\\^$.[|()?*+{/").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

bool is_printable(std::string_view s) {
  return std::all_of(s.begin(), s.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

std::size_t rules_in(const Unit& unit) {
  if (!unit.is_if) return 1;
  std::size_t rules = 0;
  for (const Unit& inner : unit.body.units) rules += rules_in(inner);
  return rules;
}

struct Cluster {
  std::string name;
  std::vector<std::size_t> members;  // places of units
  bool has_guard = false;            // one of them is an if for the name
};

class Grouper {
 public:
  explicit Grouper(const ParsedTable& table) : table_(table) {}

  GroupedTable run() {
    Block whole = outline(table_);
    keep_file_header(whole);
    group(whole, {}, false);
    for (const Item* item : header_) out_.add_loose(*item);
    write(whole);
    result_.text = out_.text();
    return std::move(result_);
  }

 private:
  // What stands at the top, with a blank line behind it, is about the file and not about its first rule.
  void keep_file_header(Block& whole) {
    if (whole.units.empty()) return;
    auto& lead = whole.units[0].lead;
    std::size_t header = 0;
    for (std::size_t i = 0; i < lead.size(); ++i) {
      if (lead[i]->kind != ItemKind::loose || is_emergency_mark(lead[i]->lines[0])) break;
      if (text::trim(lead[i]->lines[0]).empty()) header = i + 1;
    }
    header_.assign(lead.begin(), lead.begin() + static_cast<std::ptrdiff_t>(header));
    lead.erase(lead.begin(), lead.begin() + static_cast<std::ptrdiff_t>(header));
  }

  // `known`: the names that the ifs around ask for. `in_literal`: one of them asks for a literal.
  void group(Block& block, const std::set<std::string>& known, bool in_literal) {
    by_name(block, known);
    if (!in_literal) by_literal(block, known);
    for (Unit& unit : block.units) {
      if (!unit.is_if) continue;
      std::set<std::string> inner = known;
      if (unit.is_name_guard) inner.insert(unit.names->front());
      group(unit.body, inner, in_literal || unit.is_literal_guard);
    }
  }

  void by_name(Block& block, const std::set<std::string>& known) {
    std::vector<Cluster> clusters = find_clusters(block, known);
    std::vector<std::size_t> head(block.units.size());  // by a unit's place, its cluster's first
    for (std::size_t i = 0; i < head.size(); ++i) head[i] = i;
    std::map<std::size_t, const Cluster*> kept;
    for (const Cluster& cluster : clusters) {
      std::size_t rules = 0;
      for (const std::size_t i : cluster.members) rules += rules_in(block.units[i]);
      const bool worth = cluster.has_guard ? cluster.members.size() > 1
                                           : rules >= kLeastOfName && cluster.members.size() > 1;
      if (!worth) continue;
      for (const std::size_t i : cluster.members) head[i] = cluster.members[0];
      kept[cluster.members[0]] = &cluster;
    }
    std::vector<Unit> units;
    for (std::size_t i = 0; i < block.units.size(); ++i) {
      if (head[i] != i) continue;
      if (const auto found = kept.find(i); found != kept.end())
        units.push_back(gathered(block, *found->second));
      else
        units.push_back(std::move(block.units[i]));
    }
    block.units = std::move(units);
  }

  static std::vector<Cluster> find_clusters(const Block& block,
                                            const std::set<std::string>& known) {
    std::vector<Cluster> clusters;
    std::map<std::string, std::size_t> open;
    for (std::size_t i = 0; i < block.units.size(); ++i) {
      const Unit& unit = block.units[i];
      if (!unit.names) {
        open.clear();
        continue;
      }
      const bool one = unit.names->size() == 1 && is_printable(unit.names->front());
      if (!one || known.contains(unit.names->front())) {
        for (const std::string& name : *unit.names) open.erase(name);
        continue;
      }
      const std::string& name = unit.names->front();
      const auto [found, is_new] = open.emplace(name, clusters.size());
      if (is_new) clusters.push_back({name, {}, false});
      Cluster& cluster = clusters[found->second];
      cluster.members.push_back(i);
      cluster.has_guard = cluster.has_guard || unit.is_name_guard;
    }
    return clusters;
  }

  Unit gathered(Block& block, const Cluster& cluster) {
    Unit unit;
    unit.is_if = unit.is_name_guard = true;
    unit.names = std::vector<std::string>{cluster.name};
    unit.guard = fmt::format("/^{}:/", spelled(name_as_written(block, cluster)));
    rules::MigratedGroup row;
    row.guard = unit.guard;
    std::size_t expected = cluster.members[0];
    for (const std::size_t i : cluster.members) {
      Unit& member = block.units[i];
      row.rules += rules_in(member);
      if (i != expected) row.moved += rules_in(member);
      expected = i != expected ? expected : i + 1;
      if (member.is_name_guard)
        take_apart(member, unit.body.units);
      else
        unit.body.units.push_back(std::move(member));
    }
    unit.body.tail = std::exchange(tail_, {});
    unit.body.tail.insert(unit.body.tail.end(), idle_marks_.begin(), idle_marks_.end());
    idle_marks_.clear();
    pending_.push_back(row);
    return unit;
  }

  // An if for the name goes, what stands in it stays, with the comments around it.
  void take_apart(Unit& guard, std::vector<Unit>& into) {
    std::vector<const Item*> lead = std::move(guard.lead);
    lead.insert(lead.begin(), tail_.begin(), tail_.end());
    tail_.clear();
    for (Unit& inner : guard.body.units) {
      inner.lead.insert(inner.lead.begin(), lead.begin(), lead.end());
      lead.clear();
      into.push_back(std::move(inner));
    }
    tail_ = std::move(lead);
    // A mark before an endif marks nothing: before the new if's endif that stays so, above a rule it would not.
    for (const Item* item : guard.body.tail) {
      const bool is_mark = item->kind == ItemKind::loose && is_emergency_mark(item->lines[0]);
      (is_mark ? idle_marks_ : tail_).push_back(item);
    }
  }

  // "Subject" and not "subject".
  std::string name_as_written(const Block& block, const Cluster& cluster) const {
    for (const std::size_t i : cluster.members) {
      const Unit& unit = block.units[i];
      if (unit.head == nullptr) continue;
      const std::string& text = table_.file.statements[unit.head->statement].pattern.text;
      const auto at = text::lower(text).find(cluster.name);
      if (at != std::string::npos) return text.substr(at, cluster.name.size());
    }
    return cluster.name;
  }

  void by_literal(Block& block, const std::set<std::string>& known) {
    std::vector<Unit> units;
    for (std::size_t i = 0; i < block.units.size();) {
      const auto [literal, end] = run_from(block, i, known);
      if (end - i < kLeastOfLiteral) {
        units.push_back(std::move(block.units[i++]));
        continue;
      }
      Unit unit;
      unit.is_if = unit.is_literal_guard = true;
      unit.guard = fmt::format("/{}/", spelled(literal));
      rules::MigratedGroup row;
      row.guard = unit.guard;
      row.rules = end - i;
      for (; i < end; ++i) unit.body.units.push_back(std::move(block.units[i]));
      pending_.push_back(row);
      units.push_back(std::move(unit));
    }
    block.units = std::move(units);
  }

  // The longest run of rules from `first` that share a literal, and the longest such literal.
  static std::pair<std::string, std::size_t> run_from(const Block& block, std::size_t first,
                                                      const std::set<std::string>& known) {
    std::set<std::string> shared;
    std::size_t end = first;
    for (; end < block.units.size(); ++end) {
      const Unit& unit = block.units[end];
      if (unit.is_if) break;
      std::set<std::string> next;
      if (end == first) {
        next = pieces_of(unit, known);
      } else {
        for (const std::string& piece : shared)
          if (holds(unit, piece, known)) next.insert(piece);
      }
      if (next.empty()) break;
      shared = std::move(next);
    }
    std::string longest;
    for (const std::string& piece : shared)
      if (piece.size() > longest.size()) longest = piece;
    return {longest, end};
  }

  // Of the header's name, which the ifs around have asked for, nothing.
  static std::string beyond_name(const std::string& literal, const std::set<std::string>& known) {
    for (const std::string& name : known)
      if (literal.starts_with(name + ":")) return literal.substr(name.size() + 1);
    return literal;
  }

  static std::set<std::string> pieces_of(const Unit& unit, const std::set<std::string>& known) {
    std::set<std::string> pieces;
    for (const std::string& whole : unit.literals) {
      const std::string literal = beyond_name(whole, known);
      if (!is_printable(literal)) continue;
      for (std::size_t at = 0; at + kShortestLiteral <= literal.size(); ++at)
        for (std::size_t size = kShortestLiteral; at + size <= literal.size(); ++size)
          if (text::trim(literal.substr(at, size)).size() == size)
            pieces.insert(literal.substr(at, size));
    }
    return pieces;
  }

  static bool holds(const Unit& unit, const std::string& piece,
                    const std::set<std::string>& known) {
    return std::any_of(unit.literals.begin(), unit.literals.end(), [&](const std::string& whole) {
      return beyond_name(whole, known).find(piece) != std::string::npos;
    });
  }

  void write(const Block& block) {
    for (const Unit& unit : block.units) write(unit);
    for (const Item* item : block.tail) write(*item);
  }

  void write(const Item& item) {
    if (item.kind == ItemKind::loose) return out_.add_loose(item);
    // An endif without an if would find one in the new table, and an indented line a rule that it goes on.
    if (item.kind == ItemKind::skipped) return out_.add_commented_out(item, why_skipped(item));
    result_.new_lines[item.first_line] = out_.next_line();
    out_.add_kept(item);
  }

  void write(const Unit& unit) {
    if (unit.head != nullptr) {
      for (const Item* item : unit.lead) write(*item);
      write(*unit.head);
    } else {
      note(unit);
      out_.add("if " + unit.guard);
    }
    if (!unit.is_if) return;
    write(unit.body);
    if (unit.end != nullptr)
      write(*unit.end);
    else if (unit.head == nullptr)
      out_.add("endif");
  }

  void note(const Unit& unit) {
    const auto row = std::find_if(pending_.begin(), pending_.end(), [&](const auto& pending) {
      return pending.new_line == 0 && pending.guard == unit.guard;
    });
    if (row == pending_.end()) return;
    row->new_line = out_.next_line();
    result_.groups.push_back(*row);
  }

  const ParsedTable& table_;
  WrittenTable out_;
  GroupedTable result_;
  std::vector<const Item*> header_;
  std::vector<const Item*> tail_;        // of ifs that were taken apart
  std::vector<const Item*> idle_marks_;  // #@emergency before their endifs
  std::vector<rules::MigratedGroup> pending_;
};

}  // namespace

GroupedTable group_table(const ParsedTable& table) { return Grouper(table).run(); }

}  // namespace headgate::migrate
