// Tested by tests/engine/rules/evaluate_test.cc.
#include "engine/rules/explain.h"

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::rules {

namespace {

constexpr std::size_t kShownBytes = 200;

std::string shown(std::string_view bytes) {
  std::string safe = text::printable(bytes.substr(0, kShownBytes));
  if (bytes.size() > kShownBytes) safe += "...";
  return safe;
}

std::string_view engine_name(Dialect dialect) {
  return dialect == Dialect::pcre ? "pcre2" : "regexec";
}

std::string describe_answer(const Program& program, const Step& step) {
  const std::string_view answer = step.answer == match::Answer::yes  ? "matches"
                                  : step.answer == match::Answer::no ? "does not match"
                                                                     : "failed";
  switch (step.asked) {
    case Asked::scan:
      return fmt::format("{} (scan)", answer);
    case Asked::memory:
      return fmt::format("{} ({}, asked before)", answer, engine_name(program.dialect()));
    case Asked::reference:
      return fmt::format("{} ({})", answer, engine_name(program.dialect()));
  }
  return {};
}

std::string_view consequence(const Step& step) {
  if (step.role == Role::guard) return step.passed ? "enter" : "skip to the endif";
  return step.passed ? "true" : "next";
}

std::string_view keyword(Role role) {
  return role == Role::guard ? "if" : role == Role::rule ? "rule" : "and";
}

}  // namespace

std::string explain(const Program& program, const Trace& trace, std::string_view text) {
  std::string out;
  for (const Step& step : trace.steps) {
    const Pattern& pattern = program.patterns()[step.pattern];
    out += fmt::format("line {:>4}  {:<4} {}/{}/{}  {}: {}\n", step.line, keyword(step.role),
                       step.negated ? "!" : "", shown(pattern.text), pattern.flags,
                       describe_answer(program, step), consequence(step));
    if (!step.error.empty()) out += fmt::format("           {}\n", step.error);
    for (std::size_t i = 1; i < step.groups.size(); ++i) {
      const match::Group& group = step.groups[i];
      out += fmt::format("           ${} = \"{}\"\n", i,
                         shown(text.substr(group.begin, group.end - group.begin)));
    }
  }
  if (!trace.winner) return out + "no rule matches\n";
  return out + fmt::format("line {:>4}  wins: {}\n", trace.winner->rule->line,
                           shown(trace.winner->value));
}

}  // namespace headgate::rules
