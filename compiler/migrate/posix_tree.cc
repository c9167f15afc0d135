// How it works: recursive descent over glibc's tokens. What stands where nothing can be repeated is an error in extended
// syntax, so regcomp has refused it before; in basic syntax it is a literal. Brackets are read by posix_bracket.
// Tested by tests/compiler/migrate/translate_test.cc, against regexec.
#include "compiler/migrate/posix_tree.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "compiler/analyse/cursor.h"
#include "compiler/migrate/posix_bracket.h"
#include "engine/base/text.h"

namespace headgate::migrate {

namespace {

using analyse::ByteSet;
using analyse::GiveUp;
using analyse::kUnbounded;

constexpr std::uint32_t kMostRepeats = 32767;  // RE_DUP_MAX

unsigned char upper(char c) { return static_cast<unsigned char>(text::to_upper(c)); }

PosixNode leaf(PosixKind kind) {
  PosixNode node;
  node.kind = kind;
  return node;
}

class Reader {
 public:
  Reader(const std::string& pattern, const front::Flags& flags)
      : at_(pattern), basic_(flags.basic), caseless_(flags.caseless), newline_(flags.multiline) {}

  PosixTree run() {
    tree_.root = alternatives(0);
    if (at_.more()) throw GiveUp{"an unmatched )"};
    return std::move(tree_);
  }

 private:
  // An operator's spelling: bare in extended syntax, behind a backslash in basic.
  [[nodiscard]] bool at_operator(char c) const {
    return basic_ ? at_.peek() == '\\' && at_.peek(1) == c : at_.peek() == c;
  }

  bool eat_operator(char c) {
    if (!at_operator(c)) return false;
    at_.skip(basic_ ? 2 : 1);
    return true;
  }

  PosixNode alternatives(int depth) {
    if (depth > analyse::kDeepest) throw GiveUp{"groups nested too deeply"};
    PosixNode first = sequence(depth);
    if (!at_operator('|')) return first;
    PosixNode node = leaf(PosixKind::alternate);
    node.children.push_back(std::move(first));
    while (eat_operator('|')) node.children.push_back(sequence(depth));
    return node;
  }

  PosixNode sequence(int depth) {
    PosixNode node = leaf(PosixKind::concat);
    at_begin_ = true;
    while (at_.more() && !at_operator('|')) {
      if (at_operator(')') && (depth > 0 || basic_)) break;
      PosixNode item = atom(depth);
      at_begin_ = false;
      const bool is_anchor = item.kind >= PosixKind::line_start;
      while (!is_anchor) {  // what follows an anchor does not repeat it
        const auto limits = take_quantifier();
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

  std::optional<std::pair<std::uint32_t, std::uint32_t>> take_quantifier() {
    if (at_.eat("*")) return std::pair{0U, kUnbounded};
    if (eat_operator('+')) return std::pair{1U, kUnbounded};
    if (eat_operator('?')) return std::pair{0U, 1U};
    if (!eat_operator('{')) return std::nullopt;
    const auto min = number();
    std::uint32_t max = min.value_or(0);
    if (at_.eat(","))
      max = number().value_or(kUnbounded);
    else if (!min)
      throw GiveUp{"an interval that is not {n}, {n,}, {,m} or {n,m}"};
    if (!eat_operator('}') || max < min.value_or(0))
      throw GiveUp{"an interval that is not {n}, {n,}, {,m} or {n,m}"};
    return std::pair{min.value_or(0), max};
  }

  std::optional<std::uint32_t> number() {
    if (!text::is_digit(at_.peek())) return std::nullopt;
    std::uint32_t value = 0;
    for (; text::is_digit(at_.peek()); at_.skip(1)) {
      value = value * 10 + static_cast<std::uint32_t>(at_.peek() - '0');
      if (value > kMostRepeats) throw GiveUp{"an interval of more than 32767"};
    }
    return value;
  }

  // What the text's bytes are compared with is in upper case, when case does not count.
  [[nodiscard]] ByteSet matching(const ByteSet& set) const {
    if (!caseless_) return set;
    ByteSet matched;
    for (unsigned c = 0; c < 256; ++c) matched.set(c, set.test(upper(static_cast<char>(c))));
    return matched;
  }

  [[nodiscard]] PosixNode bytes(Form form, const ByteSet& set, std::string source) const {
    PosixNode node = leaf(PosixKind::bytes);
    node.form = form;
    node.set = set;
    node.source = std::move(source);
    return node;
  }

  [[nodiscard]] PosixNode literal(char c) const {
    const unsigned char byte = caseless_ ? upper(c) : static_cast<unsigned char>(c);
    return bytes(Form::plain, matching(analyse::single(byte)), std::string(1, c));
  }

  PosixNode atom(int depth) {
    if (eat_operator('(')) return group(depth);
    const bool begins_pattern = at_.offset() == 0;
    const char c = at_.next();
    switch (c) {
      case '\\':
        return escape();
      case '[': {
        const std::size_t begin = at_.offset() - 1;
        const ByteSet set = posix_bracket(at_, caseless_, newline_);
        return bytes(Form::bracket, set, std::string(at_.since(begin)));
      }
      case '.':
        return bytes(Form::dot, newline_ ? ~analyse::single('\n') : ~ByteSet(), ".");
      case '^':
        if (basic_ && !begins_pattern && !at_begin_) return literal(c);
        return leaf(PosixKind::line_start);
      case '$':
        if (basic_ && at_.more() && !at_operator(')') && !at_operator('|')) return literal(c);
        return leaf(PosixKind::line_end);
      default:
        return literal(c);
    }
  }

  PosixNode group(int depth) {
    PosixNode node = leaf(PosixKind::group);
    node.number = ++tree_.groups;
    node.children.push_back(alternatives(depth + 1));
    if (!eat_operator(')')) throw GiveUp{"a missing )"};
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
    return bytes(Form::escaped, matching(analyse::single(static_cast<unsigned char>(c))),
                 std::string(1, c));
  }

  analyse::Cursor at_;
  bool basic_, caseless_, newline_;
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
