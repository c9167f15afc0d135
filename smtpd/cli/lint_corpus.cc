// How it works: each text gets its rule as in the server. Where one wins, the walk goes on as if it had not, and what else would
// have won is noted with who was before it. Tested by tests/smtpd/cli/lint_test.cc.
#include "smtpd/cli/lint_corpus.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "engine/rules/evaluate.h"
#include "engine/rules/truth.h"

namespace headgate::cli {

namespace {

constexpr std::size_t kShownTakers = 3;

struct Fate {
  std::uint64_t won = 0, lost = 0;
  std::map<int, std::uint64_t> takers;  // by line
};

class Census {
 public:
  explicit Census(const rules::Program& program)
      : program_(program), truth_(program, rules::Path::scan), fates_(program.rules().size()) {}

  void take(std::string_view text) {
    ++texts_;
    const auto hit = rules::evaluate(program_, truth_, text, [](const Diagnostic&) {});
    if (!hit) return;
    const auto winner = static_cast<std::size_t>(hit->rule - program_.rules().data());
    ++fates_[winner].won;
    walk_on(winner);
  }

  [[nodiscard]] const std::vector<Fate>& fates() const { return fates_; }

  [[nodiscard]] std::uint64_t texts() const { return texts_; }

 private:
  void walk_on(std::size_t winner) {
    const auto& ops = program_.ops();
    for (std::size_t at = 0; at < ops.size();) {
      const rules::Op& op = ops[at];
      if (op.kind == rules::OpKind::test) {
        at = passes(op) ? at + 1 : op.target;
        continue;
      }
      if (op.index != winner) {
        ++fates_[op.index].lost;
        ++fates_[op.index].takers[program_.rules()[winner].line];
      }
      ++at;
    }
  }

  bool passes(const rules::Op& op) {
    const rules::Opinion opinion = truth_.opinion(op.index);
    if (opinion != rules::Opinion::ask) return (opinion == rules::Opinion::yes) != op.negated;
    const match::Answer answer = truth_.ask(op.index).answer;
    return answer != match::Answer::failed && (answer == match::Answer::yes) != op.negated;
  }

  const rules::Program& program_;
  rules::Truth truth_;
  std::vector<Fate> fates_;
  std::uint64_t texts_ = 0;
};

std::string takers_of(const Fate& fate) {
  std::vector<std::pair<std::uint64_t, int>> takers;
  for (const auto& [line, count] : fate.takers) takers.emplace_back(count, line);
  std::ranges::sort(takers, std::greater());
  std::string names;
  for (std::size_t i = 0; i < takers.size() && i < kShownTakers; ++i)
    names += fmt::format("{}{}", i == 0 ? "" : ", ", takers[i].second);
  if (takers.size() > kShownTakers)
    names += fmt::format(" and {} more", takers.size() - kShownTakers);
  return fmt::format("line{} {}", takers.size() == 1 ? "" : "s", names);
}

const rules::FindingKind& kind_of(std::span<const rules::FindingKind> kinds, std::string_view id) {
  return *std::ranges::find(kinds, id, &rules::FindingKind::id);
}

rules::Finding finding(const rules::FindingKind& kind, int line, int other_line, std::string what) {
  return {std::string(kind.id),   kind.level, line, other_line, std::move(what),
          std::string(kind.help), {}};
}

bool never_wins(const rules::Finding& finding) {
  static constexpr std::string_view kIds[] = {
      "duplicate-rule",  "duplicate-pattern", "shadowed-rule",     "unreachable-rule",
      "impossible-rule", "impossible-guard",  "impossible-pattern"};
  return std::ranges::find(kIds, finding.id) != std::end(kIds);
}

}  // namespace

void find_in_corpus(const rules::Program& program, const peers::MailKeys& mail, Keys keys,
                    std::span<const rules::FindingKind> kinds, rules::LintReport& report) {
  Census census(program);
  for (const peers::MailMessage& message : mail.messages()) {
    const peers::Section section =
        keys == Keys::headers ? message.headers.view() : message.body.view();
    for (const std::string_view text : section.texts)
      census.take(text.substr(0, text.find('\0')));  // looked up as a C string
  }
  std::set<int> told;
  for (const rules::Finding& known : report.findings)
    if (never_wins(known)) told.insert(known.line);
  const std::string_view what = keys == Keys::headers ? "headers" : "lines of bodies";
  for (std::size_t i = 0; i < program.rules().size(); ++i) {
    const Fate& fate = census.fates()[i];
    const int line = program.rules()[i].line;
    if (fate.won > 0 || told.contains(line)) continue;
    if (fate.lost == 0) {
      report.findings.push_back(finding(kind_of(kinds, "never-hit"), line, 0,
                                        fmt::format("matches none of {} {} in {} messages",
                                                    census.texts(), what, mail.messages().size())));
    } else {
      report.findings.push_back(finding(
          kind_of(kinds, "always-taken"), line, fate.takers.begin()->first,
          fmt::format("all of the {} {} that it matches, in {} messages, are taken by {} before it",
                      fate.lost, what, mail.messages().size(), takers_of(fate))));
    }
  }
  std::ranges::stable_sort(report.findings, {}, &rules::Finding::line);
}

}  // namespace headgate::cli
