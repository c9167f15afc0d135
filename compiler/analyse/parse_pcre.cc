// A parser of PCRE2 patterns that PCRE2 has already accepted; it reads the common language exactly and gives up on the rest
// (recursion, conditionals, verbs, Unicode properties …). Quantifiers, free spacing, inline flags and \Q…\E follow
// pcre2pattern(3) of 10.42, notably: `{,n}` is literal, `]` first in a class is literal, (?i) lasts to the end of its group.
// Tested by tests/compiler/analyse/parse_test.cc; that "no bit" means "no match" by tests/fuzz/table_text_fuzz.cc.
#include <optional>
#include <utility>

#include "compiler/analyse/regex_tree.h"
#include "engine/base/text.h"

namespace headgate::analyse {

namespace {

constexpr int kDeepest = 250;       // PCRE2's own default
constexpr char kNextLine = '\x85';  // ignored in free spacing, although \s does not match it

struct GiveUp {
  std::string why;
};

struct Options {
  bool caseless, multiline, dotall, extended;
};

ByteSet horizontal_space() { return single('\t') | single(' ') | single(0xa0); }

ByteSet vertical_space() { return range('\n', '\r') | single(0x85); }

// The set of a one-letter class escape (\d \W …); false for other letters.
bool class_escape(char letter, ByteSet& set) {
  switch (letter) {
    case 'd':
      set = range('0', '9');
      return true;
    case 'D':
      set = ~range('0', '9');
      return true;
    case 'w':
      set = word_bytes();
      return true;
    case 'W':
      set = ~word_bytes();
      return true;
    case 's':
      set = space_bytes();
      return true;
    case 'S':
      set = ~space_bytes();
      return true;
    case 'h':
      set = horizontal_space();
      return true;
    case 'H':
      set = ~horizontal_space();
      return true;
    case 'v':
      set = vertical_space();
      return true;
    case 'V':
      set = ~vertical_space();
      return true;
    default:
      return false;
  }
}

// Internally a refusal is thrown and caught in parse_pcre(): a recursive descent reads best so, and it never leaves the file.
class Parser {
 public:
  Parser(const std::string& pattern, const front::Flags& flags)
      : s_(pattern),
        options_{flags.caseless, flags.multiline, flags.dotall, flags.extended},
        dollar_end_only_(flags.dollar_end_only) {}

  Node run() {
    Node tree = alternatives(0);
    if (at_ < s_.size()) throw GiveUp{"unexpected )"};
    if (!doubtful_) return tree;
    Node doubted = make_leaf(NodeKind::concat);
    doubted.children.push_back(std::move(tree));
    doubted.children.push_back(make_leaf(NodeKind::maybe));
    return doubted;
  }

 private:
  [[nodiscard]] bool more() const { return at_ < s_.size(); }

  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < s_.size() ? s_[at_ + ahead] : '\0';
  }

  bool eat(std::string_view text) {
    if (std::string_view(s_).substr(at_, text.size()) != text) return false;
    at_ += text.size();
    return true;
  }

  Node alternatives(int depth) {
    if (depth > kDeepest) throw GiveUp{"nested too deeply"};
    const Options saved = options_;
    Node first = sequence(depth);
    if (peek() != '|') {
      options_ = saved;
      return first;
    }
    Node node = make_leaf(NodeKind::alternate);
    node.children.push_back(std::move(first));
    while (eat("|")) node.children.push_back(sequence(depth));
    options_ = saved;
    return node;
  }

  Node sequence(int depth) {
    Node node = make_leaf(NodeKind::concat);
    while (more()) {
      if (quoting_) {
        if (eat("\\E"))
          quoting_ = false;
        else
          node.children.push_back(literal(s_[at_++]));
        if (!quoting_) continue;
        if (more()) continue;
        break;
      }
      const char c = peek();
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
    if (eat("\\Q")) {
      quoting_ = true;
      return true;
    }
    if (eat("\\E")) return true;
    if (eat("(?#")) {
      const auto end = s_.find(')', at_);
      at_ = end == std::string::npos ? s_.size() : end + 1;
      return true;
    }
    if (!options_.extended) return false;
    if (text::is_space(peek()) || peek() == kNextLine) {
      ++at_;
      return true;
    }
    if (peek() != '#') return false;
    const auto end = s_.find('\n', at_);
    at_ = end == std::string::npos ? s_.size() : end + 1;
    return true;
  }

  [[nodiscard]] bool is_quantifier() const {
    const char c = peek();
    return c == '*' || c == '+' || c == '?' || (c == '{' && interval_end());
  }

  // `{n}` `{n,}` `{n,m}`; anything else is literal.
  [[nodiscard]] std::optional<std::size_t> interval_end() const {
    std::size_t i = at_ + 1;
    const std::size_t digits = i;
    while (i < s_.size() && text::is_digit(s_[i])) ++i;
    if (i == digits) return std::nullopt;
    if (i < s_.size() && s_[i] == ',') {
      ++i;
      while (i < s_.size() && text::is_digit(s_[i])) ++i;
    }
    if (i >= s_.size() || s_[i] != '}') return std::nullopt;
    return i;
  }

  std::uint32_t number() {
    std::uint32_t value = 0;
    for (; text::is_digit(peek()); ++at_) {
      value = value * 10 + static_cast<std::uint32_t>(peek() - '0');
      if (value > 65535) throw GiveUp{"repeat too large"};
    }
    return value;
  }

  void quantify(Node& item) {
    std::uint32_t min = 0;
    std::uint32_t max = kUnbounded;
    const char c = s_[at_++];
    if (c == '+') min = 1;
    if (c == '?') max = 1;
    if (c == '{') {
      min = max = number();
      if (eat(",")) max = peek() == '}' ? kUnbounded : number();
      ++at_;
    }
    // What is ignored does not part a quantifier from its + or ? either.
    while (eat("\\Q\\E") || (!(peek() == '\\' && peek(1) == 'Q') && skip_ignored())) {
    }
    const bool possessive = peek() == '+';
    if (peek() == '+' || peek() == '?') ++at_;
    item = make_repeat(std::move(item), min, max);
    if (possessive) item = make_unary(NodeKind::atomic, std::move(item));
  }

  [[nodiscard]] Node literal(char c) const {
    const ByteSet set = single(static_cast<unsigned char>(c));
    return make_bytes(options_.caseless ? fold_case(set) : set);
  }

  std::optional<Node> take_atom(int depth) {
    const char c = s_[at_++];
    switch (c) {
      case '^':
        return make_leaf(options_.multiline ? NodeKind::line_start : NodeKind::text_start);
      case '$':
        if (options_.multiline) return make_leaf(NodeKind::line_end);
        return make_leaf(dollar_end_only_ ? NodeKind::text_end : NodeKind::last_line_end);
      case '.':
        return make_bytes(options_.dotall ? ~ByteSet() : ~single('\n'));
      case '[':
        return byte_class();
      case '(':
        return group(depth);
      case '\\':
        return escape();
      default:
        return literal(c);
    }
  }

  std::optional<Node> group(int depth) {
    if (peek() == '*') throw GiveUp{"(*VERB)"};
    if (eat("?<*")) throw GiveUp{"(?<*"};
    if (!eat("?")) return close(make_unary(NodeKind::capture, alternatives(depth + 1)));
    if (eat(":") || eat("|")) return close(alternatives(depth + 1));
    if (eat(">")) return close(make_unary(NodeKind::atomic, alternatives(depth + 1)));
    if (eat("=") || eat("!") || eat("<=") || eat("<!"))
      return close(make_unary(NodeKind::look, alternatives(depth + 1)));
    if (eat("P=")) return back_reference_named(')');
    const bool named = eat("P<") || eat("<");
    if (named || eat("'")) {
      const auto end = s_.find(named ? '>' : '\'', at_);
      if (end == std::string::npos) throw GiveUp{"group name"};
      at_ = end + 1;
      return close(make_unary(NodeKind::capture, alternatives(depth + 1)));
    }
    return inline_flags(depth);
  }

  Node close(Node node) {
    if (!eat(")")) throw GiveUp{"missing )"};
    return node;
  }

  Node back_reference_named(char close) {
    const auto end = s_.find(close, at_);
    if (end == std::string::npos) throw GiveUp{"back-reference"};
    at_ = end + 1;
    return make_leaf(NodeKind::anything);
  }

  // (?ims-x) to the end of the enclosing group, (?ims-x:…) for its own.
  std::optional<Node> inline_flags(int depth) {
    Options options = options_;
    bool on = true;
    if (eat("^")) options = Options{false, false, false, false};
    for (; more(); ++at_) {
      const char c = peek();
      if (c == ')') {
        ++at_;
        options_ = options;
        return std::nullopt;
      }
      if (c == ':') {
        ++at_;
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
      else if (c == 'x' && peek(1) != 'x')
        options.extended = on;
      else if (c != 'U')
        throw GiveUp{"group (?" + std::string(1, c)};
    }
    throw GiveUp{"missing )"};
  }

  std::optional<Node> escape() {
    if (!more()) throw GiveUp{"\\ at the end"};
    const char c = s_[at_++];
    ByteSet set;
    if (class_escape(c, set)) {
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
        if (peek() == '{') throw GiveUp{"\\N{"};
        return make_bytes(~single('\n'));
      case 'R':
        return any_newline();
      case 'g':
        throw GiveUp{"\\g"};
      case 'k':
        if (eat("{")) return back_reference_named('}');
        if (eat("<")) return back_reference_named('>');
        if (eat("'")) return back_reference_named('\'');
        throw GiveUp{"\\k"};
      default:
        break;
    }
    if (c >= '1' && c <= '9') {
      if (text::is_digit(peek())) throw GiveUp{"back-reference or octal number"};
      return make_leaf(NodeKind::anything);
    }
    --at_;
    return literal(static_cast<char>(byte_escape()));
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

  // An escape that stands for one byte, in and outside classes; at_ is behind the backslash.
  unsigned char byte_escape() {
    const char c = s_[at_++];
    switch (c) {
      case 'a':
        return '\a';
      case 'e':
        return 0x1b;
      case 'f':
        return '\f';
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case '0':
        return octal_byte();
      case 'x':
        return hex_byte();
      default:
        break;
    }
    if (text::is_alnum(c)) throw GiveUp{"\\" + std::string(1, c)};
    return static_cast<unsigned char>(c);
  }

  unsigned char octal_byte() {
    unsigned value = 0;
    for (int i = 0; i < 2 && peek() >= '0' && peek() <= '7'; ++i)
      value = value * 8 + static_cast<unsigned>(s_[at_++] - '0');
    return static_cast<unsigned char>(value);
  }

  unsigned char hex_byte() {
    if (peek() == '{') throw GiveUp{"\\x{"};
    unsigned value = 0;
    for (int i = 0; i < 2; ++i) {
      const char c = text::to_lower(peek());
      if (text::is_digit(c))
        value = value * 16 + static_cast<unsigned>(c - '0');
      else if (c >= 'a' && c <= 'f')
        value = value * 16 + static_cast<unsigned>(c - 'a' + 10);
      else
        break;
      ++at_;
    }
    return static_cast<unsigned char>(value);
  }

  Node byte_class() {
    const bool negated = eat("^");
    ByteSet set;
    bool quoted = false;
    for (bool first = true;; first = false) {
      if (!more()) throw GiveUp{"missing ]"};
      if (!quoted && peek() == ']' && !first) break;
      if (quoted ? eat("\\E") : (eat("\\Q") || eat("\\E"))) throw GiveUp{"\\Q in a class"};
      class_item(set);
    }
    ++at_;
    if (options_.caseless) set = fold_case(set);
    return make_bytes(negated ? ~set : set);
  }

  void class_item(ByteSet& set) {
    if (peek() == '[' && (peek(1) == ':' || peek(1) == '.' || peek(1) == '=')) {
      posix_item(set);
      return;
    }
    const auto low = class_byte(set);
    if (!low) {
      // After \d or the like a hyphen that does not end the class is literal in PCRE2, or an error; not worth the risk.
      if (peek() == '-' && peek(1) != ']') throw GiveUp{"- after an escape in a class"};
      return;
    }
    if (peek() != '-' || peek(1) == ']' || at_ + 1 >= s_.size()) {
      set |= single(*low);
      return;
    }
    ++at_;
    if (peek() == '[' && (peek(1) == ':' || peek(1) == '.' || peek(1) == '='))
      throw GiveUp{"[: as the end of a range"};
    ByteSet other;
    const auto high = class_byte(other);
    if (!high || *high < *low) throw GiveUp{"range in a class"};
    set |= range(*low, *high);
  }

  // One byte of a class; or adds a class escape to `set` and gives nothing.
  std::optional<unsigned char> class_byte(ByteSet& set) {
    const char c = s_[at_++];
    if (c != '\\') return static_cast<unsigned char>(c);
    if (!more()) throw GiveUp{"\\ at the end"};
    ByteSet escaped;
    if (class_escape(peek(), escaped)) {
      ++at_;
      set |= escaped;
      return std::nullopt;
    }
    if (peek() == 'b') {
      ++at_;
      return '\b';
    }
    if (peek() == 'Q' || peek() == 'E') throw GiveUp{"\\Q in a class"};
    return byte_escape();
  }

  void posix_item(ByteSet& set) {
    const auto end = s_.find(":]", at_ + 2);
    if (peek(1) != ':' || end == std::string::npos) throw GiveUp{"[ in a class"};
    std::string_view name = std::string_view(s_).substr(at_ + 2, end - at_ - 2);
    const bool negated = !name.empty() && name.front() == '^';
    if (negated) name.remove_prefix(1);
    if (options_.caseless && (name == "upper" || name == "lower")) name = "alpha";
    ByteSet named;
    if (!posix_class(name, named)) throw GiveUp{"[: in a class"};
    set |= negated ? ~named : named;
    at_ = end + 2;
    if (peek() == '-' && peek(1) != ']') throw GiveUp{"- after [:…:]"};
  }

  const std::string& s_;
  std::size_t at_ = 0;
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
