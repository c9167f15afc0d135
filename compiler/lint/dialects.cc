// How it works: constructs are known by how they are spelled, one row each. Those in force here are told with what they mean
// here. Tested by tests/compiler/lint/lint_test.cc; what regexp: makes of them was tried on glibc 2.36, see
// tests/compiler/lint/dialects_test.cc.
#include "compiler/lint/dialects.h"

#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>

#include "compiler/analyse/ways.h"
#include "compiler/lint/tokens.h"
#include "engine/base/text.h"

namespace headgate::lint {

namespace {

using front::Dialect;
using front::StatementKind;

std::string_view spelled(const front::Pattern& pattern, const Token& token) {
  return std::string_view(pattern.text).substr(token.begin, token.end - token.begin);
}

bool uses_groups(const front::Statement& statement) {
  return std::ranges::any_of(statement.value,
                             [](const front::Piece& piece) { return piece.group > 0; });
}

// Of regexp: what an escaped letter means in PCRE that it does not mean here.
std::string_view perl_escape(char letter) {
  switch (letter) {
    case 'd':
      return "[0-9]";
    case 'D':
      return "[^0-9]";
    case 'h':
      return "[[:blank:]]";
    case 'z':
    case 'Z':
      return "$";
    case 'A':
      return "^";
    default:
      return "";
  }
}

struct Foreign {
  std::string what;
  std::size_t begin = 0, end = 0;  // in the pattern, to be replaced
  std::string instead;             // "" = no suggestion
};

// A PCRE escape in brackets, where regexp: takes the backslash for itself: "[\w.]".
Foreign bracket_escape(const front::Pattern& pattern, const Token& token) {
  const std::string_view text = spelled(pattern, token);
  std::string instead;
  bool changed = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 >= text.size()) {
      instead += text[i];
      continue;
    }
    switch (text[i + 1]) {
      case 'd':
        instead += "0-9";
        break;
      case 'w':
        instead += "[:alnum:]_";
        break;
      case 's':
        instead += "[:space:]";
        break;
      default:
        instead += text[i];
        continue;
    }
    changed = true;
    ++i;
  }
  if (!changed) return {};
  return {fmt::format("in brackets regexp: takes a backslash for itself: \"{}\" has no class in it",
                      text),
          token.begin, token.end, std::move(instead)};
}

// glibc compares upper-cased texts with an escaped letter as it is: a small one is never met then.
std::string escaped_letter(char letter, bool caseless) {
  return caseless && letter >= 'a' && letter <= 'z' ? "nothing at all"
                                                    : fmt::format("the letter {}", letter);
}

Foreign in_regexp(const front::Pattern& pattern, const Token& token, bool groups_used) {
  if (token.kind == TokenKind::escape) {
    const std::string_view instead = perl_escape(token.byte);
    if (!instead.empty() || std::string_view("tnrfve").find(token.byte) != std::string_view::npos)
      return {fmt::format("regexp: knows no \\{}: it matches {}", token.byte,
                          escaped_letter(token.byte, pattern.flags.caseless)),
              token.begin, token.end, std::string(instead)};
  }
  if (token.kind == TokenKind::brackets) return bracket_escape(pattern, token);
  if (token.kind == TokenKind::escape && (token.byte == '\'' || token.byte == '`'))
    return {fmt::format("in regexp: \\{} is the {} of the text", token.byte,
                        token.byte == '`' ? "beginning" : "end"),
            token.begin, token.end, std::string(1, token.byte)};
  // x*? matches what x* does; only what a group gets may differ.
  const std::string& repeat = token.quantifier;
  if (token.kind != TokenKind::open && repeat.size() >= 2 && repeat.back() == '?' &&
      repeat != "??" && (repeat != "*?" || groups_used))
    return {fmt::format("regexp: knows no lazy \"{}\": {}", repeat,
                        repeat == "*?" ? "it takes as much as it can" : "the ? makes it optional"),
            token.end, token.whole_end(), repeat.substr(0, repeat.size() - 1)};
  return {};
}

// PCRE2 10.42 takes {,n} literally, 10.43 does not.
Foreign in_pcre(const Token& token) {
  if (token.kind != TokenKind::open && token.quantifier.find("{,") != std::string::npos) {
    std::string instead = token.quantifier;
    instead.replace(instead.find("{,"), 2, "{0,");
    return {fmt::format("\"{}\" is literal text up to PCRE2 10.42", token.quantifier), token.end,
            token.whole_end(), std::move(instead)};
  }
  return {};
}

void find_foreign(const TableView& view, const RuleLine& line, const std::vector<Token>& tokens,
                  Collector& found) {
  const front::Pattern& pattern = line.statement->pattern;
  const bool pcre = view.dialect == Dialect::pcre;
  const bool groups_used = uses_groups(*line.statement);
  std::string edited = pattern.text;
  std::string what;
  bool all = true;
  for (auto token = tokens.rbegin(); token != tokens.rend(); ++token) {
    const Foreign foreign = pcre ? in_pcre(*token) : in_regexp(pattern, *token, groups_used);
    if (foreign.what.empty()) continue;
    what = foreign.what;
    all = all && !foreign.instead.empty();
    if (!foreign.instead.empty())
      edited.replace(foreign.begin, foreign.end - foreign.begin, foreign.instead);
  }
  if (what.empty()) return;
  found.add("foreign-syntax", line, what,
            all ? line.edited(line.parts->begin, pattern.text.size(), edited) : "");
}

// ---- What would be different elsewhere

struct Difference {
  std::string construct, here, there;
};

std::vector<Difference> in_other(const TableView& view, const front::Pattern& pattern,
                                 const std::vector<Token>& tokens) {
  std::vector<Difference> differences;
  const bool pcre = view.dialect == Dialect::pcre;
  for (const Token& token : tokens) {
    if (pcre && token.kind == TokenKind::escape && !perl_escape(token.byte).empty())
      differences.push_back({fmt::format("\\{}", token.byte), "a class or an anchor",
                             escaped_letter(token.byte, pattern.flags.caseless)});
    if (!pcre && token.kind == TokenKind::escape && (token.byte == '<' || token.byte == '>'))
      differences.push_back({fmt::format("\\{}", token.byte), "an end of a word",
                             fmt::format("the character {}", token.byte)});
    const std::string_view text = spelled(pattern, token);
    if (token.kind == TokenKind::brackets && text.find('\\') != std::string_view::npos)
      differences.push_back({"a backslash in brackets", pcre ? "an escape" : "a character",
                             pcre ? "a character" : "an escape"});
    if (pcre && token.quantifier.size() >= 2 &&
        (token.quantifier.back() == '?' || token.quantifier.back() == '+'))
      differences.push_back({"a lazy or possessive repeat", "how much is taken first",
                             "a second repeat of the first"});
    if (pcre && token.kind == TokenKind::open && text != "(")
      differences.push_back({fmt::format("{}", text), "a kind of group", "no valid expression"});
    if (!pcre && token.quantifier.find("{,") != std::string::npos)
      differences.push_back({"{,n}", "up to n times", "literal text (PCRE2 10.42)"});
  }
  return differences;
}

// One alternative may begin another: then it matters which is tried first.
bool may_take_another(const analyse::Node& node) {
  if (node.kind == analyse::NodeKind::alternate && analyse::ways_at_one_place(node) != 1)
    return true;
  return std::ranges::any_of(node.children, may_take_another);
}

struct Seen {
  Difference difference;
  std::vector<int> lines;
};

std::string list_of(const std::vector<int>& lines) {
  std::string list;
  for (std::size_t i = 0; i < lines.size() && i < 8; ++i)
    list += fmt::format("{}{}", i == 0 ? "" : ", ", lines[i]);
  if (lines.size() > 8) list += fmt::format(" and {} more", lines.size() - 8);
  return list;
}

}  // namespace

void find_dialects(const TableView& view, Collector& found) {
  std::map<std::string, Seen> seen;
  const bool pcre = view.dialect == Dialect::pcre;
  for (const RuleLine& line : view.lines) {
    if (!line.parts || !(line.is(StatementKind::rule) || line.is(StatementKind::guard))) continue;
    const front::Pattern& pattern = line.statement->pattern;
    const auto tokens = tokens_of(view.dialect, pattern);
    if (!tokens) continue;
    find_foreign(view, line, *tokens, found);
    auto differences = in_other(view, pattern, *tokens);
    const bool alternatives =
        line.tree && uses_groups(*line.statement) && may_take_another(*line.tree);
    if (alternatives)
      differences.push_back({"alternatives whose text is used in the result",
                             pcre ? "the first that matches is taken" : "the longest is taken",
                             pcre ? "the longest" : "the first that matches"});
    for (Difference& difference : differences) {
      Seen& entry = seen[difference.construct];
      entry.difference = std::move(difference);
      if (entry.lines.empty() || entry.lines.back() != line.first)
        entry.lines.push_back(line.first);
    }
  }
  for (const auto& [construct, entry] : seen) {
    found.add_at("dialect-difference", entry.lines.front(),
                 fmt::format("{}: here {}, in {}: {} (line{} {})", construct, entry.difference.here,
                             pcre ? "regexp" : "pcre", entry.difference.there,
                             entry.lines.size() == 1 ? "" : "s", list_of(entry.lines)));
  }
}

}  // namespace headgate::lint
