// How it works: bottom-up. Of each node: the texts that it can begin and end with, as far as they are few (`exact`: they are
// all that it matches), and the clauses found so far. In a row, the end of one and the beginning of the next make longer
// texts, as long as their number stays small; where it does not, both become clauses. Of an alternation, each branch gives
// its rarest clause to their union. A symbol is a byte, or a letter in either case.
// Tested by tests/compiler/analyse/required_test.cc; soundness, by every collider.
#include "compiler/analyse/required.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "compiler/analyse/frequency.h"
#include "engine/base/text.h"

namespace headgate::analyse {

namespace {

using Symbols = std::u16string;
using Texts = std::set<Symbols>;

constexpr char16_t kEitherCase = 0x100;
constexpr char16_t kStart = 0x200;  // of the text, or of a line
constexpr char16_t kEnd = 0x201;
constexpr std::size_t kMostInProduct = 48;  // of what is put together from parts
constexpr std::size_t kMostOfOneByte = 16;  // members of a class that are spelled out
constexpr std::uint32_t kMostCopies = 16;

struct Facts {
  bool exact = false;
  Texts begins, ends;  // with one of these; exact: both are all that it matches
  std::vector<Texts> clauses;
};

Facts exactly(Texts texts) {
  Facts facts;
  facts.exact = true;
  facts.begins = facts.ends = std::move(texts);
  return facts;
}

Facts empty_text() { return exactly({Symbols()}); }

Facts nothing_known() {
  Facts facts;
  facts.begins = facts.ends = {Symbols()};
  return facts;
}

Facts facts_of(const Node& node);

bool is_letter(unsigned byte) { return text::is_alpha(static_cast<char>(byte)); }

// The members of a class; nullopt when they are many.
std::optional<Texts> spelled_out(const ByteSet& set) {
  Texts texts;
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (!set.test(byte)) continue;
    const bool both = is_letter(byte) && set.test(byte ^ 0x20U);
    if (both && (byte & 0x20U) == 0) continue;  // told with its small letter
    texts.insert(Symbols(1, static_cast<char16_t>(both ? (byte | kEitherCase) : byte)));
    if (texts.size() > kMostOfOneByte) return std::nullopt;
  }
  return texts;
}

// Each of `a` followed by each of `b`; nullopt when they are too many or too long.
std::optional<Texts> product(const Texts& a, const Texts& b) {
  if (a.size() * b.size() > std::max({a.size(), b.size(), kMostInProduct})) return std::nullopt;
  Texts texts;
  for (const Symbols& first : a) {
    for (const Symbols& second : b) {
      if (first.size() + second.size() > kLongestLiteral) return std::nullopt;
      texts.insert(first + second);
    }
  }
  return texts;
}

bool has_bytes(const Symbols& symbols) {
  return std::any_of(symbols.begin(), symbols.end(),
                     [](char16_t symbol) { return symbol < kStart; });
}

void add_clause(std::vector<Texts>& clauses, const Texts& texts) {
  if (texts.empty() || !std::all_of(texts.begin(), texts.end(), has_bytes)) return;
  if (std::find(clauses.begin(), clauses.end(), texts) == clauses.end()) clauses.push_back(texts);
}

// Where `a` ends and `b` begins.
void add_joint(std::vector<Texts>& clauses, const Texts& a, const Texts& b) {
  const auto joint = product(a, b);
  if (joint) add_clause(clauses, *joint);
  if (joint && joint->size() <= a.size() && joint->size() <= b.size()) return;
  add_clause(clauses, a);
  add_clause(clauses, b);
}

Facts in_a_row(Facts a, Facts b) {
  if (a.exact && b.exact) {
    if (auto texts = product(a.begins, b.begins)) {
      // A text that many follow may be a better clause without them.
      Facts facts = exactly(std::move(*texts));
      facts.clauses = std::move(a.clauses);
      if (b.begins.size() > 1) add_clause(facts.clauses, a.ends);
      if (a.begins.size() > 1) add_clause(facts.clauses, b.begins);
      return facts;
    }
  }
  Facts facts;
  facts.clauses = std::move(a.clauses);
  facts.clauses.insert(facts.clauses.end(), b.clauses.begin(), b.clauses.end());
  facts.begins = a.begins;
  facts.ends = b.ends;
  if (!a.exact || !b.exact) {
    const auto joint = product(a.ends, b.begins);
    if (joint && a.exact) facts.begins = *joint;
    if (joint && b.exact) facts.ends = *joint;
  }
  add_joint(facts.clauses, a.ends, b.begins);
  return facts;
}

Facts row_of(const Node& node) {
  Facts facts = empty_text();
  Facts literal =
      empty_text();  // neighbours of which each is one text: one literal, not to be lost in products
  for (const Node& child : node.children) {
    Facts next = facts_of(child);
    const bool is_single = next.exact && next.begins.size() == 1;
    auto longer = is_single ? product(literal.begins, next.begins) : std::nullopt;
    if (longer) {
      literal = exactly(std::move(*longer));
      continue;
    }
    facts = in_a_row(std::move(facts), std::exchange(literal, empty_text()));
    if (is_single)
      literal = std::move(next);
    else
      facts = in_a_row(std::move(facts), std::move(next));
  }
  return in_a_row(std::move(facts), std::move(literal));
}

std::vector<Texts> all_clauses(const Facts& facts) {
  std::vector<Texts> clauses = facts.clauses;
  add_clause(clauses, facts.begins);
  add_clause(clauses, facts.ends);
  return clauses;
}

Clause to_clause(const Texts& texts);

// The clauses of each branch that are found least often, joined; the others with what comes after them.
void add_union(const std::vector<Facts>& branches, std::vector<Texts>& clauses) {
  Texts joined;
  for (const Facts& branch : branches) {
    const Texts* best = nullptr;
    double least = 0;
    const std::vector<Texts> offered = all_clauses(branch);
    for (const Texts& texts : offered) {
      const double cost = cost_of(to_clause(texts));
      if (best != nullptr && cost >= least) continue;
      best = &texts;
      least = cost;
    }
    if (best == nullptr) return;
    joined.insert(best->begin(), best->end());
    if (joined.size() > kMostLiterals) return;
  }
  add_clause(clauses, joined);
}

Facts one_of(const Node& node) {
  std::vector<Facts> branches;
  for (const Node& child : node.children) branches.push_back(facts_of(child));
  Facts facts;
  facts.exact = true;
  for (const Facts& branch : branches) {
    facts.exact = facts.exact && branch.exact;
    facts.begins.insert(branch.begins.begin(), branch.begins.end());
    facts.ends.insert(branch.ends.begin(), branch.ends.end());
  }
  if (facts.begins.size() > kMostLiterals) facts.begins = {Symbols()}, facts.exact = false;
  if (facts.ends.size() > kMostLiterals) facts.ends = {Symbols()}, facts.exact = false;
  add_union(branches, facts.clauses);
  return facts;
}

Facts repeated(const Node& node) {
  if (node.max == 0) return empty_text();
  const Facts once = facts_of(node.children[0]);
  if (!once.exact) {
    if (node.min == 0) return nothing_known();
    Facts facts = once;
    if (node.min > 1) add_joint(facts.clauses, once.ends, once.begins);
    return facts;
  }
  Facts copies = empty_text();  // as many as must be and as can be spelled out
  std::uint32_t made = 0;
  for (; made < std::min(node.min, kMostCopies); ++made) {
    auto more = product(copies.begins, once.begins);
    if (!more) break;
    copies = exactly(std::move(*more));
  }
  Texts all = copies.begins;
  Texts longest = all;
  for (std::uint32_t count = made; made == node.min && count < node.max; ++count) {
    const auto longer = count < kMostCopies ? product(longest, once.begins) : std::nullopt;
    if (longer) all.insert(longer->begin(), longer->end());
    if (!longer || all.size() > kMostLiterals) {
      copies.exact = false;
      return copies;
    }
    longest = *longer;
  }
  if (made == node.min) return exactly(std::move(all));
  copies.exact = false;
  return copies;
}

Facts facts_of(const Node& node) {
  switch (node.kind) {
    case NodeKind::bytes:
      if (auto texts = spelled_out(node.set)) return exactly(std::move(*texts));
      return nothing_known();
    case NodeKind::concat:
      return row_of(node);
    case NodeKind::alternate:
      return one_of(node);
    case NodeKind::repeat:
      return repeated(node);
    case NodeKind::capture:
    case NodeKind::atomic:
      return facts_of(node.children[0]);
    case NodeKind::anything:
      return nothing_known();
    case NodeKind::text_start:
    case NodeKind::line_start:
      return exactly({Symbols(1, kStart)});
    case NodeKind::text_end:
    case NodeKind::last_line_end:
    case NodeKind::line_end:
      return exactly({Symbols(1, kEnd)});
    default:
      return empty_text();  // zero width: what stands before it and after it are neighbours
  }
}

// The part after the last start and before the first end after it: no line has more.
Symbols within_a_line(const Symbols& symbols) {
  const std::size_t start = symbols.rfind(kStart);
  const std::size_t from = start == Symbols::npos ? 0 : start;
  const std::size_t end = symbols.find(kEnd, from);
  return symbols.substr(from, end == Symbols::npos ? end : end + 1 - from);
}

// A literal is searched in either case when one of its letters may have either.
Literal all_of(const Symbols& symbols) {
  Literal literal;
  for (const char16_t symbol : symbols)
    literal.caseless |= symbol < kStart && (symbol & kEitherCase) != 0;
  for (const char16_t symbol : symbols) {
    literal.at_start |= symbol == kStart;
    literal.at_end |= symbol == kEnd;
    if (symbol >= kStart) continue;
    const auto byte = static_cast<char>(symbol & 0xff);
    literal.bytes += literal.caseless ? text::to_lower(byte) : byte;
  }
  return literal;
}

Literal to_literal(const Symbols& symbols) { return all_of(within_a_line(symbols)); }

// It matches all that its bytes allow: no test of what stands around, no way back that is barred.
bool only_bytes(const Node& node) {
  switch (node.kind) {
    case NodeKind::bytes:
      return true;
    case NodeKind::concat:
    case NodeKind::alternate:
    case NodeKind::repeat:
    case NodeKind::capture:
      return std::all_of(node.children.begin(), node.children.end(), only_bytes);
    default:
      return false;
  }
}

// Where `other` is found, `one` is.
bool covers(const Literal& one, const Literal& other) {
  if (one.at_start || one.at_end) return false;
  if (one.caseless == other.caseless || !one.caseless)
    return one.caseless == other.caseless && other.bytes.find(one.bytes) != std::string::npos;
  return text::lower(other.bytes).find(one.bytes) != std::string::npos;
}

// Without those that contain another one.
Clause to_clause(const Texts& texts) {
  Clause all;
  for (const Symbols& symbols : texts) all.push_back(to_literal(symbols));
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  Clause clause;
  for (const Literal& literal : all) {
    const bool covered = std::any_of(all.begin(), all.end(), [&](const Literal& other) {
      return !(other == literal) && covers(other, literal);
    });
    if (!covered) clause.push_back(literal);
  }
  return clause;
}

}  // namespace

std::vector<Clause> required_literals(const Node& tree) {
  std::vector<Clause> clauses;
  for (const Texts& texts : all_clauses(facts_of(tree))) {
    Clause clause = to_clause(texts);
    if (std::any_of(clause.begin(), clause.end(),
                    [](const Literal& literal) { return literal.bytes.empty(); }))
      continue;
    if (std::find(clauses.begin(), clauses.end(), clause) == clauses.end())
      clauses.push_back(std::move(clause));
  }
  return clauses;
}

bool is_lacking(const Clause& clause, const Clause& lacked) {
  return std::all_of(clause.begin(), clause.end(), [&](const Literal& literal) {
    return std::any_of(lacked.begin(), lacked.end(),
                       [&](const Literal& one) { return one == literal || covers(one, literal); });
  });
}

Beginnings beginnings(const Node& tree) {
  const Facts facts = facts_of(tree);
  Beginnings found;
  found.all = facts.exact && only_bytes(tree);
  for (const Symbols& symbols : facts.begins) {
    found.literals.push_back(
        all_of(symbols));  // a line of it may begin behind the text's beginning
    for (const char16_t symbol : symbols) {
      if (symbol < kEitherCase && is_letter(symbol)) found.any_case = false;
    }
  }
  return found;
}

bool may_begin_alike(const Beginnings& a, const Beginnings& b) {
  return std::any_of(a.literals.begin(), a.literals.end(), [&](const Literal& one) {
    return std::any_of(b.literals.begin(), b.literals.end(), [&](const Literal& other) {
      const std::size_t bytes = std::min(one.bytes.size(), other.bytes.size());
      return text::equal_ignore_case(std::string_view(one.bytes).substr(0, bytes),
                                     std::string_view(other.bytes).substr(0, bytes));
    });
  });
}

std::size_t least_bytes(const Node& node) {
  constexpr std::size_t kMost = 1U << 20;
  std::size_t least = 0;
  switch (node.kind) {
    case NodeKind::bytes:
      return 1;
    case NodeKind::concat:
      for (const Node& child : node.children) least = std::min(kMost, least + least_bytes(child));
      return least;
    case NodeKind::alternate:
      least = kMost;
      for (const Node& child : node.children) least = std::min(least, least_bytes(child));
      return least;
    case NodeKind::repeat:
      return std::min(kMost, node.min * least_bytes(node.children[0]));
    case NodeKind::capture:
    case NodeKind::atomic:
      return least_bytes(node.children[0]);
    default:
      return 0;
  }
}

}  // namespace headgate::analyse
