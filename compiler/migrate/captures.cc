// The argument, for a row of items e1 … en that must match one text from a given start (both engines start leftmost):
// a match is given by the lengths l1 … ln of its items. PCRE2 finds the match whose lengths come first in descending
// dictionary order. regexec takes the longest match and, among those, again the first in that order. They are one and the
// same where all matches end at one place (a row that ends in $ or \', or whose last item takes everything up to the
// end), or where one item at most has a choice of lengths, for then the longest item is the longest match.
// An item's lengths tell all: bytes, repeats of something that has one length, groups of those; alternatives of which
// a text can only be begun by one, or that are all of one length. Alternatives of several lengths are a choice of lengths,
// unless they stand where the items before them have none: there the text decides.
// Tested by tests/compiler/migrate/captures_test.cc, over all short texts.
#include "compiler/migrate/captures.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace headgate::migrate {

namespace {

using analyse::ByteSet;

// The one length of all its matches.
std::optional<std::uint64_t> only_length(const PosixNode& node) {
  switch (node.kind) {
    case PosixKind::bytes:
      return 1;
    case PosixKind::concat: {
      std::uint64_t sum = 0;
      for (const PosixNode& child : node.children) {
        const auto length = only_length(child);
        if (!length) return std::nullopt;
        sum += *length;
      }
      return sum;
    }
    case PosixKind::alternate: {
      const auto first = only_length(node.children[0]);
      for (const PosixNode& child : node.children)
        if (only_length(child) != first) return std::nullopt;
      return first;
    }
    case PosixKind::group:
      return only_length(node.children[0]);
    case PosixKind::repeat: {
      const auto once = only_length(node.children[0]);
      if (!once) return std::nullopt;
      if (*once == 0) return 0;
      if (node.min != node.max) return std::nullopt;
      return *once * node.min;
    }
    case PosixKind::back_reference:
      return std::nullopt;
    default:
      return 0;
  }
}

// The sets of the bytes that every match begins with, as far as that is a row; `whole`: and that is all of it.
struct Front {
  std::vector<ByteSet> sets;
  bool whole = true;
};

void add_front(const PosixNode& node, Front& front) {
  if (!front.whole) return;
  switch (node.kind) {
    case PosixKind::bytes:
      front.sets.push_back(node.set);
      return;
    case PosixKind::concat:
      for (const PosixNode& child : node.children) add_front(child, front);
      return;
    case PosixKind::group:
      return add_front(node.children[0], front);
    case PosixKind::repeat:
      for (std::uint32_t i = 0; i < std::min(node.min, 16U) && front.whole; ++i)
        add_front(node.children[0], front);
      if (node.min != node.max || node.min > 16) front.whole = false;
      return;
    case PosixKind::alternate:
    case PosixKind::back_reference:
      front.whole = false;
      return;
    default:
      return;  // no bytes
  }
}

bool exclude_each_other(const PosixNode& a, const PosixNode& b) {
  Front of_a, of_b;
  add_front(a, of_a);
  add_front(b, of_b);
  const std::size_t common = std::min(of_a.sets.size(), of_b.sets.size());
  for (std::size_t i = 0; i < common; ++i)
    if ((of_a.sets[i] & of_b.sets[i]).none()) return true;
  return false;
}

struct Shape {
  std::string doubt;           // why its lengths do not tell all
  std::uint64_t variable = 0;  // items with a choice of lengths
  bool ends_text = false;      // all its matches end where the text does
  bool takes_rest = false;     // its last item can take whatever is left of the text, and takes it
};

class Examiner {
 public:
  Examiner(std::uint64_t highest, bool newline) : highest_(highest), newline_(newline) {}

  // `place_known`: all matches from one start have this node begin at the same byte.
  Shape examine(const PosixNode& node, bool place_known) {
    Shape shape;
    switch (node.kind) {
      case PosixKind::concat:
        return concat(node, place_known);
      case PosixKind::alternate:
        return alternate(node, place_known);
      case PosixKind::group:
        return examine(node.children[0], place_known);
      case PosixKind::repeat:
        return repeat(node);
      case PosixKind::back_reference:
        shape.doubt = "a back-reference";
        return shape;
      case PosixKind::line_end:
        shape.ends_text = !newline_;
        return shape;
      case PosixKind::text_end:
        shape.ends_text = true;
        return shape;
      default:
        return shape;
    }
  }

 private:
  Shape concat(const PosixNode& node, bool place_known) {
    Shape row;
    for (const PosixNode& child : node.children) {
      const Shape shape = examine(child, place_known && row.variable == 0);
      if (row.doubt.empty()) row.doubt = shape.doubt;
      row.variable += shape.variable;
      row.ends_text = row.ends_text || shape.ends_text;
      row.takes_rest = shape.takes_rest;
    }
    return row;
  }

  Shape alternate(const PosixNode& node, bool place_known) {
    Shape result;
    const bool one_length = only_length(node).has_value();
    result.ends_text = result.takes_rest = true;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      const Shape shape = examine(node.children[i], place_known);
      if (result.doubt.empty()) result.doubt = shape.doubt;
      result.ends_text = result.ends_text && shape.ends_text;
      result.takes_rest = result.takes_rest && shape.takes_rest;
      // Which alternative it is does not hang on lengths, so each may have a choice of its own.
      result.variable = std::max(result.variable, shape.variable);
      for (std::size_t j = 0; j < i; ++j) {
        if (exclude_each_other(node.children[j], node.children[i])) continue;
        if (one_length && !has_wanted_group(node)) continue;
        if (result.doubt.empty()) result.doubt = "alternatives that can begin alike";
      }
    }
    if (!one_length && !place_known) ++result.variable;
    return result;
  }

  Shape repeat(const PosixNode& node) {
    Shape shape;
    const PosixNode& child = node.children[0];
    const auto once = only_length(child);
    if (!once || *once == 0) {
      shape.doubt = "a repeat of what has more than one length";
      return shape;
    }
    if (node.max > 1 && has_wanted_group(child)) {
      shape.doubt = "a captured group inside a repeat";
      return shape;
    }
    if (node.min == node.max) return shape;
    shape.variable = 1;
    shape.takes_rest =
        node.max == analyse::kUnbounded && child.kind == PosixKind::bytes && child.set.all();
    return shape;
  }

  [[nodiscard]] bool has_wanted_group(const PosixNode& node) const {
    if (node.kind == PosixKind::group && node.number <= highest_) return true;
    return std::any_of(node.children.begin(), node.children.end(),
                       [this](const PosixNode& child) { return has_wanted_group(child); });
  }

  const std::uint64_t highest_;
  const bool newline_;
};

}  // namespace

std::string why_captures_may_differ(const PosixTree& tree, std::uint64_t highest, bool newline) {
  if (highest == 0) return {};
  const Shape shape = Examiner(highest, newline).examine(tree.root, true);
  if (!shape.doubt.empty()) return shape.doubt;
  if (shape.variable <= 1 || shape.ends_text || shape.takes_rest) return {};
  return "several repeats, and matches that may end at several places";
}

}  // namespace headgate::migrate
