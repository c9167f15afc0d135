// How it works: one walk over the tree. What Hyperscan cannot do is widened: a zero-width test that is dropped is taken as
// true, a back-reference becomes "anything", a large repeat loses its upper bound (Hyperscan's compile time grows with it:
// x{1,5000} costs seconds). More than kMostPositions byte positions in all are left to the reference engine.
// Tested by tests/compiler/scan_agrees_test.cc; that nothing is lost, by tests/fuzz/table_text_fuzz.cc.
#include "compiler/analyse/scan_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::analyse {

namespace {

constexpr std::uint64_t kMostRepeats = 255;     // of a single byte, kept as a bounded repeat
constexpr std::uint64_t kMostExpanded = 128;    // byte positions of a repeated group
constexpr std::uint64_t kMostPositions = 2000;  // of the whole pattern

bool can_be_empty(const Node& node) {
  switch (node.kind) {
    case NodeKind::bytes:
      return false;
    case NodeKind::concat:
      return std::all_of(node.children.begin(), node.children.end(), can_be_empty);
    case NodeKind::alternate:
      return std::any_of(node.children.begin(), node.children.end(), can_be_empty);
    case NodeKind::repeat:
      return node.min == 0 || can_be_empty(node.children[0]);
    case NodeKind::capture:
    case NodeKind::atomic:
      return can_be_empty(node.children[0]);
    default:
      return true;
  }
}

// `[^\s\S]`: a class has no spelling without members.
bool has_empty_class(const Node& node) {
  if (node.kind == NodeKind::bytes) return node.set.none();
  return std::any_of(node.children.begin(), node.children.end(), has_empty_class);
}

void leave_out_newlines(Node& node) {
  node.set.reset('\n');
  for (Node& child : node.children) leave_out_newlines(child);
}

bool is_anchor(const Node& node) {
  return node.kind == NodeKind::text_start || node.kind == NodeKind::line_start ||
         node.kind == NodeKind::text_end || node.kind == NodeKind::last_line_end ||
         node.kind == NodeKind::line_end;
}

// What may be empty at one of its ends is left out, and `x+` becomes `x`: the rest is found at least wherever the whole
// matches, and Hyperscan finds it much faster. An automaton that waits for a z is not asleep when it must see to a \b first.
void shorten(Node& node, bool at_front) {
  if (node.kind == NodeKind::capture) return shorten(node.children[0], at_front);
  if (node.kind == NodeKind::repeat) {
    node.max = node.min;
    return;
  }
  if (node.kind != NodeKind::concat) return;
  while (!node.children.empty()) {
    Node& end = at_front ? node.children.front() : node.children.back();
    if (is_anchor(end)) return;
    if (!can_be_empty(end)) return shorten(end, at_front);
    node.children.erase(at_front ? node.children.begin() : node.children.end() - 1);
  }
}

bool case_blind(const Node& node) {
  if (node.kind == NodeKind::bytes) return fold_case(node.set) == node.set;
  if (node.kind == NodeKind::look) return true;  // is dropped
  return std::all_of(node.children.begin(), node.children.end(), case_blind);
}

std::string spell_members(const ByteSet& set) {
  std::string out;
  for (unsigned c = 0; c < 256; ++c) {
    if (!set.test(c)) continue;
    unsigned last = c;
    while (last + 1 < 256 && set.test(last + 1)) ++last;
    out += spell_byte(static_cast<unsigned char>(c));
    if (last > c) out += "-" + spell_byte(static_cast<unsigned char>(last));
    c = last;
  }
  return out;
}

class Speller {
 public:
  Speller(bool caseless, Subject subject) : caseless_(caseless), subject_(subject) {}

  std::string spell(const Node& node) {
    switch (node.kind) {
      case NodeKind::bytes:
        return bytes(node.set);
      case NodeKind::concat:
        return concat(node);
      case NodeKind::alternate:
        return "(?:" + alternate(node) + ")";
      case NodeKind::repeat:
        return repeat(node);
      case NodeKind::capture:
        return spell(node.children[0]);
      case NodeKind::atomic:
        widen("atomic group");
        return spell(node.children[0]);
      case NodeKind::look:
        widen("look-around");
        return {};
      case NodeKind::maybe:
        widen("zero-width test");
        return {};
      case NodeKind::doubt:
        widen("\\h or \\v");
        return {};
      case NodeKind::anything:
        widen("back-reference");
        return ".*";
      case NodeKind::text_start:
        return "^";
      case NodeKind::text_end:
        return subject_ == Subject::block ? "$" : "\\z";
      case NodeKind::last_line_end:
        return "$";
      case NodeKind::line_start:
        widen("multi-line anchor");
        return "(?m:^)";
      case NodeKind::line_end:
        widen("multi-line anchor");
        return "(?m:$)";
      case NodeKind::word_boundary:
        return "\\b";
      case NodeKind::no_word_boundary:
        return "\\B";
    }
    return {};
  }

  [[nodiscard]] std::uint64_t positions() const { return positions_; }

  [[nodiscard]] const std::string& widened() const { return widened_; }

 private:
  void widen(std::string_view what) {
    if (widened_.find(what) != std::string::npos) return;
    if (!widened_.empty()) widened_ += ", ";
    widened_ += what;
  }

  std::string bytes(const ByteSet& set) {
    ++positions_;
    if (set.all()) return ".";
    for (unsigned c = 0; c < 256; ++c) {
      if (!set.test(c)) continue;
      if (set == (caseless_ ? fold_case(single(static_cast<unsigned char>(c)))
                            : single(static_cast<unsigned char>(c)))) {
        return spell_byte(static_cast<unsigned char>(
            caseless_ ? text::to_lower(static_cast<char>(c)) : static_cast<char>(c)));
      }
      break;
    }
    return set.count() > 128 ? "[^" + spell_members(~set) + "]" : "[" + spell_members(set) + "]";
  }

  std::string concat(const Node& node) {
    std::string out;
    for (const Node& child : node.children) out += spell(child);
    return out;
  }

  std::string alternate(const Node& node) {
    std::string out;
    for (const Node& child : node.children) {
      if (&child != &node.children.front()) out += "|";
      out += spell(child);
    }
    return out;
  }

  std::string repeat(const Node& node) {
    const Node& child = node.children[0];
    const std::uint64_t before = positions_;
    const std::string once = spell(child);
    if (once.empty()) return {};
    const std::uint64_t size = std::max<std::uint64_t>(1, positions_ - before);
    std::uint64_t min = node.min;
    std::uint64_t max = node.max;
    if (zero_width(child)) {  // repeating it changes nothing
      if (min > 0) return once;
      widen("optional anchor");
      return {};
    }
    const std::uint64_t most = child.kind == NodeKind::bytes
                                   ? kMostRepeats
                                   : std::max<std::uint64_t>(1, kMostExpanded / size);
    if (min > most || (max != kUnbounded && max > most)) {
      widen("large repeat");
      min = std::min(min, most);
      max = kUnbounded;
    }
    positions_ = before + size * (max == kUnbounded ? std::max<std::uint64_t>(1, min)
                                                    : std::max<std::uint64_t>(1, max));
    const std::string item = child.kind == NodeKind::bytes ? once : "(?:" + once + ")";
    return item + quantifier_text(min, max);
  }

  static bool zero_width(const Node& node) {
    switch (node.kind) {
      case NodeKind::bytes:
      case NodeKind::anything:
        return false;
      case NodeKind::concat:
      case NodeKind::alternate:
      case NodeKind::repeat:
      case NodeKind::capture:
      case NodeKind::atomic:
        return std::all_of(node.children.begin(), node.children.end(), zero_width);
      default:
        return true;
    }
  }

  bool caseless_;
  Subject subject_;
  std::uint64_t positions_ = 0;
  std::string widened_;
};

}  // namespace

std::string spell_byte(unsigned char byte) {
  const char c = static_cast<char>(byte);
  return text::is_alnum(c) ? std::string(1, c) : fmt::format("\\x{:02x}", byte);
}

std::string spell_literal(std::string_view bytes) {
  std::string spelled;
  for (const char c : bytes) spelled += spell_byte(static_cast<unsigned char>(c));
  return spelled;
}

tl::expected<ScanText, std::string> scan_text(const Node& tree, Subject subject) {
  if (can_be_empty(tree)) return tl::unexpected<std::string>("can match an empty text");
  Node node = tree;
  if (subject == Subject::block) {
    leave_out_newlines(node);
    shorten(node, true);
    shorten(node, false);
  }
  if (has_empty_class(node)) return tl::unexpected<std::string>("a class that matches nothing");
  ScanText result;
  result.caseless = case_blind(node);
  Speller speller(result.caseless, subject);
  result.text = speller.spell(node);
  result.widened = speller.widened();
  if (speller.positions() > kMostPositions) {
    return tl::unexpected(
        fmt::format("too large to scan for ({} byte positions)", speller.positions()));
  }
  return result;
}

}  // namespace headgate::analyse
