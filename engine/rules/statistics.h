// TableStatistics: how often each rule of one table won, when last, and over how many bytes. It belongs to the table, not
// to one version of it: a rule keeps its row as long as its text stays (patterns, flags, negation, value; of equal rules
// the n-th stays the n-th), wherever it moves to; when its text goes, so does its row.
// Tally: what one Lookup counted. The sum over a table's Tallies, those that are gone included, is the table's row.
//   Units     bytes are the lengths of the keys that the rule won; last_hit is Unix time in seconds, 0 = never.
//   Ownership a Tally shares its TableStatistics, which is made by make_shared.
//   Threads   TableStatistics: any. A Tally: one owner counts, anybody sums; its cells are relaxed atomics with one
//             writer, so counting costs three plain stores, no lock and no allocation.
//   Cost      a lock where a Lookup is opened or closed, and for rows().
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/base/env.h"

namespace headgate::rules {

class Program;
class Tally;
class TableStatistics;

// Which row each rule of one version of a table has; what a Lookup of that version counts into.
struct RuleRows {
  std::shared_ptr<TableStatistics> table;
  std::map<int, std::uint64_t> by_line;  // the same lines in the full and in the emergency Program
};

struct RuleCount {
  int line = 0;
  std::uint64_t hits = 0, bytes = 0;
  std::int64_t last_hit = 0;
  std::string value;  // as in the table
};

class TableStatistics : public std::enable_shared_from_this<TableStatistics> {
 public:
  explicit TableStatistics(const Env& env) : env_(env) {}  // borrowed: it tells the time of a hit

  // The table was read (again): these are its rules now. In two steps, where what was read may yet be thrown away:
  // number() gives the rules their rows and takes none from those that are in use, use() makes them the table's rules.
  std::shared_ptr<const RuleRows> use(const Program& full);
  std::shared_ptr<const RuleRows> number(const Program& full);
  void use(const RuleRows& rows, const Program& full);

  [[nodiscard]] std::vector<RuleCount> rows() const;  // by line

 private:
  friend class Tally;
  using RuleId = std::uint64_t;

  void join(Tally* tally);
  void leave(Tally* tally);
  static void add(const Tally& tally, std::unordered_map<RuleId, RuleCount>& sums);

  const Env& env_;
  mutable std::mutex mutex_;
  RuleId last_id_ = 0;
  std::map<std::string, RuleId> ids_;             // by the rule's text and its number among equals
  std::unordered_map<RuleId, RuleCount> counts_;  // of Tallies that are gone; a row for each rule
  std::set<const Tally*> tallies_;
};

class Tally {
 public:
  // `program` is the full or the emergency Program of that version.
  Tally(const RuleRows& rows, const Program& program);
  Tally(const Tally&) = delete;
  Tally& operator=(const Tally&) = delete;
  ~Tally();

  // The rule with this index in the Program has won a key of so many bytes.
  void count(std::size_t rule, std::size_t key_bytes);

 private:
  friend class TableStatistics;

  struct Cell {
    std::atomic<std::uint64_t> hits{0}, bytes{0};
    std::atomic<std::int64_t> last_hit{0};
  };

  std::shared_ptr<TableStatistics> table_;
  std::vector<Cell> cells_;                   // by rule
  std::vector<TableStatistics::RuleId> ids_;  // 0: no row
};

}  // namespace headgate::rules
