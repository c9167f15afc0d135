// Tested by tests/compiler/back/scan_choice_test.cc.
#include "compiler/back/scan_choice.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::back {

namespace {

using analyse::Clause;
using match::Symbols;
using rules::Strategy;

constexpr std::size_t kMostLines = 1'000;  // bytes; most lines are not longer
constexpr double kFurtherNeed = 0.05;  // what another literal costs, of asking the reference engine
constexpr std::size_t kMostAlso = 2;
constexpr std::size_t kMostInAlso = 24;   // literals, that are looked for one by one
constexpr double kWorthSpelling = 0.001;  // ns a byte, of the literals' cost
constexpr std::size_t kShown = 40;        // bytes of a literal, in a reason
constexpr std::size_t kMostListed = 4;    // literals of an outlook

// A need that would be believed of few texts only is none, where the pattern is believed of more without.
bool counts(std::size_t trusted_bytes, const analyse::Plan& plan) {
  return trusted_bytes >= std::min(kMostLines, plan.needs.trusted_bytes);
}

Symbols symbols_of(const analyse::ByteSet& set) {
  Symbols symbols = 0;
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (set.test(byte)) symbols |= match::symbol_of(static_cast<char>(byte));
  }
  return symbols;
}

struct RatedGate {
  rules::Gate gate;
  double open = 1;  // how often, of all lines, if its bytes know nothing of each other
  std::size_t trusted_bytes = rules::kTrustedWhateverComes;
};

RatedGate make_gate(const analyse::Plan& plan, const Costs& costs) {
  RatedGate rated;
  const analyse::Needs& needs = plan.needs;
  rated.gate.least_bytes = needs.least_bytes_of_engine;
  if (needs.trusted_bytes >= needs.least_bytes)
    rated.gate.least_bytes = std::max(rated.gate.least_bytes, std::uint64_t{needs.least_bytes});
  std::vector<std::pair<double, Symbols>> sets;
  for (const analyse::NeededByte& byte : needs.bytes) {
    if (!counts(byte.trusted_bytes, plan)) continue;
    const Symbols symbols = symbols_of(byte.any_of);
    if (std::popcount(symbols) > 1) {
      sets.emplace_back(costs.having(symbols), symbols);
    } else if ((rated.gate.all & symbols) == 0) {
      rated.gate.all |= symbols;
      rated.open *= costs.having(symbols);
    } else {
      continue;
    }
    rated.trusted_bytes = std::min(rated.trusted_bytes, byte.trusted_bytes);
  }
  std::sort(sets.begin(), sets.end());
  for (std::size_t i = 0; i < std::min(sets.size(), rated.gate.any.size()); ++i) {
    rated.gate.any[i] = sets[i].second;
    rated.open *= sets[i].first;
  }
  if (rated.gate.least_bytes > 0) {
    // Lines are of very different lengths; few are twice as long as most.
    rated.open *= std::exp(-static_cast<double>(rated.gate.least_bytes) / costs.text_bytes());
  }
  return rated;
}

// The bytes whose lack is believed of most lines, or else those that are believed longest.
void add_doubt_gate(const analyse::Needs& needs, ScanChoice& choice) {
  std::size_t least = 0;
  for (const analyse::NeededByte& byte : needs.bytes) least = std::max(least, byte.trusted_bytes);
  least = std::min(least, kMostLines);
  for (const analyse::NeededByte& byte : needs.bytes) {
    const Symbols symbols = symbols_of(byte.any_of);
    if (byte.trusted_bytes < least || std::popcount(symbols) != 1) continue;
    choice.doubt_gate.all |= symbols;
    choice.doubt_gate_trusted_bytes = least;
  }
}

std::string shown(const Clause& clause) {
  std::string text = text::printable(clause.front().bytes.substr(0, kShown));
  if (clause.size() > 1) text += fmt::format(" or {} more", clause.size() - 1);
  return text;
}

// A literal that says of a header little more than its name.
bool says_the_name(const Clause& clause, const std::vector<std::string>& names) {
  return std::any_of(clause.begin(), clause.end(), [&](const analyse::Literal& literal) {
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return (name + ":").find(literal.bytes) != std::string::npos ||
             literal.bytes.starts_with(name);
    });
  });
}

bool overlap(const Clause& a, const Clause& b) {
  return std::any_of(a.begin(), a.end(), [&](const analyse::Literal& one) {
    return std::any_of(b.begin(), b.end(), [&](const analyse::Literal& other) {
      return one.bytes.find(other.bytes) != std::string::npos ||
             other.bytes.find(one.bytes) != std::string::npos;
    });
  });
}

// Among headers of one name, a word that is rare in mail may be in each of them, as "name" is in Content-Type. So a rarer
// literal counts there, also when only shorter texts without it are believed not to match: on longer ones, the other
// literals are looked for (FurtherNeed) before the reference engine is asked.
Expected expected_by_name(const analyse::NeededLiterals& needed, const analyse::Plan& plan,
                          const Costs& costs) {
  const bool has_further = std::ranges::any_of(plan.needs.literals, [&](const auto& other) {
    return other.trusted_bytes > needed.trusted_bytes && !overlap(other.any_of, needed.any_of);
  });
  return costs.of(needed, has_further ? kFurtherNeed : 1);
}

// But none that the header's name has already.
const analyse::NeededLiterals* cheapest(const analyse::Plan& plan, const Costs& costs,
                                        const std::vector<std::string>& names) {
  const analyse::NeededLiterals* best = nullptr;
  double least = 0;
  for (const analyse::NeededLiterals& needed : plan.needs.literals) {
    if (says_the_name(needed.any_of, names)) continue;
    const double cost =
        (names.empty() ? costs.of(needed) : expected_by_name(needed, plan, costs)).cost;
    if (best != nullptr && cost >= least) continue;
    best = &needed;
    least = cost;
  }
  return best;
}

std::vector<std::string> folded(const Clause& clause) {
  std::vector<std::string> literals;
  for (const analyse::Literal& literal : clause) literals.push_back(text::lower(literal.bytes));
  return literals;
}

// A row is guessed from its steps one by one; where it stands for words that are common, it may be common, too.
bool is_found_often(const ScanChoice& choice, const Costs& costs) {
  const bool by_literals =
      choice.literals != nullptr && costs.asking(*choice.literals) > kWorthSpelling;
  if (choice.row != nullptr) return by_literals || costs.asking(*choice.row) > kWorthSpelling;
  return by_literals || (choice.literals == nullptr && !by_spelling(choice));
}

// Where no database takes it, a pattern is found by its gate; an open one asks about every text.
void choose_gate(const analyse::Plan& plan, const Costs& costs, ScanChoice& choice) {
  const RatedGate rated = make_gate(plan, costs);
  choice.gate = rated.gate;
  choice.gate_trusted_bytes = rated.trusted_bytes;
  choice.by_gate = costs.of(rated.gate, rated.open, rated.trusted_bytes);
  if (choice.by_gate.cost >= costs.always().cost) {
    if (choice.gate == rules::Gate{}) choice.by_gate = costs.always();
    return;
  }
  choice.strategy = Strategy::bytes;
  choice.expected = choice.by_gate;
}

}  // namespace

// The rarest first.
std::vector<rules::FurtherNeed> further_needs(const analyse::Plan& plan,
                                              const analyse::NeededLiterals& first,
                                              const Costs& costs) {
  std::vector<std::pair<double, const analyse::NeededLiterals*>> by_cost;
  for (const analyse::NeededLiterals& needed : plan.needs.literals)
    by_cost.emplace_back(costs.asking(needed), &needed);
  std::stable_sort(by_cost.begin(), by_cost.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<rules::FurtherNeed> also;
  std::vector<const Clause*> taken = {&first.any_of};
  for (const auto& candidate : by_cost) {
    const analyse::NeededLiterals* const needed = candidate.second;
    if (also.size() == kMostAlso) break;
    if (needed->any_of.size() > kMostInAlso) continue;
    const bool overlaps = std::any_of(taken.begin(), taken.end(), [&](const Clause* clause) {
      return overlap(*clause, needed->any_of);
    });
    if (overlaps) continue;
    taken.push_back(&needed->any_of);
    also.push_back(rules::FurtherNeed{needed->trusted_bytes, folded(needed->any_of)});
  }
  return also;
}

analyse::Literal anywhere(analyse::Literal literal) {
  literal.at_start = literal.at_end = false;
  return literal;
}

analyse::Literal in_block(analyse::Literal literal) {
  if (literal.at_start) literal.bytes.insert(0, 1, '\n');
  if (literal.at_end) literal.bytes += '\n';
  return anywhere(std::move(literal));
}

match::Row row_of(const analyse::ByteRow& row) {
  static_assert(analyse::kLongestRow == match::kLongestRow);
  match::Row looked_for;
  for (const analyse::RowStep& step : row.steps)
    looked_for.push_back(match::Step{step.byte, step.between});
  return looked_for;
}

rules::Outlook outlook_of(const Expected& expected, const Clause& literals) {
  rules::Outlook outlook{expected.per_byte, expected.cost, {}, 0};
  const std::size_t shown = std::min(literals.size(), kMostListed);
  for (std::size_t i = 0; i < shown; ++i) outlook.literals.push_back(literals[i].bytes);
  outlook.more_literals = static_cast<std::uint32_t>(literals.size() - shown);
  return outlook;
}

ScanChoice choose_scan(const analyse::Plan& plan, const Switches& switches,
                       const Figures* figures) {
  const Costs costs(plan, figures);
  ScanChoice choice;
  choice.reason = plan.reason;
  choice.expected = choice.by_gate = costs.always();
  if (switches.gates) {
    add_doubt_gate(plan.needs, choice);
    choose_gate(plan, costs, choice);
  }
  if (switches.regexes && plan.how != analyse::How::confirm_only) {
    const Expected spelled = costs.of_spelling();
    if (spelled.cost < choice.expected.cost) {
      choice.strategy = plan.how == analyse::How::native ? Strategy::native : Strategy::prefilter;
      choice.expected = spelled;
    }
  }
  const auto* literals = switches.literals ? cheapest(plan, costs, {}) : nullptr;
  if (literals != nullptr && costs.of(*literals).cost < choice.expected.cost) {
    choice.strategy = Strategy::literal;
    choice.expected = costs.of(*literals);
    choice.literals = literals;
    choice.reason = fmt::format("needs \"{}\"", shown(literals->any_of));
    if (switches.also) choice.also = further_needs(plan, *literals, costs);
  }
  choice.expected_in_block = choice.expected;
  if (switches.rows) {
    for (const analyse::ByteRow& row : plan.rows) {
      const Expected of_row = costs.of(row);
      if (of_row.cost >= choice.expected_in_block.cost) continue;
      choice.expected_in_block = of_row;
      choice.row = &row;
    }
  }
  if (switches.spelled && plan.how != analyse::How::confirm_only)
    choice.worth_spelling = is_found_often(choice, costs);
  if (switches.literals && switches.names && !plan.needs.header_names.empty())
    choice.named_literals = cheapest(plan, costs, plan.needs.header_names);
  if (choice.named_literals != nullptr)
    choice.expected_named = expected_by_name(*choice.named_literals, plan, costs);
  return choice;
}

}  // namespace headgate::back
