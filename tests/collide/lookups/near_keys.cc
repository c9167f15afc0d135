// How it works: the table is parsed as headgate does it, but nothing is compiled: patterns that no engine would take have
// texts near them, too.
// Tested by itself: without patterns there are no keys, and lookup_collider says that nothing was looked up.
#include "tests/collide/lookups/near_keys.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "compiler/analyse/subjects.h"
#include "compiler/compile.h"
#include "compiler/front/rule_file.h"

namespace headgate::collide {

namespace {

class Collector final : public front::PatternCompiler {
 public:
  tl::expected<front::Compiled, front::Fault> compile(const front::Pattern& pattern, front::Use,
                                                      std::uint64_t, int) override {
    constexpr std::size_t kMostGroups = 99;
    patterns_.push_back(pattern);
    return front::Compiled{static_cast<std::uint32_t>(patterns_.size() - 1), kMostGroups};
  }

  std::vector<front::Pattern>& patterns() { return patterns_; }

 private:
  std::vector<front::Pattern> patterns_;
};

std::vector<front::Pattern> patterns_of(front::Dialect dialect, const Table& table) {
  std::string text = table.text();
  if (table.is_inline) {
    auto read = compiler::read_table(table.dialect, text);
    if (!read) return {};
    text = std::move(read->text);
  }
  Collector collector;
  front::parse_rules(dialect, text, "t", "t", collector, [](const Diagnostic&) {});
  return std::move(collector.patterns());
}

void shuffle(Random& random, std::vector<std::string>& keys) {
  for (std::size_t i = keys.size(); i > 1; --i) std::swap(keys[i - 1], keys[random.below(i)]);
}

}  // namespace

std::vector<std::string> near_keys(Random& random, const Table& table, std::size_t count) {
  const front::Dialect dialect =
      table.dialect == rules::Dialect::pcre ? front::Dialect::pcre : front::Dialect::regexp;
  const auto patterns = patterns_of(dialect, table);
  std::vector<std::string> keys;
  if (patterns.empty()) return keys;
  // Long ones are for the lengths up to which a scan is believed.
  analyse::SubjectOptions options;
  options.max_length = random.percent(10) ? 6000 : 400;
  options.count = std::clamp<std::size_t>(count / patterns.size(), 8, 200);
  for (const front::Pattern& pattern : patterns) {
    options.seed = random.next();
    auto near = analyse::subjects(dialect, pattern, options);
    std::move(near.begin(), near.end(), std::back_inserter(keys));
  }
  shuffle(random, keys);
  if (keys.size() > count) keys.resize(count);
  static constexpr const char* kBetween[] = {"", " ", "\n ", "x", ": "};
  for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
    if (random.percent(25)) keys[i] += random.pick(kBetween) + keys[random.below(keys.size())];
    if (keys[i].size() > 2 * options.max_length) keys[i].resize(2 * options.max_length);
  }
  return keys;
}

Table table_from_file(const std::string& path, rules::Dialect dialect) {
  Table table;
  table.dialect = dialect;
  std::ifstream file(path, std::ios::binary);
  for (std::string line; std::getline(file, line);) table.lines.push_back(std::move(line));
  return table;
}

}  // namespace headgate::collide
