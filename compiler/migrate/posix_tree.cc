// How it works: recursive descent over glibc's tokens. What stands where nothing can be repeated is an error in extended
// syntax, so regcomp has refused it before; in basic syntax it is a literal. Brackets are read by posix_bracket.
// Tested by tests/compiler/migrate/translate_test.cc, against regexec.
#include "compiler/migrate/posix_tree.h"

#include <algorithm>
#include <utility>

#include "compiler/analyse/posix_tokens.h"
#include "compiler/migrate/posix_bracket.h"

namespace headgate::migrate {

namespace {

using analyse::ByteSet;
using analyse::GiveUp;

PosixNode leaf(PosixKind kind) {
  PosixNode node;
  node.kind = kind;
  return node;
}

class Reader {
 public:
  Reader(const std::string& pattern, const front::Flags& flags)
      : at_(pattern, flags), newline_(flags.multiline) {}

  PosixTree run() {
    tree_.root = alternatives(0);
    if (at_.more()) throw GiveUp{"an unmatched )"};
    return std::move(tree_);
  }

 private:
  PosixNode alternatives(int depth) {
    if (depth > analyse::kDeepest) throw GiveUp{"groups nested too deeply"};
    PosixNode first = sequence(depth);
    if (!at_.at_operator('|')) return first;
    PosixNode node = leaf(PosixKind::alternate);
    node.children.push_back(std::move(first));
    while (at_.eat_operator('|')) node.children.push_back(sequence(depth));
    return node;
  }

  PosixNode sequence(int depth) {
    PosixNode node = leaf(PosixKind::concat);
    at_begin_ = true;
    while (at_.more() && !at_.at_operator('|')) {
      if (at_.at_operator(')') && (depth > 0 || at_.basic())) break;
      PosixNode item = atom(depth);
      at_begin_ = false;
      const bool is_anchor = item.kind >= PosixKind::line_start;
      while (!is_anchor) {  // what follows an anchor does not repeat it
        const auto limits = at_.take_quantifier();
        if (!limits) break;
        PosixNode repeat = leaf(PosixKind::repeat);
        repeat.min = limits->first;
        repeat.max = limits->second;
        repeat.children.push_back(std::move(item));
        item = std::move(repeat);
      }
      node.children.push_back(std::move(item));
    }
    at_begin_ = false;
    return node;
  }

  [[nodiscard]] PosixNode bytes(Form form, const ByteSet& set, std::string source) const {
    PosixNode node = leaf(PosixKind::bytes);
    node.form = form;
    node.set = set;
    node.source = std::move(source);
    return node;
  }

  [[nodiscard]] PosixNode literal(char c) const {
    return bytes(Form::plain, at_.matching(analyse::single(at_.folded(c))), std::string(1, c));
  }

  PosixNode atom(int depth) {
    if (at_.eat_operator('(')) return group(depth);
    const bool begins_pattern = at_.offset() == 0;
    const char c = at_.next();
    switch (c) {
      case '\\':
        return escape();
      case '[': {
        const std::size_t begin = at_.offset() - 1;
        const ByteSet set = posix_bracket(at_, newline_);
        return bytes(Form::bracket, set, std::string(at_.since(begin)));
      }
      case '.':
        return bytes(Form::dot, newline_ ? ~analyse::single('\n') : ~ByteSet(), ".");
      case '^':
        if (at_.basic() && !begins_pattern && !at_begin_) return literal(c);
        return leaf(PosixKind::line_start);
      case '$':
        if (at_.basic() && at_.more() && !at_.at_operator(')') && !at_.at_operator('|'))
          return literal(c);
        return leaf(PosixKind::line_end);
      default:
        return literal(c);
    }
  }

  PosixNode group(int depth) {
    PosixNode node = leaf(PosixKind::group);
    node.number = ++tree_.groups;
    node.children.push_back(alternatives(depth + 1));
    if (!at_.eat_operator(')')) throw GiveUp{"a missing )"};
    return node;
  }

  PosixNode escape() {
    if (!at_.more()) throw GiveUp{"a backslash at the end"};
    const char c = at_.next();
    switch (c) {
      case 'w':
        return bytes(Form::class_letter, analyse::word_bytes(), "w");
      case 'W':
        return bytes(Form::class_letter, ~analyse::word_bytes(), "W");
      case 's':
        return bytes(Form::class_letter, analyse::space_bytes(), "s");
      case 'S':
        return bytes(Form::class_letter, ~analyse::space_bytes(), "S");
      case 'b':
        return leaf(PosixKind::word_edge);
      case 'B':
        return leaf(PosixKind::no_word_edge);
      case '<':
        return leaf(PosixKind::word_begin);
      case '>':
        return leaf(PosixKind::word_end);
      case '`':
        return leaf(PosixKind::text_start);
      case '\'':
        return leaf(PosixKind::text_end);
      default:
        break;
    }
    if (c >= '1' && c <= '9') {
      PosixNode node = leaf(PosixKind::back_reference);
      node.number = static_cast<std::size_t>(c - '0');
      tree_.has_back_reference = true;
      return node;
    }
    // Basic syntax: \+ \? \} where there is nothing to repeat stand for the byte.
    // An escaped letter keeps its case, unlike the text: where case does not count, `\d` is a byte that no text has.
    return bytes(Form::escaped, at_.matching(analyse::single(static_cast<unsigned char>(c))),
                 std::string(1, c));
  }

  analyse::PosixTokens at_;
  bool newline_;
  bool at_begin_ = false;  // of an alternative: here a basic ^ is an anchor
  PosixTree tree_;
};

bool may_match_newline(const PosixNode& node) {
  if (node.kind == PosixKind::back_reference) return true;
  if (node.kind == PosixKind::bytes) return node.set.test('\n');
  return std::any_of(node.children.begin(), node.children.end(), may_match_newline);
}

// `before`, `after`: a newline may be matched there.
bool anchor_at_newline(const PosixNode& node, bool before, bool after) {
  if (node.kind == PosixKind::line_start) return before;
  if (node.kind == PosixKind::line_end) return after;
  if (node.kind == PosixKind::repeat && node.max > 1) {
    before = before || may_match_newline(node);
    after = after || may_match_newline(node);
  }
  if (node.kind != PosixKind::concat) {
    return std::any_of(node.children.begin(), node.children.end(), [&](const PosixNode& child) {
      return anchor_at_newline(child, before, after);
    });
  }
  std::vector<bool> behind(node.children.size() + 1, after);
  for (std::size_t i = node.children.size(); i-- > 0;)
    behind[i] = behind[i + 1] || may_match_newline(node.children[i]);
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    if (anchor_at_newline(node.children[i], before, behind[i + 1])) return true;
    before = before || may_match_newline(node.children[i]);
  }
  return false;
}

bool anchor_in_repeat(const PosixNode& node, bool repeated) {
  if (node.kind >= PosixKind::line_start) return repeated;
  repeated = repeated || (node.kind == PosixKind::repeat && node.max > 1);
  return std::any_of(node.children.begin(), node.children.end(),
                     [&](const PosixNode& child) { return anchor_in_repeat(child, repeated); });
}

}  // namespace

bool has_anchor_in_repeat(const PosixTree& tree) { return anchor_in_repeat(tree.root, false); }

bool has_anchor_at_newline(const PosixTree& tree) {
  return anchor_at_newline(tree.root, false, false);
}

tl::expected<PosixTree, std::string> read_posix(const std::string& pattern,
                                                const front::Flags& flags) {
  try {
    return Reader(pattern, flags).run();
  } catch (const GiveUp& refusal) {
    return tl::unexpected(refusal.why);
  }
}

bool may_be_empty(const PosixNode& node) {
  switch (node.kind) {
    case PosixKind::bytes:
      return false;
    case PosixKind::concat:
      return std::all_of(node.children.begin(), node.children.end(), may_be_empty);
    case PosixKind::alternate:
      return std::any_of(node.children.begin(), node.children.end(), may_be_empty);
    case PosixKind::repeat:
      return node.min == 0 || may_be_empty(node.children[0]);
    case PosixKind::group:
      return may_be_empty(node.children[0]);
    default:
      return true;
  }
}

}  // namespace headgate::migrate
