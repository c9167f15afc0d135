// Tested by tests/compiler/analyse/required_test.cc.
#include "compiler/analyse/ways.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/text.h"

namespace headgate::analyse {

namespace {

// Every text that a tree matches, as often as there are ways through the tree to match it; letters in lower case, and
// without what is zero-width. nullopt: they are many.
using Spellings = std::vector<std::string>;
constexpr std::size_t kMostSpellings = 64;
constexpr std::uint32_t kMostCopies = 16;

std::optional<Spellings> spellings(const Node& node);

// Each of `all` followed by each of `next`.
std::optional<Spellings> followed_by(const Spellings& all, const Spellings& next) {
  if (all.size() * next.size() > kMostSpellings) return std::nullopt;
  Spellings longer;
  for (const std::string& first : all) {
    for (const std::string& second : next) longer.push_back(first + second);
  }
  return longer;
}

std::optional<Spellings> spellings_of_row(const Node& node) {
  std::optional<Spellings> all = Spellings{std::string()};
  for (const Node& child : node.children) {
    const auto next = spellings(child);
    all = next ? followed_by(*all, *next) : std::nullopt;
    if (!all) break;
  }
  return all;
}

std::optional<Spellings> spellings_of_repeat(const Node& node) {
  if (node.max == 0) return Spellings{std::string()};
  if (node.max > kMostCopies) return std::nullopt;
  const auto once = spellings(node.children[0]);
  if (!once) return std::nullopt;
  Spellings all;
  std::optional<Spellings> copies = Spellings{std::string()};
  for (std::uint32_t count = 0; count <= node.max; ++count) {
    if (count > 0) copies = followed_by(*copies, *once);
    if (!copies) return std::nullopt;
    if (count < node.min) continue;
    if (all.size() + copies->size() > kMostSpellings) return std::nullopt;
    all.insert(all.end(), copies->begin(), copies->end());
  }
  return all;
}

std::optional<Spellings> spellings(const Node& node) {
  switch (node.kind) {
    case NodeKind::bytes: {
      Spellings all;
      for (unsigned byte = 0; byte < 256; ++byte) {
        const auto folded = static_cast<unsigned char>(text::to_lower(static_cast<char>(byte)));
        if (!node.set.test(byte) || (folded != byte && node.set.test(folded))) continue;
        if (all.size() == kMostSpellings) return std::nullopt;
        all.push_back(std::string(1, text::to_lower(static_cast<char>(byte))));
      }
      return all;
    }
    case NodeKind::concat:
      return spellings_of_row(node);
    case NodeKind::alternate: {
      Spellings all;
      for (const Node& child : node.children) {
        const auto more = spellings(child);
        if (!more || all.size() + more->size() > kMostSpellings) return std::nullopt;
        all.insert(all.end(), more->begin(), more->end());
      }
      return all;
    }
    case NodeKind::repeat:
      return spellings_of_repeat(node);
    case NodeKind::capture:
    case NodeKind::atomic:
      return spellings(node.children[0]);
    case NodeKind::anything:
    case NodeKind::look:  // what it tries has ways of its own
      return std::nullopt;
    default:
      return Spellings{std::string()};
  }
}

}  // namespace

std::size_t ways_at_one_place(const Node& tree) {
  const auto all = spellings(tree);
  if (!all) return 0;
  std::size_t most = 0;
  for (const std::string& text : *all) {
    const auto begins = static_cast<std::size_t>(
        std::count_if(all->begin(), all->end(),
                      [&](const std::string& other) { return text.starts_with(other); }));
    most = std::max(most, begins);
  }
  return most;
}

}  // namespace headgate::analyse
