// How it works: one walk over the tree writes the text and builds the expected tree beside it. A bracket expression keeps
// its spelling when PCRE2 reads the same bytes out of it, and is spelled anew from its bytes otherwise.
// Where the dialects differ:
//   $        regexp: at the very end only       -> flag E; with m both are before each newline and at the end
//   ^ with m regexp: also behind a last newline -> (?<![^\n]) unless a byte must follow anyway
//   . with m regexp: not a newline              -> flag s, which switches that off in pcre:; [^x] gets a \n
//   \< \>    -> \b(?=\w) \b(?<=\w)              \` \' -> \A \z
//   a*?      regexp: (a*)?, pcre: a lazy star   -> (?:a*)?
//   {,n}     pcre: literal                      -> {0,n}
//   \d       no digit but a `d`, and where case does not count a byte that no text has -> [^\s\S]
// Tested by tests/compiler/migrate/translate_test.cc.
#include "compiler/migrate/pcre_spelling.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::migrate {

namespace {

using analyse::ByteSet;
using analyse::make_bytes;
using analyse::make_leaf;
using analyse::make_repeat;
using analyse::make_unary;
using analyse::Node;
using analyse::NodeKind;

constexpr std::string_view kMeta = "\\^$.[|()?*+{";

bool is_meta(char c) { return kMeta.find(c) != std::string_view::npos; }

Node row(std::vector<Node> children) {
  Node node = make_leaf(NodeKind::concat);
  node.children = std::move(children);
  return node;
}

// A byte inside a class.
std::string class_byte(unsigned byte) {
  const char c = static_cast<char>(byte);
  if (c == '\n') return "\\n";
  if (c == '\t') return "\\t";
  if (c == '\r') return "\\r";
  if (byte < 0x20 || byte > 0x7e) return fmt::format("\\x{:02x}", byte);
  return text::is_alnum(c) ? std::string(1, c) : fmt::format("\\{}", c);
}

std::string class_members(const ByteSet& set) {
  std::string out;
  for (unsigned c = 0; c < 256; ++c) {
    if (!set.test(c)) continue;
    unsigned last = c;
    while (last + 1 < 256 && set.test(last + 1)) ++last;
    out += class_byte(c);
    if (last > c + 1) out += '-';
    if (last > c) out += class_byte(last);
    c = last;
  }
  return out;
}

// Capitals go where the flags bring them back.
ByteSet without_capitals(ByteSet set, bool caseless) {
  for (unsigned c = 'A'; caseless && c <= 'Z'; ++c) set.reset(c);
  return set;
}

std::string class_of(const ByteSet& set, bool caseless) {
  if (set.none()) return "[^\\s\\S]";
  if (set.all()) return "[\\s\\S]";
  if (set.count() > 128) return "[^" + class_members(without_capitals(~set, caseless)) + "]";
  return "[" + class_members(without_capitals(set, caseless)) + "]";
}

class Speller {
 public:
  Speller(const PosixTree& tree, const front::Flags& posix)
      : caseless_(posix.caseless), newline_(posix.multiline) {
    out_.flags.caseless = caseless_;
    walk(tree.root, false);
    out_.expected = std::move(node_);
  }

  PcreSpelling finish() {
    front::Flags& flags = out_.flags;
    flags.multiline = anchors_are_lines_;
    flags.dotall = !newline_dot_;
    flags.dollar_end_only = has_text_end_;
    if (!flags.caseless) flags.letters += 'i';
    if (flags.multiline) flags.letters += 'm';
    if (!flags.dotall) flags.letters += 's';
    if (flags.dollar_end_only) flags.letters += 'E';
    if (flags.dollar_end_only) change("`$` is the very end: flag E");
    if (newline_dot_) change("`.` is no newline: flag s");
    return std::move(out_);
  }

 private:
  void change(std::string what) {
    auto& changes = out_.changes;
    if (std::find(changes.begin(), changes.end(), what) == changes.end())
      changes.push_back(std::move(what));
  }

  void put(std::string_view spelled) { out_.text += spelled; }

  // `followed`: what comes after this node is at least one byte.
  void walk(const PosixNode& node, bool followed) {
    switch (node.kind) {
      case PosixKind::bytes:
        put(spell_bytes(node));
        node_ = make_bytes(node.set);
        return;
      case PosixKind::concat:
        return concat(node, followed);
      case PosixKind::alternate:
        return alternate(node, followed);
      case PosixKind::group:
        put("(");
        walk(node.children[0], followed);
        put(")");
        node_ = make_unary(NodeKind::capture, std::move(node_));
        return;
      case PosixKind::repeat:
        return repeat(node);
      case PosixKind::back_reference:
        put(fmt::format("\\{}", node.number));
        node_ = make_leaf(NodeKind::anything);
        return;
      default:
        return anchor(node.kind, followed);
    }
  }

  void concat(const PosixNode& node, bool followed) {
    std::vector<bool> byte_behind(node.children.size() + 1, followed);
    for (std::size_t i = node.children.size(); i-- > 0;)
      byte_behind[i] = byte_behind[i + 1] || !may_be_empty(node.children[i]);
    std::vector<Node> children;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      const PosixNode& child = node.children[i];
      // \1 before a digit would be \10.
      const bool protect = child.kind == PosixKind::back_reference &&
                           i + 1 < node.children.size() && begins_with_digit(node.children[i + 1]);
      if (protect) put("(?:");
      walk(child, byte_behind[i + 1]);
      if (protect) put(")");
      children.push_back(std::move(node_));
    }
    node_ = row(std::move(children));
  }

  static bool begins_with_digit(const PosixNode& node) {
    if (node.kind == PosixKind::repeat) return begins_with_digit(node.children[0]);
    return node.kind == PosixKind::bytes &&
           (node.form == Form::plain || node.form == Form::escaped) &&
           text::is_digit(node.source[0]);
  }

  void alternate(const PosixNode& node, bool followed) {
    Node alternatives = make_leaf(NodeKind::alternate);
    for (const PosixNode& child : node.children) {
      if (&child != &node.children.front()) put("|");
      walk(child, followed);
      alternatives.children.push_back(std::move(node_));
    }
    node_ = std::move(alternatives);
  }

  void repeat(const PosixNode& node) {
    const PosixNode& child = node.children[0];
    const bool stacked = child.kind == PosixKind::repeat;
    if (stacked) {
      change("a quantifier on a quantifier: grouped");
      put("(?:");
    }
    // Once more round may follow, of which nothing is known.
    walk(child, false);
    if (stacked) put(")");
    put(analyse::quantifier_text(node.min, node.max));
    node_ = make_repeat(std::move(node_), node.min, node.max);
  }

  void anchor(PosixKind kind, bool followed) {
    const auto look = [] {
      Node node = make_leaf(NodeKind::look);
      return node;
    };
    switch (kind) {
      case PosixKind::line_start:
        if (!newline_) return leaf("^", NodeKind::text_start);
        if (followed) {
          anchors_are_lines_ = true;
          return leaf("^", NodeKind::line_start);
        }
        change("`^` also holds behind a last newline: (?<![^\\n])");
        put("(?<![^\\n])");
        node_ = look();
        return;
      case PosixKind::line_end:
        if (newline_) {
          anchors_are_lines_ = true;
          return leaf("$", NodeKind::line_end);
        }
        has_text_end_ = true;
        return leaf("$", NodeKind::text_end);
      case PosixKind::text_start:
        return leaf("\\A", NodeKind::text_start);
      case PosixKind::text_end:
        return leaf("\\z", NodeKind::text_end);
      case PosixKind::word_edge:
        return leaf("\\b", NodeKind::word_boundary);
      case PosixKind::no_word_edge:
        return leaf("\\B", NodeKind::no_word_boundary);
      default:
        break;
    }
    const bool begin = kind == PosixKind::word_begin;
    change(begin ? "`\\<`: \\b(?=\\w)" : "`\\>`: \\b(?<=\\w)");
    put(begin ? "\\b(?=\\w)" : "\\b(?<=\\w)");
    node_ = row({make_leaf(NodeKind::word_boundary), look()});
  }

  void leaf(std::string_view spelled, NodeKind kind) {
    put(spelled);
    node_ = make_leaf(kind);
  }

  std::string spell_bytes(const PosixNode& node) {
    switch (node.form) {
      case Form::dot:
        newline_dot_ = newline_dot_ || newline_;
        return ".";
      case Form::class_letter:
        return "\\" + node.source;
      case Form::bracket:
        return bracket(node);
      case Form::escaped:
        return escaped(node);
      case Form::plain:
        break;
    }
    return is_meta(node.source[0]) ? "\\" + node.source : node.source;
  }

  std::string escaped(const PosixNode& node) {
    if (!text::is_alnum(node.source[0])) return "\\" + node.source;
    if (node.set.any()) {
      change(fmt::format("`\\{0}` is only a {0}", node.source));
      return node.source;
    }
    change(fmt::format("`\\{}` matches nothing in regexp: where case does not count", node.source));
    return class_of(node.set, caseless_);
  }

  std::string bracket(const PosixNode& node) {
    std::string kept = "[";
    std::string_view inner(node.source);
    inner = inner.substr(1, inner.size() - 2);
    const bool negated = inner.starts_with("^");
    for (std::size_t i = 0; i < inner.size(); ++i) {
      if (inner[i] == '\\' || (inner[i] == '[' && !(i + 1 < inner.size() && inner[i + 1] == ':')))
        kept += '\\';
      kept += inner[i];
    }
    if (negated && newline_) {
      change("`[^x]` is no newline");
      kept += "\\n";
    }
    kept += "]";
    front::Flags flags;
    flags.caseless = caseless_;
    const auto read = analyse::parse_pcre(kept, flags);
    if (read && reads_the_same(*read, make_bytes(node.set))) return kept;
    change(fmt::format("`{}` is spelled anew", node.source));
    return class_of(node.set, caseless_);
  }

  const bool caseless_, newline_;
  bool anchors_are_lines_ = false, newline_dot_ = false, has_text_end_ = false;
  PcreSpelling out_;
  Node node_;  // what walk() came to
};

// Rows in rows taken out, rows of one.
Node flattened(const Node& node) {
  Node flat = node;
  flat.children.clear();
  if (node.kind == NodeKind::look) return flat;  // as it was spelled here
  for (const Node& child : node.children) {
    Node inner = flattened(child);
    if (node.kind == NodeKind::concat && inner.kind == NodeKind::concat) {
      for (Node& grandchild : inner.children) flat.children.push_back(std::move(grandchild));
    } else {
      flat.children.push_back(std::move(inner));
    }
  }
  if (flat.kind == NodeKind::concat && flat.children.size() == 1)
    return Node(std::move(flat.children[0]));
  return flat;
}

bool equal(const Node& a, const Node& b) {
  return a.kind == b.kind && a.set == b.set && a.min == b.min && a.max == b.max &&
         std::equal(a.children.begin(), a.children.end(), b.children.begin(), b.children.end(),
                    equal);
}

}  // namespace

PcreSpelling spell_for_pcre(const PosixTree& tree, const front::Flags& posix_flags) {
  return Speller(tree, posix_flags).finish();
}

bool escape_delimiter(std::string& text, char delimiter) {
  std::string escaped;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == delimiter) {
      if (is_meta(delimiter) || text::is_alnum(delimiter) || delimiter == '-' || delimiter == ']' ||
          delimiter == ':' || delimiter == '=' || delimiter == '!' || delimiter == '<' ||
          delimiter == ',' || delimiter == '}')
        return false;
      escaped += '\\';
    } else if (text[i] == '\\' && i + 1 < text.size()) {
      // A hidden delimiter stays hidden, but `\b` in b's must not.
      escaped += text[i++];
    }
    escaped += text[i];
  }
  text = std::move(escaped);
  return true;
}

bool reads_the_same(const analyse::Node& a, const analyse::Node& b) {
  return equal(flattened(a), flattened(b));
}

}  // namespace headgate::migrate
