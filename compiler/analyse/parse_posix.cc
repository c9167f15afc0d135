// A parser of POSIX expressions that glibc's regcomp has already accepted, as glibc reads them in the C locale: GNU
// escapes, stacked quantifiers, empty alternatives, a lone `)` literal, `{,n}` counting from 0. Back-references, an anchor beside what can match a newline and
// whatever depends on context in a way not worth proving (BRE `*` or `^` in odd places, collating elements) give up.
// Case-blind matching in glibc compares upper-cased bytes; so do the sets built here: `[Z-a]` is not what PCRE2 makes of it.
// Tested by tests/compiler/analyse/parse_test.cc.
#include <algorithm>
#include <optional>
#include <utility>

#include "compiler/analyse/cursor.h"
#include "compiler/analyse/regex_tree.h"
#include "engine/base/text.h"

namespace headgate::analyse {

namespace {

constexpr std::uint32_t kMostRepeats = 32767;  // RE_DUP_MAX

class Parser {
 public:
  Parser(const std::string& pattern, const front::Flags& flags)
      : at_(pattern), basic_(flags.basic), caseless_(flags.caseless), newline_(flags.multiline) {}

  Node run() { return alternatives(0); }

 private:
  // The spelling of an operator: bare in extended syntax, with a backslash in basic.
  [[nodiscard]] bool at_operator(char c) const {
    return basic_ ? at_.peek() == '\\' && at_.peek(1) == c : at_.peek() == c;
  }

  bool eat_operator(char c) {
    if (!at_operator(c)) return false;
    at_.skip(basic_ ? 2 : 1);
    return true;
  }

  Node alternatives(int depth) {
    if (depth > kDeepest) throw GiveUp{"nested too deeply"};
    Node first = sequence(depth);
    if (!at_operator('|')) return first;
    Node node = make_leaf(NodeKind::alternate);
    node.children.push_back(std::move(first));
    while (eat_operator('|')) node.children.push_back(sequence(depth));
    return node;
  }

  Node sequence(int depth) {
    Node node = make_leaf(NodeKind::concat);
    bool repeatable = false;
    while (at_.more() && !at_operator('|')) {
      if (at_operator(')') && (depth > 0 || basic_)) break;
      if (auto limits = take_quantifier()) {
        if (!repeatable) throw GiveUp{"quantifier after nothing"};
        Node& last = node.children.back();
        last = make_repeat(std::move(last), limits->first, limits->second);
        continue;
      }
      node.children.push_back(atom(depth));
      repeatable = is_repeatable(node.children.back().kind);
    }
    return node;
  }

  // Quantifiers after anchors mean different things in different places.
  static bool is_repeatable(NodeKind kind) {
    return kind == NodeKind::bytes || kind == NodeKind::capture;
  }

  std::optional<std::pair<std::uint32_t, std::uint32_t>> take_quantifier() {
    if (at_.eat("*")) return std::pair{0U, kUnbounded};
    if (eat_operator('+')) return std::pair{1U, kUnbounded};
    if (eat_operator('?')) return std::pair{0U, 1U};
    if (!eat_operator('{')) return std::nullopt;
    const auto min = number();
    std::uint32_t max = min.value_or(0);
    if (at_.eat(",")) {
      const auto upper = number();
      max = upper.value_or(kUnbounded);
    } else if (!min) {
      throw GiveUp{"interval"};
    }
    if (!eat_operator('}')) throw GiveUp{"interval"};
    if (max < min.value_or(0)) throw GiveUp{"interval"};
    return std::pair{min.value_or(0), max};
  }

  std::optional<std::uint32_t> number() {
    if (!text::is_digit(at_.peek())) return std::nullopt;
    std::uint32_t value = 0;
    for (; text::is_digit(at_.peek()); at_.skip(1)) {
      value = value * 10 + static_cast<std::uint32_t>(at_.peek() - '0');
      if (value > kMostRepeats) throw GiveUp{"repeat too large"};
    }
    return value;
  }

  // What a pattern byte matches: with REG_ICASE both sides are upper-cased first.
  [[nodiscard]] ByteSet matching(const ByteSet& set) const {
    if (!caseless_) return set;
    ByteSet matched;
    for (unsigned c = 0; c < 256; ++c)
      matched.set(c, set.test(upper(static_cast<unsigned char>(c))));
    return matched;
  }

  static unsigned char upper(unsigned char c) {
    return static_cast<unsigned char>(text::to_upper(static_cast<char>(c)));
  }

  [[nodiscard]] unsigned char folded(char c) const {
    return caseless_ ? upper(static_cast<unsigned char>(c)) : static_cast<unsigned char>(c);
  }

  [[nodiscard]] Node literal(char c) const { return make_bytes(matching(single(folded(c)))); }

  Node atom(int depth) {
    if (eat_operator('(')) return group(depth);
    const bool at_start = at_.offset() == 0;
    const char c = at_.next();
    switch (c) {
      case '\\':
        return escape();
      case '[':
        return bracket();
      case '.':
        return make_bytes(newline_ ? ~single('\n') : ~ByteSet());
      case '^':
        if (basic_ && !at_start) throw GiveUp{"^ inside a basic expression"};
        return make_leaf(newline_ ? NodeKind::line_start : NodeKind::text_start);
      case '$':
        if (basic_ && at_.more()) throw GiveUp{"$ inside a basic expression"};
        return make_leaf(newline_ ? NodeKind::line_end : NodeKind::text_end);
      default:
        return literal(c);
    }
  }

  Node group(int depth) {
    Node inner = alternatives(depth + 1);
    if (!eat_operator(')')) throw GiveUp{"missing )"};
    return make_unary(NodeKind::capture, std::move(inner));
  }

  Node escape() {
    if (!at_.more()) throw GiveUp{"\\ at the end"};
    const char c = at_.next();
    switch (c) {
      case 'w':
        return make_bytes(word_bytes());
      case 'W':
        return make_bytes(~word_bytes());
      case 's':
        return make_bytes(space_bytes());
      case 'S':
        return make_bytes(~space_bytes());
      case 'b':
      case 'B':
      case '<':
      case '>':
        return make_leaf(NodeKind::maybe);
      case '`':
        return make_leaf(NodeKind::text_start);
      case '\'':
        return make_leaf(NodeKind::text_end);
      default:
        break;
    }
    if (c >= '1' && c <= '9') throw GiveUp{"back-reference"};
    if (basic_ && (c == '{' || c == '}' || c == '+' || c == '?'))
      throw GiveUp{"quantifier after nothing"};
    // glibc does not upper-case an escaped letter: with REG_ICASE `\d` is a byte that no upper-cased text has.
    return make_bytes(matching(single(static_cast<unsigned char>(c))));
  }

  Node bracket() {
    const bool negated = at_.eat("^");
    ByteSet set;
    for (bool first = true;; first = false) {
      if (!at_.more()) throw GiveUp{"missing ]"};
      if (at_.peek() == ']' && !first) break;
      bracket_item(set);
    }
    at_.skip(1);
    set = matching(set);
    if (negated) {
      set = ~set;
      if (newline_) set.reset('\n');
    }
    return make_bytes(set);
  }

  void bracket_item(ByteSet& set) {
    if (at_.peek() == '[' && at_.peek(1) == ':') {
      named_class(set);
      return;
    }
    const unsigned char low = bracket_byte();
    if (at_.peek() != '-' || at_.peek(1) == ']') {
      set |= single(low);
      return;
    }
    at_.skip(1);
    const unsigned char high = bracket_byte();
    if (high < low) throw GiveUp{"range in a bracket expression"};
    set |= range(low, high);
  }

  unsigned char bracket_byte() {
    const char c = at_.peek();
    if (!at_.more() ||
        (c == '[' && (at_.peek(1) == '.' || at_.peek(1) == '=' || at_.peek(1) == ':')))
      throw GiveUp{"collating element"};
    at_.skip(1);
    return folded(c);
  }

  void named_class(ByteSet& set) {
    const auto end = at_.rest().find(":]", 2);
    if (end == std::string_view::npos) throw GiveUp{"[: in a bracket expression"};
    std::string_view name = at_.rest().substr(2, end - 2);
    if (caseless_ && (name == "upper" || name == "lower")) name = "alpha";
    ByteSet named;
    if (name == "word" || name == "ascii" || !posix_class(name, named))
      throw GiveUp{"[: in a bracket expression"};
    set |= named;
    at_.skip(end + 2);
    if (at_.peek() == '-' && at_.peek(1) != ']') throw GiveUp{"- after [:…:]"};
  }

  Cursor at_;
  bool basic_;
  bool caseless_;
  bool newline_;
};

bool may_match_newline(const Node& node) {
  if (node.kind == NodeKind::bytes) return node.set.test('\n');
  return std::any_of(node.children.begin(), node.children.end(), may_match_newline);
}

// glibc, without REG_NEWLINE too, takes `$` before a newline that the pattern goes on to match for the end, and `^` behind one
// for the start: /a$.b/ matches "a\nb". And it unrolls repeats and sometimes forgets what an anchor inside said.
// `before`, `after`: a newline may be matched there.
bool has_odd_anchor(const Node& node, bool before, bool after, bool in_repeat) {
  if (node.kind == NodeKind::text_start) return before || in_repeat;
  if (node.kind == NodeKind::text_end) return after || in_repeat;
  if (node.kind == NodeKind::line_start || node.kind == NodeKind::line_end) return in_repeat;
  in_repeat = in_repeat || (node.kind == NodeKind::repeat && node.max > 1);
  if (node.kind != NodeKind::concat) {
    return std::any_of(node.children.begin(), node.children.end(), [&](const Node& child) {
      return has_odd_anchor(child, before, after, in_repeat);
    });
  }
  auto left = std::count_if(node.children.begin(), node.children.end(), may_match_newline);
  for (const Node& child : node.children) {
    const bool matches_newline = may_match_newline(child);
    left -= matches_newline ? 1 : 0;
    if (has_odd_anchor(child, before, after || left > 0, in_repeat)) return true;
    before = before || matches_newline;
  }
  return false;
}

}  // namespace

Parsed parse_posix(const std::string& pattern, const front::Flags& flags) {
  try {
    Node tree = Parser(pattern, flags).run();
    if (has_odd_anchor(tree, false, false, false))
      throw GiveUp{"an anchor beside what can match a newline, or inside a repeat"};
    return tree;
  } catch (const GiveUp& refusal) {
    return tl::unexpected(refusal.why);
  }
}

}  // namespace headgate::analyse
