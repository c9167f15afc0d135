// How it works: in a row, the texts that the look-ahead bars and the texts that can stand behind it are spelled out. Those that
// begin with a barred one go. It is done only where that decides everything: no text ends before a barred one does.
// Tested by tests/compiler/analyse/look_ahead_test.cc.
#include "compiler/analyse/look_ahead.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace headgate::analyse {

namespace {

using Texts = std::set<std::string>;

constexpr std::size_t kMostTexts = 64;

// Each of `a` followed by each of `b`; nullopt: too many.
std::optional<Texts> product(const Texts& a, const Texts& b) {
  if (a.size() * b.size() > kMostTexts) return std::nullopt;
  Texts texts;
  for (const std::string& first : a) {
    for (const std::string& second : b) texts.insert(first + second);
  }
  return texts;
}

// All that a node matches; nullopt where that is much, or depends on what stands around.
std::optional<Texts> texts_of(const Node& node) {
  switch (node.kind) {
    case NodeKind::bytes: {
      if (node.set.count() > kMostTexts) return std::nullopt;
      Texts texts;
      for (unsigned byte = 0; byte < 256; ++byte) {
        if (node.set.test(byte)) texts.insert(std::string(1, static_cast<char>(byte)));
      }
      return texts;
    }
    case NodeKind::concat: {
      std::optional<Texts> texts = Texts{std::string()};
      for (const Node& child : node.children) {
        const auto next = texts_of(child);
        texts = next ? product(*texts, *next) : std::nullopt;
        if (!texts) break;
      }
      return texts;
    }
    case NodeKind::alternate: {
      Texts texts;
      for (const Node& child : node.children) {
        const auto more = texts_of(child);
        if (!more) return std::nullopt;
        texts.insert(more->begin(), more->end());
      }
      return texts.size() > kMostTexts ? std::nullopt : std::optional(texts);
    }
    case NodeKind::repeat: {
      if (node.max > kMostTexts) return std::nullopt;
      const auto once = texts_of(node.children[0]);
      if (!once) return std::nullopt;
      Texts texts;
      std::optional<Texts> copies = Texts{std::string()};
      for (std::uint32_t count = 0; count <= node.max; ++count) {
        if (count > 0) copies = product(*copies, *once);
        if (!copies || texts.size() + copies->size() > kMostTexts) return std::nullopt;
        if (count >= node.min) texts.insert(copies->begin(), copies->end());
      }
      return texts;
    }
    case NodeKind::capture:
      return texts_of(node.children[0]);
    default:
      return std::nullopt;
  }
}

Node node_of(const std::string& text) {
  Node row;
  for (const char c : text)
    row.children.push_back(make_bytes(single(static_cast<unsigned char>(c))));
  return row;
}

// Nullopt: not everything is decided.
std::optional<Texts> without(const Texts& texts, const Texts& barred) {
  Texts left;
  for (const std::string& text : texts) {
    const bool is_barred = std::any_of(barred.begin(), barred.end(), [&](const std::string& one) {
      return text.starts_with(one);
    });
    if (is_barred) continue;
    const bool is_open = std::any_of(barred.begin(), barred.end(),
                                     [&](const std::string& one) { return one.starts_with(text); });
    if (is_open) return std::nullopt;
    left.insert(text);
  }
  return left;
}

struct Spelled {
  std::size_t end = 0;  // of the children that are spelled out
  Texts texts;
};

// What stands behind the look-ahead at `at`, as far as it takes to decide everything.
std::optional<Spelled> spelled_behind(const std::vector<Node>& row, std::size_t at) {
  const auto barred = texts_of(row[at].children[0]);
  if (!barred) return std::nullopt;
  Texts texts = {std::string()};
  for (std::size_t end = at + 1; end < row.size(); ++end) {
    const auto next = texts_of(row[end]);
    auto longer = next ? product(texts, *next) : std::nullopt;
    if (!longer) return std::nullopt;
    texts = std::move(*longer);
    const auto left = without(texts, *barred);
    if (!left) continue;
    if (left->empty()) return std::nullopt;
    return Spelled{end + 1, *left};
  }
  return std::nullopt;
}

Node narrowed_row(const Node& node) {
  Node row;
  for (const Node& child : node.children) row.children.push_back(without_look_aheads(child));
  for (std::size_t at = 0; at < row.children.size(); ++at) {
    if (row.children[at].kind != NodeKind::look || !row.children[at].not_ahead) continue;
    const auto spelled = spelled_behind(row.children, at);
    if (!spelled) continue;
    Node texts = make_leaf(NodeKind::alternate);
    for (const std::string& text : spelled->texts) texts.children.push_back(node_of(text));
    const auto begin = row.children.begin() + static_cast<std::ptrdiff_t>(at);
    row.children.erase(begin + 1, row.children.begin() + static_cast<std::ptrdiff_t>(spelled->end));
    row.children[at] = texts.children.size() == 1 ? texts.children.front() : std::move(texts);
  }
  return row;
}

}  // namespace

Node without_look_aheads(const Node& tree) {
  if (tree.kind == NodeKind::concat) return narrowed_row(tree);
  Node node = tree;
  if (node.kind == NodeKind::look) return node;
  for (Node& child : node.children) child = without_look_aheads(child);
  return node;
}

}  // namespace headgate::analyse
