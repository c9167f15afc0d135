// Tested by tests/smtpd/cli/match_test.cc.
#include "smtpd/cli/match_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"

namespace headgate::cli {

using checks::Disposition;
using checks::KeyClass;

namespace {

// What is not printable becomes a space in a reply (and '?' in a log).
std::string with_spaces(std::string_view reason) {
  std::string out = text::printable(reason);  // byte for byte
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] != reason[i]) out[i] = ' ';
  }
  return out;
}

}  // namespace

std::string_view class_word(KeyClass key_class) {
  switch (key_class) {
    case KeyClass::header:
      return "header";
    case KeyClass::mime:
      return "mime";
    case KeyClass::nested:
      return "nested";
    case KeyClass::body:
      break;
  }
  return "body";
}

MatchStep match_step(const checks::ActionTaken& taken) {
  constexpr std::size_t kSubjectBytes = 200;
  MatchStep step;
  step.key_class = taken.key_class;
  step.action = taken.kind;
  step.table = taken.table;
  step.line = taken.line;
  step.text = taken.text;
  step.subject = taken.content.substr(0, kSubjectBytes);
  return step;
}

std::string_view verdict_word(const checks::Verdict& verdict) {
  switch (verdict.disposition) {
    case Disposition::reject:
    case Disposition::tempfail:
      return "reject";
    case Disposition::discard:
      return "discard";
    case Disposition::accept:
      break;
  }
  return verdict.hold ? "hold" : "pass";
}

std::string reply_text(const checks::Verdict& verdict) {
  if (verdict.disposition == Disposition::tempfail)
    return "451 4.3.0 Error: queue file write error";
  if (verdict.disposition != Disposition::reject) return "250 2.0.0 Ok";
  const std::string_view code = verdict.reason.starts_with('4') ? "451" : "550";
  return fmt::format("{} {}", code, with_spaces(verdict.reason));
}

std::string as_text(const MatchReport& report) {
  const std::string_view word = verdict_word(report.verdict);
  std::string out = fmt::format("{}: {}", text::printable(report.message), word);
  if (word == "reject") out += " (" + reply_text(report.verdict) + ')';
  out += '\n';
  for (const MatchStep& step : report.steps) {
    const std::string place =
        step.line == 0 ? step.table : fmt::format("{}, line {}", step.table, step.line);
    out += fmt::format("  {}{}{} -- {}\n    {}: {}\n", checks::command(step.action),
                       step.text.empty() ? "" : " ", text::printable(step.text), place,
                       class_word(step.key_class), text::printable(step.subject));
  }
  return out;
}

std::string as_json(const MatchReport& report) {
  using Json = nlohmann::ordered_json;
  Json actions = Json::array();
  for (const MatchStep& step : report.steps) {
    actions.push_back({{"class", class_word(step.key_class)},
                       {"table", step.table},
                       {"line", step.line},
                       {"action", checks::command(step.action)},
                       {"text", step.text},
                       {"subject", step.subject}});
  }
  const Json line = {{"message", report.message},
                     {"verdict", verdict_word(report.verdict)},
                     {"reply", reply_text(report.verdict)},
                     {"actions", std::move(actions)}};
  // Mail holds any bytes; JSON only UTF-8. What is not becomes U+FFFD.
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace headgate::cli
