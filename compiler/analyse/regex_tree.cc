// Tested by tests/compiler/analyse/parse_test.cc.
#include "compiler/analyse/regex_tree.h"

#include <fmt/format.h>

#include <utility>

#include "engine/base/text.h"

namespace headgate::analyse {

Node make_bytes(const ByteSet& set) {
  Node node;
  node.kind = NodeKind::bytes;
  node.set = set;
  return node;
}

Node make_leaf(NodeKind kind) {
  Node node;
  node.kind = kind;
  return node;
}

Node make_unary(NodeKind kind, Node child) {
  Node node;
  node.kind = kind;
  node.children.push_back(std::move(child));
  return node;
}

Node make_repeat(Node child, std::uint32_t min, std::uint32_t max) {
  Node node = make_unary(NodeKind::repeat, std::move(child));
  node.min = min;
  node.max = max;
  return node;
}

std::string quantifier_text(std::uint64_t min, std::uint64_t max) {
  if (max == kUnbounded) {
    if (min == 0) return "*";
    if (min == 1) return "+";
    return fmt::format("{{{},}}", min);
  }
  if (min == 0 && max == 1) return "?";
  if (min == max) return fmt::format("{{{}}}", min);
  return fmt::format("{{{},{}}}", min, max);
}

ByteSet single(unsigned char byte) { return ByteSet().set(byte); }

ByteSet range(unsigned char first, unsigned char last) {
  ByteSet set;
  for (unsigned c = first; c <= last; ++c) set.set(c);
  return set;
}

ByteSet fold_case(const ByteSet& set) {
  ByteSet folded = set;
  for (unsigned lower = 'a'; lower <= 'z'; ++lower) {
    const unsigned upper = lower - 'a' + 'A';
    if (set.test(lower) || set.test(upper)) folded.set(lower).set(upper);
  }
  return folded;
}

ByteSet word_bytes() { return range('0', '9') | range('A', 'Z') | range('a', 'z') | single('_'); }

ByteSet space_bytes() { return range('\t', '\r') | single(' '); }

bool posix_class(std::string_view name, ByteSet& set) {
  const ByteSet digit = range('0', '9');
  const ByteSet upper = range('A', 'Z');
  const ByteSet lower = range('a', 'z');
  const ByteSet graph = range(0x21, 0x7e);
  if (name == "alpha")
    set = upper | lower;
  else if (name == "digit")
    set = digit;
  else if (name == "alnum")
    set = upper | lower | digit;
  else if (name == "upper")
    set = upper;
  else if (name == "lower")
    set = lower;
  else if (name == "space")
    set = space_bytes();
  else if (name == "blank")
    set = single(' ') | single('\t');
  else if (name == "punct")
    set = graph & ~(upper | lower | digit);
  else if (name == "print")
    set = range(0x20, 0x7e);
  else if (name == "graph")
    set = graph;
  else if (name == "cntrl")
    set = range(0, 0x1f) | single(0x7f);
  else if (name == "xdigit")
    set = digit | range('A', 'F') | range('a', 'f');
  else if (name == "word")
    set = word_bytes();
  else if (name == "ascii")
    set = range(0, 0x7f);
  else
    return false;
  return true;
}

}  // namespace headgate::analyse
