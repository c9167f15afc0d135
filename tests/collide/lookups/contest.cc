#include "tests/collide/lookups/contest.h"

#include <ctime>
#include <fstream>

#include "tests/collide/lookups/paths.h"

namespace headgate::collide {

namespace {

constexpr double kPatienceSeconds = 1.0;  // with Postfix, a table
constexpr const char* kFile = "t";

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::string name_of(const Table& table, const std::string& text) {
  if (table.is_inline) return text;
  std::ofstream(kFile, std::ios::binary) << text;
  return kFile;
}

}  // namespace

void play_alone(const Table& table, const std::vector<std::string>& keys, bool ask,
                const std::function<void(Phase)>& phase) {
  const std::string text = table.text();
  const std::string name = name_of(table, text);
  phase(Phase::we_open);
  std::vector<OurPath> paths = open_paths(table.dialect, name, table.is_inline, text);
  if (!ask) return;
  phase(Phase::we_answer);
  for (OurPath& ours : paths) {
    const double begin = cpu_seconds();
    for (const std::string& key : keys) {
      if (cpu_seconds() - begin > kPatienceSeconds) break;
      ours.find(key);
    }
  }
}

Outcome contest(const Judge& judge, const Table& table, const std::vector<std::string>& keys,
                const std::function<void(Phase)>& phase) {
  Outcome outcome;
  const std::string text = table.text();
  const std::string name = name_of(table, text);

  phase(Phase::judge_opens);
  const double begin = cpu_seconds();
  JudgeTable theirs = judge.open(table.dialect, name);
  outcome.warnings = theirs.warnings().size();
  phase(Phase::judge_answers);
  std::vector<Answer> expected;
  for (const std::string& key : keys) {
    if (cpu_seconds() - begin > kPatienceSeconds) break;
    expected.push_back(theirs.find(key));
    outcome.hits += expected.back().value ? 1 : 0;
    outcome.warnings += expected.back().warnings.size();
  }
  outcome.keys = expected.size();
  outcome.judge_seconds = cpu_seconds() - begin;

  phase(Phase::we_open);
  std::vector<OurPath> paths = open_paths(table.dialect, name, table.is_inline, text);
  phase(Phase::we_answer);
  for (OurPath& ours : paths) {
    outcome.bomb = std::any_of(ours.warnings.begin(), ours.warnings.end(), [](const auto& warning) {
      return warning.find(": this pattern takes too ") != std::string::npos;
    });
    if (outcome.bomb) {
      outcome.keys = outcome.hits = 0;
      return outcome;
    }
    if (ours.warnings != theirs.warnings()) {
      outcome.difference = Difference{ours.name,
                                      std::nullopt,
                                      {std::nullopt, {}, theirs.warnings()},
                                      {std::nullopt, {}, ours.warnings},
                                      theirs.warnings()};
      return outcome;
    }
    for (std::size_t i = 0; i < expected.size(); ++i) {
      Answer actual = ours.find(keys[i]);
      if (actual == expected[i]) continue;
      outcome.difference =
          Difference{ours.name, keys[i], expected[i], std::move(actual), theirs.warnings()};
      return outcome;
    }
  }
  return outcome;
}

}  // namespace headgate::collide
