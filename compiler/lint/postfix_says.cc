// How it works: a row a complaint: the words by which it is known, the kind of finding, and who suggests a line. The driver
// checks every suggestion before it is shown (lint.cc), so that a guess here need not be certain.
// Tested by tests/compiler/lint/lint_test.cc.
#include "compiler/lint/postfix_says.h"

#include <array>

#include <fmt/format.h>

#include "compiler/front/flags.h"
#include "engine/base/text.h"
#include "engine/checks/words.h"

namespace headgate::lint {

namespace {

using checks::first_word;
using checks::is_access_word;
using checks::is_check_word;

struct Advice {
  std::string_view id;
  std::string suggestion;
  std::string more;  // said after Postfix's words
};

// Where a pattern's parts begin on a line that Postfix gave up on.
struct Torn {
  std::size_t begin = 0;                  // of the pattern
  std::size_t close = std::string::npos;  // the first delimiter after it
  char delimiter = '/';
};

std::optional<Torn> tear(const std::string& line) {
  std::size_t at = 0;
  if (text::starts_with_ignore_case(line, "if")) at = 2;
  while (at < line.size() && (line[at] == '!' || text::is_space(line[at]))) ++at;
  if (at >= line.size()) return std::nullopt;
  Torn torn;
  torn.delimiter = line[at];
  torn.begin = at + 1;
  for (std::size_t i = torn.begin; i < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (line[i] == torn.delimiter) {
      torn.close = i;
      break;
    }
  }
  return torn;
}

bool are_flags(front::Dialect dialect, std::string_view letters) {
  front::Flags flags;
  for (const char letter : letters)
    if (front::toggle_flag(dialect, letter, flags) != front::FlagResult::ok) return false;
  return true;
}

bool is_action(std::string_view word) { return is_check_word(word) || is_access_word(word); }

// `/pattern/REJECT text`, `/pattern/iREJECT text`: where the action begins; 0 when none does.
std::size_t glued_action(front::Dialect dialect, const std::string& line, std::size_t flags) {
  const std::string_view word = first_word(std::string_view(line).substr(flags));
  for (std::size_t letters = 0; letters < word.size(); ++letters) {
    if (!are_flags(dialect, word.substr(0, letters))) return 0;
    const std::string_view rest = word.substr(letters);
    const std::string_view name = rest.substr(0, rest.find_first_of(":,"));
    if (is_check_word(name)) return flags + letters;
  }
  return 0;
}

// The delimiter that ends the pattern if all before it are part of it: flags, white space and an action follow.
std::optional<std::size_t> meant_close(front::Dialect dialect, const std::string& line,
                                       const Torn& torn) {
  const bool guard = text::starts_with_ignore_case(line, "if");
  for (std::size_t i = torn.close + 1; i < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
      continue;
    }
    if (line[i] != torn.delimiter) continue;
    const std::string_view rest = std::string_view(line).substr(i + 1);
    const std::string_view flags = rest.substr(0, rest.find_first_of(" \t"));
    if (!are_flags(dialect, flags)) continue;
    const std::string_view value = text::trim_left(rest.substr(flags.size()));
    if (guard ? value.empty() : is_action(first_word(value))) return i;
  }
  return std::nullopt;
}

// The delimiters in [from, to) that no backslash stands before get one.
std::string with_escapes(const RuleLine& line, std::size_t from, std::size_t to, char delimiter) {
  std::string escaped;
  for (std::size_t i = from; i < to; ++i) {
    if (line.text[i] == '\\' && i + 1 < to) {
      escaped += line.text[i++];
    } else if (line.text[i] == delimiter) {
      escaped += '\\';
    }
    escaped += line.text[i];
  }
  return line.edited(from, to - from, escaped);
}

Advice unknown_option(front::Dialect dialect, const RuleLine& line) {
  const auto torn = tear(line.text);
  if (!torn || torn->close == std::string::npos) return {"unknown-flag", {}, {}};
  if (dialect == front::Dialect::pcre && line.text[torn->close + 1] == '!')
    return {"unknown-flag", {}, "a second pattern after ! is known to regexp: tables only"};
  if (const std::size_t action = glued_action(dialect, line.text, torn->close + 1); action != 0) {
    return {"glued-action", line.edited(action, 0, " "),
            "white space is missing between the pattern and the action"};
  }
  if (const auto close = meant_close(dialect, line.text, *torn)) {
    return {"unescaped-delimiter", with_escapes(line, torn->begin, *close, torn->delimiter),
            fmt::format("the {} inside the pattern ends it", torn->delimiter)};
  }
  return {"unknown-flag", {}, {}};
}

// `/pattern REJECT text`: the delimiter belongs before the action.
Advice no_delimiter(const RuleLine& line) {
  const auto torn = tear(line.text);
  if (!torn || std::string_view("/~#%,|@;:!").find(torn->delimiter) == std::string_view::npos)
    return {"no-closing-delimiter", {}, {}};
  std::string_view rest = line.text;
  for (std::size_t at = torn->begin; at < rest.size();) {
    const auto blank = rest.find_first_of(" \t", at);
    if (blank == std::string_view::npos) break;
    const auto word = rest.find_first_not_of(" \t", blank);
    if (word == std::string_view::npos) break;
    const std::string_view name = first_word(rest.substr(word));
    if (is_check_word(name) && name == text::upper(name))
      return {"no-closing-delimiter", line.edited(blank, 0, std::string(1, torn->delimiter)), {}};
    at = word;
  }
  return {"no-closing-delimiter", {}, {}};
}

// Each $ that stands for nothing becomes $$. `groups` is what the pattern has.
std::string with_dollars(const RuleLine& line, std::size_t groups) {
  if (!line.parts) return {};
  std::string value;
  const std::string& s = line.text;
  for (std::size_t i = line.parts->value; i < s.size(); ++i) {
    value += s[i];
    if (s[i] != '$') continue;
    if (i + 1 < s.size() && s[i + 1] == '$') {
      value += s[++i];
      continue;
    }
    std::size_t at = i + 1;
    const bool enclosed = at < s.size() && (s[at] == '{' || s[at] == '(');
    if (enclosed) ++at;
    std::size_t digits = 0;
    std::size_t number = 0;
    for (; at < s.size() && text::is_digit(s[at]) && digits < 6; ++at, ++digits)
      number = number * 10 + static_cast<std::size_t>(s[at] - '0');
    const char next = at < s.size() ? s[at] : '\0';
    const bool closed =
        enclosed ? next == '}' || next == ')' : !text::is_alnum(next) && next != '_';
    if (digits == 0 || !closed || number == 0 || number > groups) value += '$';
  }
  return line.edited(line.parts->value, s.size() - line.parts->value, value);
}

std::size_t groups_in(std::string_view pattern) {
  std::size_t groups = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\')
      ++i;
    else if (pattern[i] == '(' && (i + 1 >= pattern.size() || pattern[i + 1] != '?'))
      ++groups;
  }
  return groups;
}

Advice bad_value(const RuleLine& line) {
  if (!line.parts) return {"bad-substitution", {}, {}};
  const std::string_view pattern =
      std::string_view(line.text).substr(line.parts->begin, line.parts->close - line.parts->begin);
  const bool negated = line.text.substr(0, line.parts->begin).find('!') != std::string::npos;
  const auto zero = line.text.find("$0", line.parts->value);
  if (zero != std::string::npos && !negated) {
    Advice advice{"bad-substitution",
                  {},
                  "there is no $0: put the pattern into parentheses, $1 is what they match"};
    if (groups_in(pattern) == 0) {
      std::string edited(line.text);
      edited[zero + 1] = '1';
      edited.insert(line.parts->close, ")");
      edited.insert(line.parts->begin, "(");
      if (edited.size() == line.text.size() + 2 && line.first == line.last)
        advice.suggestion = std::move(edited);
    }
    return advice;
  }
  return {"bad-substitution", with_dollars(line, negated ? 0 : groups_in(pattern)), {}};
}

std::string without_obsolete(const RuleLine& line) {
  if (!line.parts) return {};
  std::string flags(line.text, line.parts->close + 1,
                    line.parts->flags_end - line.parts->close - 1);
  std::erase(flags, 'X');
  return line.edited(line.parts->close + 1, line.parts->flags_end - line.parts->close - 1, flags);
}

// What POSIX expressions do not have, and what it would be there.
Advice bad_pattern(front::Dialect dialect, const RuleLine& line) {
  if (dialect != front::Dialect::regexp || !line.parts) return {"bad-pattern", {}, {}};
  const std::size_t size = line.parts->close - line.parts->begin;
  std::string pattern = line.text.substr(line.parts->begin, size);
  std::string more;
  static constexpr std::array<std::array<std::string_view, 2>, 4> kPerl = {
      {{"(?i)", ""}, {"(?:", "("}, {"[[:<:]]", "\\<"}, {"[[:>:]]", "\\>"}}};
  for (const auto& [perl, posix] : kPerl) {
    for (auto at = pattern.find(perl); at != std::string::npos; at = pattern.find(perl)) {
      more = fmt::format("regexp: tables know no {}", perl);
      pattern.replace(at, perl.size(), posix);
    }
  }
  if (more.empty())
    return {"bad-pattern",
            {},
            pattern.find("(?") != std::string::npos ? "(?…) is for pcre: tables" : ""};
  return {"bad-pattern", line.edited(line.parts->begin, size, pattern), std::move(more)};
}

Advice advice_for(front::Dialect dialect, const RuleLine& line, std::string_view complaint) {
  const auto says = [&](std::string_view words) {
    return complaint.find(words) != std::string_view::npos;
  };
  if (says("unknown regexp option")) return unknown_option(dialect, line);
  if (says("ignoring obsolete regexp option")) return {"obsolete-flag", without_obsolete(line), {}};
  if (says("no closing regexp delimiter")) return no_delimiter(line);
  if (complaint.starts_with("no regexp")) return {"missing-pattern", {}, {}};
  if (complaint.starts_with("no replacement text")) return {"no-action", {}, {}};
  if (says("ignoring unrecognized request")) return {"unrecognized-line", {}, {}};
  if (says("must not start with whitespace")) {
    return {"indented-line", std::string(text::trim(line.physical)), {}};
  }
  if (says("ignoring extra text after IF")) return {"text-after-if", {}, {}};
  if (says("ignoring extra text after ENDIF"))
    return {"text-after-endif", line.edited(0, line.physical.size(), "endif"), {}};
  if (says("ignoring ENDIF")) return {"endif-without-if", {}, {}};
  if (says("IF has no matching")) return {"if-without-endif", {}, {}};
  if (says("replacement index") || says("macro name") || says("macro reference") ||
      says("$number found"))
    return bad_value(line);
  return bad_pattern(dialect, line);
}

// Said after another complaint of the same line, which says it better.
bool is_echo(std::string_view complaint) {
  return complaint.starts_with("bad replacement syntax") ||
         complaint.starts_with("do not prepend whitespace");
}

}  // namespace

void find_complaints(const TableView& view, Collector& found) {
  for (const RuleLine& line : view.lines) {
    std::string_view last;
    for (const std::string& complaint : line.complaints) {
      if (is_echo(complaint)) continue;
      Advice advice = advice_for(view.dialect, line, complaint);
      if (advice.id == last) continue;  // a line with several bad $ is one mistake
      last = advice.id;
      std::string what = complaint;
      if (what.starts_with("t: ")) what.erase(0, 3);
      if (!advice.more.empty()) what += fmt::format(" ({})", advice.more);
      found.add(advice.id, line, std::move(what), std::move(advice.suggestion));
    }
  }
}

}  // namespace headgate::lint
