// A parser of POSIX expressions that glibc's regcomp has already accepted, as glibc reads them in the C locale: GNU
// escapes, stacked quantifiers, empty alternatives, a lone `)` literal, `{,n}` counting from 0. Back-references, an anchor beside what can match a newline and
// whatever depends on context in a way not worth proving (BRE `*` or `^` in odd places, collating elements) give up.
// Case-blind matching in glibc compares upper-cased bytes; so do the sets built here: `[Z-a]` is not what PCRE2 makes of it.
// Tested by tests/compiler/analyse/parse_test.cc.
#include <algorithm>
#include <utility>

#include "compiler/analyse/posix_tokens.h"

namespace headgate::analyse {

namespace {

class Parser {
 public:
  Parser(const std::string& pattern, const front::Flags& flags)
      : at_(pattern, flags), newline_(flags.multiline) {}

  Node run() { return alternatives(0); }

 private:
  Node alternatives(int depth) {
    if (depth > kDeepest) throw GiveUp{"nested too deeply"};
    Node first = sequence(depth);
    if (!at_.at_operator('|')) return first;
    Node node = make_leaf(NodeKind::alternate);
    node.children.push_back(std::move(first));
    while (at_.eat_operator('|')) node.children.push_back(sequence(depth));
    return node;
  }

  Node sequence(int depth) {
    Node node = make_leaf(NodeKind::concat);
    bool repeatable = false;
    while (at_.more() && !at_.at_operator('|')) {
      if (at_.at_operator(')') && (depth > 0 || at_.basic())) break;
      if (auto limits = at_.take_quantifier()) {
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

  [[nodiscard]] Node literal(char c) const {
    return make_bytes(at_.matching(single(at_.folded(c))));
  }

  Node atom(int depth) {
    if (at_.eat_operator('(')) return group(depth);
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
        if (at_.basic() && !at_start) throw GiveUp{"^ inside a basic expression"};
        return make_leaf(newline_ ? NodeKind::line_start : NodeKind::text_start);
      case '$':
        if (at_.basic() && at_.more()) throw GiveUp{"$ inside a basic expression"};
        return make_leaf(newline_ ? NodeKind::line_end : NodeKind::text_end);
      default:
        return literal(c);
    }
  }

  Node group(int depth) {
    Node inner = alternatives(depth + 1);
    if (!at_.eat_operator(')')) throw GiveUp{"missing )"};
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
    if (at_.basic() && (c == '{' || c == '}' || c == '+' || c == '?'))
      throw GiveUp{"quantifier after nothing"};
    // glibc does not upper-case an escaped letter: with REG_ICASE `\d` is a byte that no upper-cased text has.
    return make_bytes(at_.matching(single(static_cast<unsigned char>(c))));
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
    set = at_.matching(set);
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
    return at_.folded(c);
  }

  void named_class(ByteSet& set) {
    const auto end = at_.rest().find(":]", 2);
    if (end == std::string_view::npos) throw GiveUp{"[: in a bracket expression"};
    std::string_view name = at_.rest().substr(2, end - 2);
    if (at_.caseless() && (name == "upper" || name == "lower")) name = "alpha";
    ByteSet named;
    if (name == "word" || name == "ascii" || !posix_class(name, named))
      throw GiveUp{"[: in a bracket expression"};
    set |= named;
    at_.skip(end + 2);
    if (at_.peek() == '-' && at_.peek(1) != ']') throw GiveUp{"- after [:…:]"};
  }

  PosixTokens at_;
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
