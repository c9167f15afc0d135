// How it works: whether a table holds actions at all is told by the majority of its results; generic, canonical and relay
// tables hold addresses and anything else. Tested by tests/compiler/lint/lint_test.cc.
#include "compiler/lint/results.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/lint/tokens.h"
#include "engine/base/text.h"
#include "engine/checks/action.h"
#include "engine/checks/words.h"

namespace headgate::lint {

namespace {

using checks::first_word;
using checks::is_access_word;
using checks::is_check_word;
using checks::nearest_word;
using front::StatementKind;

constexpr std::size_t kTellingLetters = 6;  // of a literal that a REJECT text repeats

void find_word(const RuleLine& line, ResultKind kind, Collector& found) {
  const std::string_view value = line.statement->value_text;
  const std::string_view word = first_word(value);
  if (word.empty() || is_check_word(word) || is_access_word(word)) return;
  const std::string near = nearest_word(word);
  if (!near.empty()) {
    const auto slash = word.find('/');
    const std::string what =
        slash != std::string_view::npos && text::equal_ignore_case(word.substr(0, slash), near)
            ? fmt::format("\"{}\" is no action: flags stand right behind the pattern", word)
            : fmt::format("\"{}\" is no action; {} was meant", word, near);
    found.add("misspelt-action", line, what,
              line.parts ? line.edited(line.parts->value, word.size(), near) : "");
    return;
  }
  if (kind != ResultKind::checks) return;  // of access(5): a restriction class may have any name
  if (word.find("{{") != std::string_view::npos || word.find("<%") != std::string_view::npos)
    return;
  found.add("unknown-action", line, fmt::format("\"{}\" is no action", word));
}

// Only what is refused whatever the table is for: PREPEND and REPLACE of a body take any text.
void find_argument(const RuleLine& line, Collector& found) {
  if (line.statement->value.size() != 1) return;  // what a $1 brings is not known
  const std::string& value = line.statement->value.front().literal;
  if (!is_check_word(first_word(value))) return;
  const auto as_header = checks::parse_action(value, checks::KeyClass::header);
  const auto as_body = checks::parse_action(value, checks::KeyClass::body);
  if (as_header.warning.empty() || as_body.warning.empty()) return;
  std::string_view what = as_header.warning;
  if (const auto place = what.find(" in header_checks map"); place != std::string_view::npos)
    found.add(
        "bad-action-argument", line,
        std::string(what.substr(0, place)) +
            std::string(what.substr(place + std::string_view(" in header_checks map").size())));
  else
    found.add("bad-action-argument", line, std::string(what));
}

bool looks_like_rule(std::string_view text) {
  text = text::trim(text);
  if (text.starts_with("if /") || text == "endif") return true;
  if (!text.starts_with('/') && !text.starts_with("!/")) return false;
  for (auto close = text.find('/', text.find('/') + 1); close != std::string_view::npos;
       close = text.find('/', close + 1)) {
    const auto blank = text.find_first_of(" \t", close);
    if (blank == std::string_view::npos) return false;
    const std::string_view word = first_word(text::trim_left(text.substr(blank)));
    if (blank - close <= 3 && (is_check_word(word) || is_access_word(word))) return true;
  }
  return false;
}

void find_swallowed(const TableView& view, const RuleLine& line, Collector& found) {
  for (int number = line.first + 1; number <= line.last; ++number) {
    const std::string& text = view.physical[static_cast<std::size_t>(number) - 1];
    const std::string_view trimmed = text::trim(text);
    if (trimmed.empty() || trimmed.front() == '#' || !looks_like_rule(trimmed)) continue;
    found.add_at("swallowed-rule", number,
                 fmt::format("this indented line is part of line {}", line.first),
                 std::string(trimmed), {}, line.first);
  }
}

bool is_subject_rule(const TableView& view, const RuleLine& line) {
  const auto asks = [](const RuleLine& rule) {
    return !rule.statement->pattern.negated &&
           text::equal_ignore_case(header_name(rule.statement->pattern.text), "subject");
  };
  return asks(line) || std::ranges::any_of(
                           line.guards, [&](std::size_t guard) { return asks(view.lines[guard]); });
}

// What the client is told: the text of REJECT, of a 4xx or 5xx.
std::string_view told(std::string_view value) {
  const std::string_view word = first_word(value);
  const bool tells = text::equal_ignore_case(word, "REJECT") ||
                     text::equal_ignore_case(word, "DEFER") ||
                     (word.size() == 3 && text::all_digits(word));
  return tells ? text::trim_left(value.substr(word.size())) : std::string_view();
}

void find_leak(const TableView& view, const RuleLine& line, Collector& found) {
  const std::string_view answer = told(line.statement->value_text);
  const front::Pattern& pattern = line.statement->pattern;
  if (answer.empty() || pattern.negated) return;
  const bool repeats_group = std::ranges::any_of(
      line.statement->value, [](const front::Piece& piece) { return piece.group > 0; });
  if (repeats_group && is_subject_rule(view, line)) {
    found.add("leaky-reject", line,
              "the answer repeats a part of the subject that the rule looks for");
    return;
  }
  const auto tokens = tokens_of(view.dialect, pattern);
  if (!tokens) return;
  const std::string lower = text::lower(answer);
  for (std::string run : literal_runs(*tokens, kTellingLetters)) {
    // The name of a header is no secret.
    if (const auto colon = run.find(':'); colon != std::string::npos) run.erase(0, colon + 1);
    const std::string word(text::trim(run));
    const auto letters = std::ranges::count_if(word, [](char c) { return text::is_alnum(c); });
    if (static_cast<std::size_t>(letters) < kTellingLetters) continue;
    if (lower.find(text::lower(word)) == std::string::npos) continue;
    found.add("leaky-reject", line,
              fmt::format("the answer says \"{}\", which the rule looks for", word));
    return;
  }
}

// The bytes of the first placeholder in the text; "" when there is none. ${name} is Postfix's own complaint in a result.
std::string_view placeholder(std::string_view text) {
  struct Form {
    std::string_view open, close;
    bool capitals;  // between them stand only capitals, digits and _
  };

  static constexpr Form kForms[] = {{"{{", "}}", false}, {"{%", "%}", false}, {"<%", "%>", false},
                                    {"${", "}", true},   {"%%", "%%", true},  {"@@", "@@", true},
                                    {"@", "@", true}};
  for (const Form& form : kForms) {
    for (auto at = text.find(form.open); at != std::string_view::npos;
         at = text.find(form.open, at + 1)) {
      const std::size_t inside = at + form.open.size();
      const auto end = text.find(form.close, inside);
      if (end == std::string_view::npos) break;
      const std::string_view name = text.substr(inside, end - inside);
      const bool is_name =
          name.size() >= 2 && text::is_alpha(name.front()) && std::ranges::all_of(name, [](char c) {
            return (c >= 'A' && c <= 'Z') || text::is_digit(c) || c == '_';
          });
      if (form.capitals ? is_name : std::ranges::any_of(name, text::is_alpha))
        return text.substr(at, end + form.close.size() - at);
    }
  }
  return {};
}

}  // namespace

ResultKind result_kind(const TableView& view) {
  std::size_t rules = 0, known = 0, access = 0;
  for (const RuleLine& line : view.lines) {
    if (!line.is(StatementKind::rule)) continue;
    const std::string_view word = checks::first_word(line.statement->value_text);
    ++rules;
    const bool only_access = checks::is_access_word(word);
    access += only_access ? 1 : 0;
    known +=
        only_access || checks::is_check_word(word) || !checks::nearest_word(word).empty() ? 1 : 0;
  }
  if (rules == 0 || known * 2 < rules) return ResultKind::other;
  return access > 0 ? ResultKind::access : ResultKind::checks;
}

void find_results(const TableView& view, Collector& found) {
  const ResultKind kind = result_kind(view);
  for (const RuleLine& line : view.lines) {
    if (const std::string_view text = placeholder(line.text); !text.empty())
      found.add("template-placeholder", line, fmt::format("\"{}\" was not filled in", text));
    if (line.text.empty() || line.text.front() == ' ') continue;
    find_swallowed(view, line, found);
    if (!line.is(StatementKind::rule) || kind == ResultKind::other) continue;
    find_word(line, kind, found);
    find_argument(line, found);
    find_leak(view, line, found);
  }
}

}  // namespace headgate::lint
