// Tested by tests/smtpd/cli/diff_test.cc.
#include "smtpd/cli/diff_words.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::cli {

using checks::ActionKind;

namespace {

constexpr std::size_t kSubjectBytes = 120;

std::string subject_line(const MatchStep& step) {
  const bool is_long = step.subject.size() > kSubjectBytes;
  return fmt::format("{}: {}{}", class_word(step.key_class),
                     text::printable(step.subject.substr(0, kSubjectBytes)), is_long ? "..." : "");
}

// The step that decided the outcome; null: none did.
const MatchStep* deciding(const MatchReport& report) {
  const auto last = [&](ActionKind kind) -> const MatchStep* {
    const auto at = std::find_if(report.steps.rbegin(), report.steps.rend(),
                                 [&](const MatchStep& step) { return step.action == kind; });
    return at == report.steps.rend() ? nullptr : &*at;
  };
  const std::string_view outcome = outcome_word(report.verdict);
  if (outcome == "reject" || outcome == "defer") return last(ActionKind::reject);
  if (outcome == "discard") return last(ActionKind::discard);
  if (outcome == "hold") return last(ActionKind::hold);
  return nullptr;
}

// Why a message passed on this side: what answered the text that decided on the other, or what ended the checks.
const MatchStep* excusing(const MatchReport& report, const MatchStep* other) {
  for (const MatchStep& step : report.steps) {
    if (step.action == ActionKind::pass || step.action == ActionKind::redirect) return &step;
    if (other != nullptr && step.subject == other->subject && step.key_class == other->key_class)
      return &step;
  }
  return nullptr;
}

std::string outcome_text(const MatchReport& report) {
  const std::string_view outcome = outcome_word(report.verdict);
  if (outcome == "pass" || outcome == "hold" || outcome == "discard") return std::string(outcome);
  if (outcome == "failed")
    return fmt::format("failed (a lookup of {}: {})", report.verdict.failed_parameter,
                       reply_text(report.verdict));
  return fmt::format("{} ({})", outcome, reply_text(report.verdict));
}

std::string step_text(const MatchStep& step) {
  const std::string_view word = checks::command(step.action);
  return step.text.empty() ? std::string(word) : fmt::format("{} {}", word, step.text);
}

void add_outcome(std::vector<DiffLine>& lines, char side, const MatchReport& report,
                 const MatchReport& other) {
  const MatchStep* step = deciding(report);
  std::string line = outcome_text(report);
  if (step != nullptr) {
    line += " -- " + place_of(step->table, step->line);
  } else if (const MatchStep* excuse = excusing(report, deciding(other))) {
    line += fmt::format(" ({} -- {})", text::printable(step_text(*excuse)),
                        place_of(excuse->table, excuse->line));
  }
  lines.push_back({side, std::move(line)});
  if (step != nullptr) lines.push_back({' ', subject_line(*step)});
}

// The steps of one side that the other has not taken.
void add_steps(std::vector<DiffLine>& lines, char side, const MatchReport& report,
               const MatchReport& other) {
  std::vector<bool> used(other.steps.size(), false);
  for (const MatchStep& step : report.steps) {
    if (step.action == ActionKind::dunno) continue;
    bool found = false;
    for (std::size_t i = 0; i < used.size() && !found; ++i) {
      const MatchStep& twin = other.steps[i];
      found = !used[i] && twin.action == step.action && twin.text == step.text &&
              twin.subject == step.subject && twin.key_class == step.key_class;
      if (found) used[i] = true;
    }
    if (found) continue;
    lines.push_back({side, fmt::format("{} -- {}", text::printable(step_text(step)),
                                       place_of(step.table, step.line))});
    lines.push_back({' ', subject_line(step)});
  }
}

}  // namespace

std::vector<DiffLine> example_lines(const Change& change, const Example& example) {
  std::vector<DiffLine> lines;
  const bool by_outcome = change.kind == ChangeKind::outcome || change.kind == ChangeKind::reply;
  const auto add = by_outcome ? add_outcome : add_steps;
  add(lines, '-', example.before, example.after);
  add(lines, '+', example.after, example.before);
  return lines;
}

std::string change_title(const Change& change, std::string_view arrow) {
  switch (change.kind) {
    case ChangeKind::outcome:
      return fmt::format("{} {} {}", change.from, arrow, change.to);
    case ChangeKind::reply:
      return fmt::format("{}: other reply", change.from);
    case ChangeKind::effects:
      return fmt::format("{}: other {}", change.from, change.what);
    case ChangeKind::log:
      break;
  }
  return fmt::format("{}: other log lines", change.from);
}

std::string_view change_word(RuleChange change) {
  switch (change) {
    case RuleChange::same:
      return "same";
    case RuleChange::pattern:
      return "pattern";
    case RuleChange::action:
      return "action";
    case RuleChange::gone:
      return "gone";
    case RuleChange::added:
      break;
  }
  return "new";
}

std::string count_of(std::size_t count, std::string_view noun) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  if (noun.empty()) return digits;
  return fmt::format("{} {}{}", digits, noun, count == 1 ? "" : "s");
}

std::string place_of(const std::string& table, int line) {
  return text::printable(line == 0 ? table : fmt::format("{}, line {}", table, line));
}

std::string rule_text(const ListedRule& rule) {
  return text::printable(rule.pattern.empty() ? rule.action
                                              : fmt::format("{} {}", rule.pattern, rule.action));
}

std::string headline(const Differences& differences) {
  if (differences.different() == 0)
    return fmt::format("No message of {} is treated differently.",
                       count_of(differences.messages()));
  return fmt::format("{} of {} {} treated differently.", count_of(differences.different(), ""),
                     count_of(differences.messages(), "message"),
                     differences.different() == 1 ? "is" : "are");
}

std::string asked_text(const AskedFor& asked) {
  std::string text = !asked.body ? "headers" : asked.headers ? "headers, body lines" : "body lines";
  if (asked.guessed) text += " (by the look of the patterns; -h, -b)";
  return text;
}

std::vector<std::string_view> outcomes_of(const Differences& differences) {
  std::vector<std::string_view> some;
  for (const std::string_view word : kOutcomes)
    if (differences.outcomes(false).contains(word) || differences.outcomes(true).contains(word))
      some.push_back(word);
  return some;
}

std::size_t outcome_count(const Differences& differences, bool after, std::string_view word) {
  const auto& all = differences.outcomes(after);
  const auto found = all.find(word);
  return found == all.end() ? 0 : found->second;
}

}  // namespace headgate::cli
