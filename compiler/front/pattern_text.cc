// Tested by tests/compiler/front/rule_file_test.cc and tests/cases/rules/*.case.
#include "compiler/front/pattern_text.h"

#include <fmt/format.h>

#include "compiler/front/flags.h"
#include "engine/base/text.h"

namespace headgate::front {

namespace {

// Offset of the closing delimiter, or nullopt. A backslash hides the byte after it, and nothing else does. regexp: a
// backslash at the end of the line closes the pattern; pcre: it leaves it open.
std::optional<std::size_t> find_end(Dialect dialect, std::string_view line, std::size_t at,
                                    char delimiter) {
  for (; at < line.size(); ++at) {
    if (line[at] == '\\') {
      if (at + 1 < line.size()) {
        ++at;
        continue;
      }
      if (dialect == Dialect::regexp) return at;
      return std::nullopt;
    }
    if (line[at] == delimiter) return at;
  }
  return std::nullopt;
}

}  // namespace

std::optional<CutPattern> cut_pattern(
    Dialect dialect, std::string_view line, std::size_t from,
    const std::function<void(std::size_t, std::string)>& complain) {
  const bool pcre = dialect == Dialect::pcre;
  CutPattern cut;
  std::size_t at = from;
  for (; at < line.size() && (line[at] == '!' || text::is_space(line[at])); ++at) {
    if (line[at] == '!') cut.pattern.negated = !cut.pattern.negated;
  }
  if (at == line.size()) {
    complain(at, "no regexp: skipping this rule");
    return std::nullopt;
  }
  const char delimiter = line[at];
  const std::size_t begin = at + 1;
  const auto end = find_end(dialect, line, begin, delimiter);
  if (!end) {
    complain(at, fmt::format("no closing regexp delimiter \"{}\": {} this rule", delimiter,
                             pcre ? "ignoring" : "skipping"));
    return std::nullopt;
  }
  cut.pattern.text = line.substr(begin, *end - begin);
  cut.pattern.column = static_cast<int>(begin);
  for (at = *end + 1; at < line.size() && !text::is_space(line[at]) && (pcre || line[at] != '!');
       ++at) {
    switch (toggle_flag(dialect, line[at], cut.pattern.flags)) {
      case FlagResult::ok:
        break;
      case FlagResult::obsolete:
        complain(at, fmt::format("ignoring obsolete regexp option \"{}\"", line[at]));
        break;
      case FlagResult::unknown:
        complain(at, fmt::format("unknown regexp option \"{}\": skipping this rule", line[at]));
        return std::nullopt;
    }
    cut.pattern.flags.letters += line[at];
  }
  cut.next = at < line.size() ? at : line.size();
  return cut;
}

}  // namespace headgate::front
