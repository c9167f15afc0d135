// Tested by tests/compiler/back/scan_choice_test.cc.
#include "compiler/back/scan_choice.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "compiler/analyse/frequency.h"
#include "engine/base/text.h"

namespace headgate::back {

namespace {

using analyse::Clause;
using match::Symbols;
using rules::Strategy;

constexpr double kLineBytes = 60;
constexpr std::size_t kMostLines = 1'000;  // bytes; most lines are not longer
constexpr double kAsk = 400;               // ns, for the reference engine to say no
constexpr double kRegex = 1.2;         // ns a byte, for one more regular expression in a database
constexpr double kFurtherNeed = 0.05;  // what another literal costs, of asking the reference engine
constexpr double kGate = 0.03;         // ns a byte, to test a gate a line
constexpr std::size_t kMostAlso = 2;
constexpr std::size_t kMostInAlso = 24;   // literals, that are looked for one by one
constexpr double kWorthSpelling = 0.001;  // ns a byte, of the literals' cost
constexpr std::size_t kShown = 40;        // bytes of a literal, in a reason

// How many lines are longer, about; each of them costs a question.
double longer_than(std::size_t bytes) {
  if (bytes >= 100'000) return 0;
  if (bytes >= 2'000) return 0.0001;
  if (bytes >= 1'000) return 0.001;
  if (bytes >= 500) return 0.003;
  if (bytes >= 200) return 0.01;
  if (bytes >= 80) return 0.1;
  return 0.8;
}

double cost_of_doubt(std::size_t trusted_bytes) {
  return longer_than(trusted_bytes) * kAsk / kLineBytes;
}

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

// That a line has a byte of these kinds.
double probability(Symbols symbols) {
  double share = 0;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    if ((match::symbol_of(c) & symbols) != 0 && !(c >= 'A' && c <= 'Z'))
      share += analyse::frequency_of(analyse::Literal{std::string(1, c), true});
  }
  return 1 - std::exp(-share * kLineBytes);
}

struct RatedGate {
  rules::Gate gate;
  double open = 1;  // how often, of all lines
  std::size_t trusted_bytes = rules::kTrustedWhateverComes;
};

RatedGate make_gate(const analyse::Plan& plan) {
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
      sets.emplace_back(probability(symbols), symbols);
    } else if ((rated.gate.all & symbols) == 0) {
      rated.gate.all |= symbols;
      rated.open *= probability(symbols);
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
    rated.open *= std::exp(-static_cast<double>(rated.gate.least_bytes) / kLineBytes);
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

double cost_of(const analyse::NeededLiterals& needed) {
  return needed.cost + cost_of_doubt(needed.trusted_bytes);
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
double cost_by_name(const analyse::NeededLiterals& needed, const analyse::Plan& plan) {
  const bool has_further = std::ranges::any_of(plan.needs.literals, [&](const auto& other) {
    return other.trusted_bytes > needed.trusted_bytes && !overlap(other.any_of, needed.any_of);
  });
  return needed.cost + cost_of_doubt(needed.trusted_bytes) * (has_further ? kFurtherNeed : 1);
}

// But none that the header's name has already.
const analyse::NeededLiterals* cheapest(const analyse::Plan& plan,
                                        const std::vector<std::string>& names) {
  const analyse::NeededLiterals* best = nullptr;
  const auto cost = [&](const analyse::NeededLiterals& needed) {
    return names.empty() ? cost_of(needed) : cost_by_name(needed, plan);
  };
  for (const analyse::NeededLiterals& needed : plan.needs.literals) {
    if (says_the_name(needed.any_of, names)) continue;
    if (best == nullptr || cost(needed) < cost(*best)) best = &needed;
  }
  return best;
}

std::vector<std::string> folded(const Clause& clause) {
  std::vector<std::string> literals;
  for (const analyse::Literal& literal : clause) literals.push_back(text::lower(literal.bytes));
  return literals;
}

// Further literals, tested before the reference engine is asked.
void add_also(const analyse::Plan& plan, const Clause& first, ScanChoice& choice) {
  std::vector<const Clause*> taken = {&first};
  for (const analyse::NeededLiterals& needed : plan.needs.literals) {
    if (choice.also.size() == kMostAlso) return;
    if (needed.any_of.size() > kMostInAlso) continue;
    const bool overlaps = std::any_of(taken.begin(), taken.end(), [&](const Clause* clause) {
      return overlap(*clause, needed.any_of);
    });
    if (overlaps) continue;
    taken.push_back(&needed.any_of);
    choice.also.push_back(rules::FurtherNeed{needed.trusted_bytes, folded(needed.any_of)});
  }
}

double cost_of_row(const analyse::ByteRow& row) {
  return analyse::cost_of(row) + cost_of_doubt(row.trusted_bytes);
}

// A row is guessed from its steps one by one; where it stands for words that are common, it may be common, too.
bool is_found_often(const ScanChoice& choice) {
  const bool by_literals = choice.literals != nullptr && choice.literals->cost > kWorthSpelling;
  if (choice.row != nullptr)
    return by_literals || analyse::cost_of_asking(*choice.row) > kWorthSpelling;
  return by_literals || (choice.literals == nullptr && !by_spelling(choice));
}

}  // namespace

ScanChoice choose_scan(const analyse::Plan& plan, const Switches& switches) {
  ScanChoice choice;
  choice.reason = plan.reason;
  double least = kAsk / kLineBytes;
  if (switches.gates) {
    add_doubt_gate(plan.needs, choice);
    const RatedGate rated = make_gate(plan);
    choice.gate = rated.gate;
    choice.gate_trusted_bytes = rated.trusted_bytes;
    const double cost = rated.open * least + kGate + cost_of_doubt(rated.trusted_bytes);
    if (cost < least) {
      choice.strategy = Strategy::bytes;
      least = cost;
    }
  }
  if (switches.regexes && plan.how != analyse::How::confirm_only) {
    const double cost = kRegex + cost_of_doubt(plan.trusted_bytes);
    if (cost < least) {
      choice.strategy = plan.how == analyse::How::native ? Strategy::native : Strategy::prefilter;
      least = cost;
    }
  }
  const auto* literals = switches.literals ? cheapest(plan, {}) : nullptr;
  if (literals != nullptr && cost_of(*literals) < least) {
    least = cost_of(*literals);
    choice.strategy = Strategy::literal;
    choice.literals = literals;
    choice.reason = fmt::format("needs \"{}\"", shown(literals->any_of));
    if (switches.also) add_also(plan, literals->any_of, choice);
  }
  if (switches.rows) {
    for (const analyse::ByteRow& row : plan.rows) {
      if (cost_of_row(row) >= least) continue;
      choice.row_saves += least - cost_of_row(row);
      least = cost_of_row(row);
      choice.row = &row;
    }
  }
  if (switches.spelled && plan.how != analyse::How::confirm_only)
    choice.worth_spelling = is_found_often(choice);
  if (switches.literals && switches.names && !plan.needs.header_names.empty())
    choice.named_literals = cheapest(plan, plan.needs.header_names);
  return choice;
}

}  // namespace headgate::back
