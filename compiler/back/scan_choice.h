// choose_scan: how the texts shall be found that a pattern may match: by a name, literals, bytes, a spelling of its own, or not
// at all; whatever is likely to cost least (costs.h).
//   Threads   pure.      Source    architecture.md D5.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/analyse/strategy.h"
#include "compiler/back/costs.h"
#include "engine/rules/program.h"

namespace headgate::back {

// Optimisations that a test may switch off.
struct Switches {
  bool literals = true;  // literals of patterns in a database
  bool gates = true;     // what bytes and how many a text needs
  bool names = true;     // dispatch by header name
  bool also = true;      // a second literal before the reference engine is asked
  bool spelled = true;   // and the pattern's own spelling, in a database for that
  bool guards = true;    // what a rule's guards need, for the rule
  bool regexes = true;   // spellings of patterns in a database
  bool blocks = true;    // body lines in blocks
  bool rows = true;      // rows of byte sets in blocks
  bool finders = true;   // literals without a database, where that is faster
};

// A way with the length up to which it is believed that what it does not find does not match.
struct ScanChoice {
  rules::Strategy strategy = rules::Strategy::confirm_only;
  std::string reason;

  const analyse::NeededLiterals* literals = nullptr;        // for Strategy::literal, of the Plan
  const analyse::NeededLiterals* named_literals = nullptr;  // among headers of its name
  rules::Gate gate;                                         // of any strategy
  std::size_t gate_trusted_bytes = rules::kTrustedWhateverComes;
  rules::Gate doubt_gate;  // where nothing else is believed; of 0 bytes: there is none
  std::size_t doubt_gate_trusted_bytes = 0;
  std::vector<rules::FurtherNeed> also;
  const analyse::ByteRow* row = nullptr;  // in blocks, instead of all that; of the Plan
  bool worth_spelling = false;            // it is a candidate often enough

  // What it was chosen by: alone; in blocks; by named_literals, a byte of the headers of its name; where only the gate is left.
  Expected expected, expected_in_block, expected_named, by_gate;
};

// It is looked for in a database of spellings.
inline bool by_spelling(const ScanChoice& choice) {
  return choice.strategy == rules::Strategy::native ||
         choice.strategy == rules::Strategy::prefilter;
}

// Rows that save less in all than it costs to look for any row are not worth it.
constexpr double kAnyRow = 1.3;  // ns a byte

// `figures`: what was measured on mail; null: guess.
ScanChoice choose_scan(const analyse::Plan& plan, const Switches& switches,
                       const Figures* figures = nullptr);

// As they are looked for. In a block, newlines tell where lines begin and end; a text of its own is only searched for the
// bytes.
analyse::Literal anywhere(analyse::Literal literal);
analyse::Literal in_block(analyse::Literal literal);
match::Row row_of(const analyse::ByteRow& row);

// For `compile --explain`.
rules::Outlook outlook_of(const Expected& expected, const analyse::Clause& literals = {});

// Further literals, to be tested before the reference engine is asked about a text that has the first ones.
std::vector<rules::FurtherNeed> further_needs(const analyse::Plan& plan,
                                              const analyse::NeededLiterals& first,
                                              const Costs& costs);

}  // namespace headgate::back
