// A parser of PCRE2 patterns that PCRE2 has already accepted; it reads the common language exactly and gives up on the rest
// (recursion, conditionals, verbs, Unicode properties …). Quantifiers, free spacing, inline flags and \Q…\E follow
// pcre2pattern(3) of 10.42, notably: `{,n}` is literal, `]` first in a class is literal, (?i) lasts to the end of its group.
// Tested by tests/compiler/analyse/parse_test.cc; that "no bit" means "no match" by tests/fuzz/table_text_fuzz.cc.
#include <optional>
#include <utility>

#include "compiler/analyse/cursor.h"
#include "compiler/analyse/pcre_class.h"
#include "compiler/analyse/regex_tree.h"
#include "engine/base/text.h"

namespace headgate::analyse {

namespace {

constexpr char kNextLine = '\x85';  // ignored in free spacing, although \s does not match it

struct Options {
  bool caseless, multiline, dotall, extended;
};

class Parser {
 public:
  Parser(const std::string& pattern, const front::Flags& flags)
      : at_(pattern),
        options_{flags.caseless, flags.multiline, flags.dotall, flags.extended},
        dollar_end_only_(flags.dollar_end_only) {}

  Node run() {
    Node tree = alternatives(0);
    if (at_.more()) throw GiveUp{"unexpected )"};
    if (!doubtful_) return tree;
    Node doubted = make_leaf(NodeKind::concat);
    doubted.children.push_back(std::move(tree));
    doubted.children.push_back(make_leaf(NodeKind::doubt));
    return doubted;
  }

 private:
  Node alternatives(int depth) {
    if (depth > kDeepest) throw GiveUp{"nested too deeply"};
    const Options saved = options_;
    Node first = sequence(depth);
    if (at_.peek() != '|') {
      options_ = saved;
      return first;
    }
    Node node = make_leaf(NodeKind::alternate);
    node.children.push_back(std::move(first));
    while (at_.eat("|")) node.children.push_back(sequence(depth));
    options_ = saved;
    return node;
  }

  Node sequence(int depth) {
    Node node = make_leaf(NodeKind::concat);
    while (at_.more()) {
      if (quoting_) {
        if (at_.eat("\\E"))
          quoting_ = false;
        else
          node.children.push_back(literal(at_.next()));
        if (!quoting_) continue;
        if (at_.more()) continue;
        break;
      }
      const char c = at_.peek();
      if (c == '|' || c == ')') break;
      if (skip_ignored()) continue;
      if (is_quantifier()) {
        if (node.children.empty()) throw GiveUp{"quantifier after nothing"};
        quantify(node.children.back());
        continue;
      }
      if (auto atom = take_atom(depth)) node.children.push_back(std::move(*atom));
    }
    return node;
  }

  // Comments, free spacing, \Q and stray \E: they do not separate an item from its quantifier.
  bool skip_ignored() {
    if (at_.eat("\\Q")) {
      quoting_ = true;
      return true;
    }
    if (at_.eat("\\E")) return true;
    if (at_.eat("(?#")) {
      at_.skip_past(')');
      return true;
    }
    if (!options_.extended) return false;
    if (at_.more() && (text::is_space(at_.peek()) || at_.peek() == kNextLine)) {
      at_.skip(1);
      return true;
    }
    if (at_.peek() != '#') return false;
    at_.skip_past('\n');
    return true;
  }

  [[nodiscard]] bool is_quantifier() const {
    const char c = at_.peek();
    return c == '*' || c == '+' || c == '?' || (c == '{' && at_interval());
  }

  // `{n}` `{n,}` `{n,m}`; anything else is literal.
  [[nodiscard]] bool at_interval() const {
    std::size_t i = 1;
    while (text::is_digit(at_.peek(i))) ++i;
    if (i == 1) return false;
    if (at_.peek(i) == ',') {
      ++i;
      while (text::is_digit(at_.peek(i))) ++i;
    }
    return at_.peek(i) == '}';
  }

  std::uint32_t number() {
    std::uint32_t value = 0;
    for (; text::is_digit(at_.peek()); at_.skip(1)) {
      value = value * 10 + static_cast<std::uint32_t>(at_.peek() - '0');
      if (value > 65535) throw GiveUp{"repeat too large"};
    }
    return value;
  }

  void quantify(Node& item) {
    std::uint32_t min = 0;
    std::uint32_t max = kUnbounded;
    const char c = at_.next();
    if (c == '+') min = 1;
    if (c == '?') max = 1;
    if (c == '{') {
      min = max = number();
      if (at_.eat(",")) max = at_.peek() == '}' ? kUnbounded : number();
      at_.skip(1);
    }
    // What is ignored does not part a quantifier from its + or ? either.
    while (at_.eat("\\Q\\E") || (!(at_.peek() == '\\' && at_.peek(1) == 'Q') && skip_ignored())) {
    }
    const bool possessive = at_.peek() == '+';
    if (possessive || at_.peek() == '?') at_.skip(1);
    item = make_repeat(std::move(item), min, max);
    if (possessive) item = make_unary(NodeKind::atomic, std::move(item));
  }

  [[nodiscard]] Node literal(char c) const {
    const ByteSet set = single(static_cast<unsigned char>(c));
    return make_bytes(options_.caseless ? fold_case(set) : set);
  }

  std::optional<Node> take_atom(int depth) {
    const char c = at_.next();
    switch (c) {
      case '^':
        return make_leaf(options_.multiline ? NodeKind::line_start : NodeKind::text_start);
      case '$':
        if (options_.multiline) return make_leaf(NodeKind::line_end);
        return make_leaf(dollar_end_only_ ? NodeKind::text_end : NodeKind::last_line_end);
      case '.':
        return make_bytes(options_.dotall ? ~ByteSet() : ~single('\n'));
      case '[':
        return make_bytes(pcre_class(at_, options_.caseless));
      case '(':
        return group(depth);
      case '\\':
        return escape();
      default:
        return literal(c);
    }
  }

  std::optional<Node> group(int depth) {
    if (at_.peek() == '*') throw GiveUp{"(*VERB)"};
    if (at_.eat("?<*")) throw GiveUp{"(?<*"};
    if (!at_.eat("?")) return close(make_unary(NodeKind::capture, alternatives(depth + 1)));
    if (at_.eat(":") || at_.eat("|")) return close(alternatives(depth + 1));
    if (at_.eat(">")) return close(make_unary(NodeKind::atomic, alternatives(depth + 1)));
    if (at_.eat("!")) {
      Node look = make_unary(NodeKind::look, alternatives(depth + 1));
      look.not_ahead = true;
      return close(std::move(look));
    }
    if (at_.eat("=") || at_.eat("<=") || at_.eat("<!"))
      return close(make_unary(NodeKind::look, alternatives(depth + 1)));
    if (at_.eat("P=")) return back_reference_named(')');
    const bool named = at_.eat("P<") || at_.eat("<");
    if (named || at_.eat("'")) {
      if (!at_.skip_past(named ? '>' : '\'')) throw GiveUp{"group name"};
      return close(make_unary(NodeKind::capture, alternatives(depth + 1)));
    }
    return inline_flags(depth);
  }

  Node close(Node node) {
    if (!at_.eat(")")) throw GiveUp{"missing )"};
    return node;
  }

  Node back_reference_named(char end) {
    if (!at_.skip_past(end)) throw GiveUp{"back-reference"};
    return make_leaf(NodeKind::anything);
  }

  // (?ims-x) to the end of the enclosing group, (?ims-x:…) for its own.
  std::optional<Node> inline_flags(int depth) {
    Options options = options_;
    bool on = true;
    if (at_.eat("^")) options = Options{false, false, false, false};
    for (; at_.more(); at_.skip(1)) {
      const char c = at_.peek();
      if (c == ')') {
        at_.skip(1);
        options_ = options;
        return std::nullopt;
      }
      if (c == ':') {
        at_.skip(1);
        const Options saved = std::exchange(options_, options);
        Node inner = alternatives(depth + 1);
        options_ = saved;
        return close(std::move(inner));
      }
      if (c == '-')
        on = false;
      else if (c == 'i')
        options.caseless = on;
      else if (c == 'm')
        options.multiline = on;
      else if (c == 's')
        options.dotall = on;
      else if (c == 'x' && at_.peek(1) != 'x')
        options.extended = on;
      else if (c != 'U')
        throw GiveUp{"group (?" + std::string(1, c)};
    }
    throw GiveUp{"missing )"};
  }

  std::optional<Node> escape() {
    if (!at_.more()) throw GiveUp{"\\ at the end"};
    const char c = at_.next();
    ByteSet set;
    if (pcre_class_escape(c, set)) {
      // \h* before \S gives nothing back in PCRE2: it takes them for disjoint, forgetting 0xa0; so with \v and 0x85.
      doubtful_ = doubtful_ || c == 'h' || c == 'v';
      return make_bytes(set);
    }
    switch (c) {
      case 'A':
      case 'G':
        return make_leaf(NodeKind::text_start);  // a match always starts its search at offset 0
      case 'Z':
        return make_leaf(NodeKind::last_line_end);
      case 'z':
        return make_leaf(NodeKind::text_end);
      case 'b':
        return make_leaf(NodeKind::word_boundary);
      case 'B':
        return make_leaf(NodeKind::no_word_boundary);
      case 'K':
        return make_leaf(NodeKind::maybe);
      case 'C':
        return make_bytes(~ByteSet());
      case 'N':
        if (at_.peek() == '{') throw GiveUp{"\\N{"};
        return make_bytes(~single('\n'));
      case 'R':
        return any_newline();
      case 'g':
        throw GiveUp{"\\g"};
      case 'k':
        if (at_.eat("{")) return back_reference_named('}');
        if (at_.eat("<")) return back_reference_named('>');
        if (at_.eat("'")) return back_reference_named('\'');
        throw GiveUp{"\\k"};
      default:
        break;
    }
    if (c >= '1' && c <= '9') {
      if (text::is_digit(at_.peek())) throw GiveUp{"back-reference or octal number"};
      return make_leaf(NodeKind::anything);
    }
    return literal(static_cast<char>(pcre_byte_escape(at_, c)));
  }

  // \R is atomic: \r\n is never split.
  static Node any_newline() {
    Node crlf = make_leaf(NodeKind::concat);
    crlf.children.push_back(make_bytes(single('\r')));
    crlf.children.push_back(make_bytes(single('\n')));
    Node either = make_leaf(NodeKind::alternate);
    either.children.push_back(std::move(crlf));
    either.children.push_back(make_bytes(vertical_space()));
    return make_unary(NodeKind::atomic, std::move(either));
  }

  Cursor at_;
  Options options_;
  bool dollar_end_only_;
  bool quoting_ = false;
  bool doubtful_ = false;  // PCRE2 may see no match where the tree does
};

}  // namespace

Parsed parse_pcre(const std::string& pattern, const front::Flags& flags) {
  try {
    Node tree = Parser(pattern, flags).run();
    if (!flags.anchored) return tree;
    Node anchored = make_leaf(NodeKind::concat);
    anchored.children.push_back(make_leaf(NodeKind::text_start));
    anchored.children.push_back(std::move(tree));
    return anchored;
  } catch (const GiveUp& refusal) {
    return tl::unexpected(refusal.why);
  }
}

}  // namespace headgate::analyse
