// How it works: one table of actions; a row says what its argument must look like, which word the log gets, and whether
// delivery knows the action too. Milters know all of them but PASS.
// Tested by action_test.
#include "engine/checks/action.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/mail/header.h"

namespace headgate::checks {

namespace {

enum class Needs { nothing, at_sign, colon, line, reason };

struct Row {
  std::string_view command;
  ActionKind kind;
  Needs needs;
  std::string_view log_word;
  bool on_delivery;  // smtp_header_checks …
};

constexpr std::array<Row, 15> kActions = {{
    {"BCC", ActionKind::bcc, Needs::at_sign, "bcc", false},
    {"DISCARD", ActionKind::discard, Needs::nothing, "discard", false},
    {"DUNNO", ActionKind::dunno, Needs::nothing, "", true},
    {"OK", ActionKind::dunno, Needs::nothing, "", true},
    {"FILTER", ActionKind::filter, Needs::colon, "filter", false},
    {"HOLD", ActionKind::hold, Needs::nothing, "hold", false},
    {"IGNORE", ActionKind::ignore, Needs::nothing, "", true},
    {"INFO", ActionKind::info, Needs::nothing, "info", true},
    {"PASS", ActionKind::pass, Needs::nothing, "pass", false},
    {"PREPEND", ActionKind::prepend, Needs::line, "prepend", true},
    {"REDIRECT", ActionKind::redirect, Needs::at_sign, "redirect", false},
    {"REJECT", ActionKind::reject, Needs::reason, "reject", false},
    {"REPLACE", ActionKind::replace, Needs::line, "replace", true},
    {"STRIP", ActionKind::strip, Needs::nothing, "strip", true},
    {"WARN", ActionKind::warn, Needs::nothing, "warning", true},
}};

const Row* row_of(ActionKind kind) {
  const auto row =
      std::find_if(kActions.begin(), kActions.end(), [&](const Row& r) { return r.kind == kind; });
  return row == kActions.end() ? nullptr : &*row;
}

bool knows(Agent agent, const Row& row) {
  switch (agent) {
    case Agent::cleanup:
      return true;
    case Agent::milter:
      return row.kind != ActionKind::pass;
    case Agent::smtp:
      return row.on_delivery;
  }
  return false;
}

// Why the argument will not do; empty when it will.
std::string complaint(const Row& row, std::string_view text, std::string_view parameter,
                      bool is_header) {
  switch (row.needs) {
    case Needs::at_sign:
      if (text.find('@') != std::string_view::npos) return {};
      return fmt::format("bad {} \"{}\" in {} map -- need user@domain",
                         row.kind == ActionKind::bcc ? "BCC address" : "REDIRECT target", text,
                         parameter);
    case Needs::colon:
      if (text.empty())
        return fmt::format("missing {} command argument in {} map", row.command, parameter);
      if (text.find(':') != std::string_view::npos) return {};
      return fmt::format("bad {} command {} in {} -- need transport:destination", row.command, text,
                         parameter);
    case Needs::line:
      if (text.empty())
        return fmt::format("{} action without text in {} map", row.command, parameter);
      if (!is_header || mail::is_header(text)) return {};
      return fmt::format("bad {} header text \"{}\" in {} map -- need \"headername: headervalue\"",
                         row.command, text, parameter);
    case Needs::nothing:
    case Needs::reason:
      return {};
  }
  return {};
}

// "5.7.9 x" keeps its code, other text gets 5.7.1; a code of success makes no sense here and
// becomes a temporary one.
void finish_reject(Action& action) {
  constexpr std::string_view kDefaultCode = "5.7.1";
  if (action.text.empty()) {
    action.text = fmt::format("{} message content rejected", kDefaultCode);
    return;
  }
  const std::string_view code = leading_dsn(action.text);
  if (code.empty()) {
    action.text = fmt::format("{} {}", kDefaultCode, action.text);
    return;
  }
  if (code.front() == '2')
    action.warning = fmt::format("bad DSN action in {} -- need 4.x.x or 5.x.x", action.text);
  std::string reason = fmt::format(
      "{} {}", code, text::trim_left(std::string_view(action.text).substr(code.size())));
  if (reason.front() == '2') reason.front() = '4';
  action.text = std::move(reason);
}

}  // namespace

Action parse_action(std::string_view value, KeyClass key_class, Agent agent) {
  const std::string_view parameter = parameter_name(agent, key_class);
  const std::string_view word = value.substr(0, value.find_first_of(" \t"));
  const std::string_view text = text::trim_left(value.substr(word.size()));
  const auto row = std::find_if(kActions.begin(), kActions.end(), [&](const Row& r) {
    return text::equal_ignore_case(r.command, word) && knows(agent, r);
  });
  Action action;
  if (row == kActions.end()) {
    action.warning =
        fmt::format("{} command in {} map: {}", agent == Agent::cleanup ? "unknown" : "unsupported",
                    parameter, value);
    return action;
  }
  action.warning = complaint(*row, text, parameter, key_class != KeyClass::body);
  if (!action.warning.empty()) return action;
  action.kind = row->kind;
  action.text = text;
  if (row->needs == Needs::reason) finish_reject(action);
  if (agent == Agent::milter && action.kind == ActionKind::prepend)
    action.warning = "the milter_header/body_checks prepend action is not implemented";
  return action;
}

std::string_view log_word(ActionKind kind) {
  const Row* row = row_of(kind);
  return row == nullptr ? std::string_view() : row->log_word;
}

std::string_view command(ActionKind kind) {
  const Row* row = row_of(kind);
  return row == nullptr ? std::string_view() : row->command;
}

std::string_view leading_dsn(std::string_view text) {
  constexpr std::size_t kMostDigits = 3;
  if (text.empty() || (text[0] != '2' && text[0] != '4' && text[0] != '5')) return {};
  std::size_t at = 1;
  for (int part = 0; part < 2; ++part) {
    if (at >= text.size() || text[at] != '.') return {};
    std::size_t digits = 0;
    while (at + 1 + digits < text.size() && text::is_digit(text[at + 1 + digits])) ++digits;
    if (digits == 0 || digits > kMostDigits) return {};
    at += 1 + digits;
  }
  if (at < text.size() && !text::is_space(text[at])) return {};
  return text.substr(0, at);
}

}  // namespace headgate::checks
