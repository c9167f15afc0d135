// A rule's text is read off the operations: the tests between the guards and its emit. The rules of an
// emergency Program find their rows by line, because a rule's number among its equals is counted over the whole table.
// Tested by tests/engine/rules/statistics_test.cc.
#include "engine/rules/statistics.h"

#include <algorithm>
#include <utility>

#include "engine/rules/program.h"

namespace headgate::rules {

namespace {

// Each part with its length in front, so that no two rules share a text.
void append(std::string& text, std::string_view part) {
  text += std::to_string(part.size());
  text += ':';
  text += part;
}

// The text of each rule with its number among equal ones, by the rule's index.
std::vector<std::string> rule_texts(const Program& program) {
  std::vector<std::string> texts(program.rules().size());
  std::map<std::string, int> seen;
  std::string text;
  for (const Op& op : program.ops()) {
    if (op.kind == OpKind::test) {
      if (op.role == Role::guard) continue;
      if (op.role == Role::rule) text.clear();
      const Pattern& pattern = program.patterns()[op.index];
      text += op.negated ? '!' : '=';
      append(text, pattern.text);
      append(text, pattern.flags);
      continue;
    }
    append(text, program.rules()[op.index].value_text);
    text += '#' + std::to_string(++seen[text]);
    texts[op.index] = std::exchange(text, {});
  }
  return texts;
}

std::int64_t seconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

std::shared_ptr<const RuleRows> TableStatistics::use(const Program& full) {
  auto rows = number(full);
  use(*rows, full);
  return rows;
}

std::shared_ptr<const RuleRows> TableStatistics::number(const Program& full) {
  auto rows = std::make_shared<RuleRows>();
  rows->table = shared_from_this();
  const std::vector<std::string> texts = rule_texts(full);
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto [row, is_new] = ids_.emplace(texts[i], last_id_ + 1);
    if (is_new) ++last_id_;
    rows->by_line[full.rules()[i].line] = row->second;
  }
  return rows;
}

// A row that number() gave to a version which was thrown away is in ids_ only, and goes here.
void TableStatistics::use(const RuleRows& rows, const Program& full) {
  const std::vector<std::string> texts = rule_texts(full);
  const std::lock_guard lock(mutex_);
  std::map<std::string, RuleId> ids;
  std::unordered_map<RuleId, RuleCount> counts;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Rule& rule = full.rules()[i];
    const auto numbered = ids_.find(texts[i]);  // rules of an inline table may share a line
    const RuleId id = numbered == ids_.end() ? rows.by_line.at(rule.line) : numbered->second;
    ids.emplace(texts[i], id);
    if (const auto known = counts_.find(id); known != counts_.end()) counts[id] = known->second;
    counts[id].line = rule.line;
    counts[id].value = rule.value_text;
  }
  ids_ = std::move(ids);
  counts_ = std::move(counts);
}

void TableStatistics::join(Tally* tally) {
  const std::lock_guard lock(mutex_);
  tallies_.insert(tally);
}

void TableStatistics::add(const Tally& tally, std::unordered_map<RuleId, RuleCount>& sums) {
  for (std::size_t i = 0; i < tally.cells_.size(); ++i) {
    const Tally::Cell& cell = tally.cells_[i];
    const std::uint64_t hits = cell.hits.load(std::memory_order_relaxed);
    if (hits == 0) continue;
    const auto row = sums.find(tally.ids_[i]);
    if (row == sums.end()) continue;
    row->second.hits += hits;
    row->second.bytes += cell.bytes.load(std::memory_order_relaxed);
    row->second.last_hit =
        std::max(row->second.last_hit, cell.last_hit.load(std::memory_order_relaxed));
  }
}

void TableStatistics::leave(Tally* tally) {
  const std::lock_guard lock(mutex_);
  tallies_.erase(tally);
  add(*tally, counts_);
}

std::vector<RuleCount> TableStatistics::rows() const {
  std::vector<RuleCount> rows;
  {
    const std::lock_guard lock(mutex_);
    std::unordered_map<RuleId, RuleCount> sums = counts_;
    for (const Tally* tally : tallies_) add(*tally, sums);
    rows.reserve(sums.size());
    for (auto& [id, count] : sums) rows.push_back(std::move(count));
  }
  std::sort(rows.begin(), rows.end(),
            [](const RuleCount& a, const RuleCount& b) { return a.line < b.line; });
  return rows;
}

Tally::Tally(const RuleRows& rows, const Program& program)
    : table_(rows.table), cells_(program.rules().size()), ids_(program.rules().size(), 0) {
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    const auto row = rows.by_line.find(program.rules()[i].line);
    if (row != rows.by_line.end()) ids_[i] = row->second;
  }
  table_->join(this);
}

Tally::~Tally() { table_->leave(this); }

void Tally::count(std::size_t rule, std::size_t key_bytes) {
  Cell& cell = cells_[rule];
  const auto plus = [](std::atomic<std::uint64_t>& value, std::uint64_t more) {
    value.store(value.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  };
  plus(cell.hits, 1);
  plus(cell.bytes, key_bytes);
  cell.last_hit.store(seconds(table_->env_.wall()), std::memory_order_relaxed);
}

}  // namespace headgate::rules
