// How it works: a flag is useless when the pattern has the same tree without it; what is about the writing goes by tokens.
// Tested by tests/compiler/lint/lint_test.cc.
#include "compiler/lint/spelling.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/front/flags.h"
#include "compiler/lint/same_tree.h"
#include "compiler/lint/tokens.h"
#include "engine/base/text.h"

namespace headgate::lint {

namespace {

using analyse::Node;
using analyse::NodeKind;
using front::StatementKind;

bool uses_groups(const front::Statement& statement) {
  return std::ranges::any_of(statement.value,
                             [](const front::Piece& piece) { return piece.group > 0; });
}

// ---- Flags

std::string with_flags(const RuleLine& line, std::string_view letters) {
  const std::size_t begin = line.parts->close + 1;
  return line.edited(begin, line.parts->flags_end - begin, letters);
}

bool has(const Node& node, NodeKind kind) {
  return node.kind == kind ||
         std::ranges::any_of(node.children, [&](const Node& child) { return has(child, kind); });
}

// Small and capital letters apart: what case-blindness would change.
bool tells_case_apart(const Node& node) {
  if (node.kind == NodeKind::bytes) return analyse::fold_case(node.set) != node.set;
  return std::ranges::any_of(node.children, tells_case_apart);
}

bool changes_nothing(front::Dialect dialect, const RuleLine& line, char letter) {
  if (!line.tree) return false;
  front::Pattern without = line.statement->pattern;
  front::toggle_flag(dialect, letter, without.flags);
  switch (letter) {
    case 'A': {
      const Node& tree = *line.tree;  // A makes it a row: text start, pattern
      return tree.kind == NodeKind::concat && tree.children.size() == 2 &&
             tree.children[1].kind == NodeKind::concat && !tree.children[1].children.empty() &&
             tree.children[1].children.front().kind == NodeKind::text_start;
    }
    case 'U':
      return !has(*line.tree, NodeKind::repeat) ||
             (!uses_groups(*line.statement) && !has(*line.tree, NodeKind::atomic));
    default: {
      const auto tree = dialect == front::Dialect::pcre
                            ? analyse::parse_pcre(without.text, without.flags)
                            : analyse::parse_posix(without.text, without.flags);
      return tree && same_tree(*line.tree, *tree);
    }
  }
}

// The author wanted it caseless: what is searched has small letters, and no brackets that tell case apart by themselves.
bool wants_caseless(const TableView& view, const front::Pattern& pattern) {
  const auto tokens = tokens_of(view.dialect, pattern);
  if (!tokens) return false;
  const std::string name = header_name(pattern.text);
  const std::size_t after_name = name.empty() ? 0 : pattern.text.find(':') + 1;
  bool small = false;
  bool anything = false;
  for (const Token& token : *tokens) {
    const std::string_view spelled =
        std::string_view(pattern.text).substr(token.begin, token.end - token.begin);
    if (token.kind == TokenKind::brackets && std::ranges::any_of(spelled, text::is_alpha) &&
        spelled.find("[:") == std::string_view::npos)
      return false;  // [A-Z], [Vv]: somebody has thought of case
    if (token.kind != TokenKind::literal || token.begin < after_name) continue;
    anything = anything || text::is_alpha(token.byte);
    small = small || (token.byte >= 'a' && token.byte <= 'z');
  }
  return small || (!anything && !name.empty());
}

void find_flags(const TableView& view, const RuleLine& line, Collector& found) {
  const std::string& letters = line.statement->pattern.flags.letters;
  std::string known;
  for (const char letter : letters) {
    if (letter == 'X' || known.find(letter) != std::string::npos) continue;
    known += letter;
    std::string rest = letters;
    std::erase(rest, letter);
    const auto times = std::ranges::count(letters, letter);
    if (times % 2 == 0) {
      found.add("useless-flag", line,
                fmt::format("{0}{0} is no flag at all: each {0} toggles", letter),
                with_flags(line, rest));
      continue;
    }
    if (changes_nothing(view.dialect, line, letter)) {
      found.add("useless-flag", line, fmt::format("the flag {} changes nothing here", letter),
                with_flags(line, rest));
    } else if (letter == 'i' && line.tree && tells_case_apart(*line.tree) &&
               wants_caseless(view, line.statement->pattern)) {
      found.add("case-sensitive-flag", line, "with the flag i the pattern is case-sensitive",
                with_flags(line, rest));
    }
  }
}

void find_delimiter(const RuleLine& line, Collector& found) {
  const char delimiter = line.parts->delimiter;
  if (std::string_view("^([.*+?").find(delimiter) == std::string_view::npos) return;
  found.add("odd-delimiter", line,
            fmt::format("the pattern is \"{}\": the {} around it is its delimiter",
                        line.statement->pattern.text, delimiter));
}

// ---- Host names

constexpr auto kDomains = std::to_array<std::string_view>(
    {"com",   "net",    "org",   "info",        "biz",     "edu",  "gov",    "mil",
     "mobi",  "online", "shop",  "site",        "club",    "xyz",  "top",    "live",
     "email", "cloud",  "local", "localdomain", "example", "test", "invalid"});

bool is_country(std::string_view label) {
  static constexpr std::string_view kCountries =
      " ac ad ae af ag ai al am ao ar at au az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by "
      "bz ca cc cd cf cg ch ci ck "
      "cl cm cn co cr cu cv cx cy cz de dj dk dm dz ec ee eg er es et eu fi fj fk fm fo fr ga gb "
      "gd ge gf gg gh gi gl gm gn "
      "gp gr gt gu gy hk hn hr ht hu id ie il im io iq ir is it je jm jo jp ke kg kh ki km kr kw "
      "ky kz la lb lc li lk lr ls "
      "lt lu lv ly ma mc md me mg mk ml mm mn mo mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl "
      "no np nr nu nz om pa pe pf "
      "pg ph pk pl pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl sm sn so sr st "
      "su sv sy sz tc td tf tg th "
      "tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu ws ye za zm zw ";
  return label.size() == 2 && kCountries.find(fmt::format(" {} ", label)) != std::string_view::npos;
}

bool is_label_byte(const Token& token) {
  return token.kind == TokenKind::literal && token.quantifier.empty() &&
         (text::is_alnum(token.byte) || token.byte == '-' || token.byte == '_');
}

bool is_bare_dot(const Token& token) {
  return token.kind == TokenKind::dot && token.quantifier.empty();
}

bool is_dot(const Token& token) {
  return is_bare_dot(token) ||
         (token.kind == TokenKind::literal && token.byte == '.' && token.quantifier.empty());
}

struct Host {
  std::string name;
  std::vector<std::size_t> bare;  // tokens
};

// "www.example.com" or four numbers; the labels of what may be a name in a sentence ("end.It") are too short or no domain.
bool is_host(const std::string& name) {
  const auto labels = text::split(name, ".");
  if (labels.size() < 2) return false;
  if (std::ranges::all_of(labels, text::all_digits)) return labels.size() == 4;
  const std::string last = text::lower(labels.back());
  const std::string_view before = labels[labels.size() - 2];
  if (std::ranges::find(kDomains, last) != kDomains.end()) return before.size() >= 2;
  return is_country(last) && (labels.size() >= 3 ? before.size() >= 2 : before.size() >= 4) &&
         last == labels.back();
}

std::vector<Host> hosts_in(const std::vector<Token>& tokens) {
  std::vector<Host> hosts;
  for (std::size_t i = 0; i < tokens.size();) {
    Host host;
    std::size_t at = i;
    // Labels with one dot between them; a dot at an end belongs to none.
    while (at < tokens.size() &&
           (is_label_byte(tokens[at]) ||
            (is_dot(tokens[at]) && at > i && at + 1 < tokens.size() &&
             is_label_byte(tokens[at - 1]) && is_label_byte(tokens[at + 1])))) {
      if (is_bare_dot(tokens[at])) host.bare.push_back(at);
      host.name += is_dot(tokens[at]) ? '.' : tokens[at].byte;
      ++at;
    }
    const bool goes_on = at < tokens.size() && !tokens[at].quantifier.empty();
    if (!host.bare.empty() && !goes_on && is_host(host.name)) hosts.push_back(std::move(host));
    i = at + 1;
  }
  return hosts;
}

void find_dots(const RuleLine& line, const std::vector<Token>& tokens, Collector& found) {
  const auto hosts = hosts_in(tokens);
  if (hosts.empty()) return;
  const std::string& pattern = line.statement->pattern.text;
  std::string escaped;
  std::size_t done = 0;
  for (const Host& host : hosts) {
    for (const std::size_t dot : host.bare) {
      escaped += pattern.substr(done, tokens[dot].begin - done) + "\\";
      done = tokens[dot].begin;
    }
  }
  escaped += pattern.substr(done);
  std::string other = hosts.front().name;
  other[other.rfind('.')] = 'x';
  found.add("unescaped-dot", line,
            fmt::format("\"{}\" also matches \"{}\": a bare dot is any character",
                        hosts.front().name, other),
            line.edited(line.parts->begin, pattern.size(), escaped));
}

// ---- Ends

bool is_any(const Token& token) { return token.kind == TokenKind::dot && token.quantifier == "*"; }

// A pattern that is a row of things, without alternatives outside groups.
bool is_row(const std::vector<Token>& tokens) {
  return std::ranges::none_of(
      tokens, [](const Token& token) { return token.kind == TokenKind::bar && token.depth == 0; });
}

void suggest_cut(const RuleLine& line, std::string_view id, std::string what, std::size_t begin,
                 std::size_t end, Collector& found) {
  found.add(id, line, std::move(what), line.edited(line.parts->begin + begin, end - begin, ""));
}

void find_ends(const TableView& view, const RuleLine& line, const std::vector<Token>& tokens,
               Collector& found) {
  const front::Pattern& pattern = line.statement->pattern;
  if (tokens.size() < 2 || !is_row(tokens) || pattern.flags.multiline || !pattern.flags.dotall ||
      line.statement->has_second)
    return;
  const bool groups = uses_groups(*line.statement);
  // In front: captures would be found elsewhere.
  std::size_t first = tokens[0].kind == TokenKind::caret ? 1 : 0;
  if (!groups && !pattern.flags.anchored && first + 1 < tokens.size() && is_any(tokens[first]) &&
      tokens[first + 1].kind != TokenKind::caret) {
    suggest_cut(line, "useless-wildcard", "the .* in front is not needed", 0,
                tokens[first].whole_end(), found);
  }
  // regexp: takes the longest match, and captures with it.
  if (groups && view.dialect == front::Dialect::regexp) return;
  const bool dollar = tokens.back().kind == TokenKind::dollar;
  const std::size_t last = tokens.size() - (dollar ? 2 : 1);
  if (last < first || last == 0 || (dollar && tokens.size() < 3)) return;
  const Token& end = tokens[last];
  if (is_any(end) && end.depth == 0 && last > first) {
    suggest_cut(line, "useless-wildcard", "the .* at the end is not needed", end.begin,
                pattern.text.size(), found);
  } else if (!dollar && end.depth == 0 && end.kind == TokenKind::literal && last > first + 1 &&
             text::is_alnum(end.byte) && end.quantifier == "*") {
    const Token& before = tokens[last - 1];
    if (before.kind != TokenKind::literal || !before.quantifier.empty()) return;
    suggest_cut(
        line, "optional-end",
        fmt::format("the \"{}{}\" at the end matches nothing, too", end.byte, end.quantifier),
        end.end, end.whole_end(), found);
  }
}

}  // namespace

void find_spelling(const TableView& view, Collector& found) {
  for (const RuleLine& line : view.lines) {
    if (!line.parts || !(line.is(StatementKind::rule) || line.is(StatementKind::guard))) continue;
    find_delimiter(line, found);
    find_flags(view, line, found);
    const auto tokens = tokens_of(view.dialect, line.statement->pattern);
    if (!tokens) continue;
    find_dots(line, *tokens, found);
    find_ends(view, line, *tokens, found);
  }
}

}  // namespace headgate::lint
