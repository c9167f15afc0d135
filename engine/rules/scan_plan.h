// ScanPlan: which patterns of a Program may match a text. What the plan does not name for a text does not match it, up to
// the pattern's trusted_bytes; what it names is asked of the reference engine.
//   A text is looked at by the sections that apply to it: `any`, and the one of its header name ("subject" for
//   "Subject: x"); a block of body lines is looked at by `block` alone. Each pattern stands in what covers all three cases.
//   Lifetime  immutable, part of a Program.      Source  architecture.md D4, D5; docs/program.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/match/literal_finder.h"
#include "engine/match/scanner.h"
#include "engine/match/shift_and.h"
#include "engine/match/symbols.h"

namespace headgate::rules {

// A pattern's trusted_bytes from here on: no text is longer.
constexpr std::size_t kTrustedWhateverComes = std::size_t{1} << 31U;

// Of a pattern with trusted_bytes 0 nothing is believed, not even of an empty text.
constexpr bool is_doubted(std::size_t bytes, std::size_t trusted_bytes) {
  return bytes > trusted_bytes || trusted_bytes == 0;
}

// What a text must have for a pattern to be worth asking.
struct Gate {
  match::Symbols all = 0;  // each of these kinds of bytes
  std::array<match::Symbols, 2> any = {~match::Symbols{0}, ~match::Symbols{0}};  // one of each set
  std::uint64_t least_bytes = 0;

  // An empty text has no symbols: a gate that asks for none is open to it.
  [[nodiscard]] bool open(match::Symbols present, std::size_t bytes) const {
    return (present & all) == all && meets(any[0], present) && meets(any[1], present) &&
           bytes >= least_bytes;
  }

  [[nodiscard]] bool asks_for_symbols() const {
    return all != 0 || any[0] != ~match::Symbols{0} || any[1] != ~match::Symbols{0};
  }

  bool operator==(const Gate&) const = default;

 private:
  static bool meets(match::Symbols set, match::Symbols present) {
    return set == ~match::Symbols{0} || (set & present) != 0;
  }
};

struct Gated {
  Gate gate;
  std::uint32_t pattern = 0;
};

// On texts of up to so many bytes any finder is faster than its database. Measured on headers and on lines of bodies.
constexpr std::size_t kFinderBytes = 1'000;

inline std::size_t most_finder_bytes(const match::LiteralFinder& finder) {
  return finder.pays_in_long_texts() ? std::numeric_limits<std::size_t>::max() : kFinderBytes;
}

// A database and what its ids stand for: id i for owners[first[i]] … owners[first[i + 1] - 1].
struct Scan {
  std::shared_ptr<const match::Scanner> scanner;
  std::shared_ptr<const match::LiteralFinder> finder;  // tells the same, mostly faster; may be null
  std::vector<std::uint32_t> first, owners;
};

// Calls found(pattern, end of the match) for what the scan tells; false when the database failed. Ids may be from a file and
// are not trusted.
template <class Found>
bool run_scan(const Scan& scan, std::string_view text, match::Scratch& scratch, Found found) {
  const auto tell = [&](std::uint32_t id, std::size_t end) {
    for (std::uint32_t i = scan.first[id]; i < scan.first[id + 1]; ++i) found(scan.owners[i], end);
  };
  if (scan.finder != nullptr && text.size() <= most_finder_bytes(*scan.finder) &&
      scan.finder->find(text, tell))
    return true;

  struct Context {
    const Scan& scan;
    Found& found;
  };

  Context context{scan, found};
  const match::OnMatch on_match = [](unsigned id, unsigned long long, unsigned long long end,
                                     unsigned, void* at) {
    const Context& to = *static_cast<Context*>(at);
    if (id + 1 >= to.scan.first.size()) return 0;
    for (std::uint32_t i = to.scan.first[id]; i < to.scan.first[id + 1]; ++i)
      to.found(to.scan.owners[i], static_cast<std::size_t>(end));
    return 0;
  };
  return scan.scanner->scan(text, scratch, on_match, &context);
}

// Of a longer text than `trusted_bytes`, a section's silence about the pattern is not believed. But where the text is of at
// most `gate_trusted_bytes` and the gate is shut, it does not match.
struct Doubt {
  std::size_t trusted_bytes = 0;
  std::uint32_t pattern = 0;
  Gate gate{};
  std::size_t gate_trusted_bytes = 0;

  // `symbols` is called where they are needed.
  template <class SymbolsOf>
  [[nodiscard]] bool holds(std::size_t bytes, SymbolsOf symbols) const {
    return is_doubted(bytes, trusted_bytes) &&
           (is_doubted(bytes, gate_trusted_bytes) || gate.open(symbols(), bytes));
  }

  bool operator==(const Doubt&) const = default;
};

struct Section {
  std::string name;  // a header's, in lower case; empty for `any` and `block`
  std::vector<std::uint32_t> scans;
  std::vector<Gated> gated;
  std::vector<Doubt>
      doubts;  // the shortest trusted_bytes first; without patterns that are believed always
};

// A set of literals in lower case, of which a match has one; where a text of at most so many bytes lacks them all, there is
// no match.
struct FurtherNeed {
  std::size_t trusted_bytes = 0;
  std::vector<std::string> any_of;
  // Of each; made by Program.
  std::vector<match::Symbols> symbols{};
  std::vector<std::size_t> rarest{};  // where its rarest byte stands
};

// A spelling of the pattern in one of the plan's databases: a text of at most so many bytes that it does not match is no
// match. 0 bytes: there is none.
struct Spelled {
  std::uint32_t scan = 0;
  std::size_t trusted_bytes = 0;
};

// A row of byte sets that each match of the pattern in a line has.
struct RowOf {
  std::uint32_t pattern = 0;
  match::Row row;
};

// A short cut: a text of `least` to `most` bytes in which the finder's literals do not occur has no candidates in a section.
struct Quick {
  std::size_t least = 1, most = 0;
  const match::LiteralFinder* finder = nullptr;  // null: no text of that length has any

  [[nodiscard]] bool rules_out(std::string_view text) const {
    return text.size() >= least && text.size() <= most &&
           (finder == nullptr || !finder->may_occur_in(text));
  }
};

// What mail the ways were chosen on, by figures instead of guesses: those for texts of their own, or those for lines of blocks.
// For people.
enum class MeasuredOn : std::uint8_t { nothing, headers, body_lines };

struct ScanPlan {
  bool ready = false;   // false: nothing is known, every pattern is asked
  bool blocks = false;  // body lines are scanned in blocks; `block` is made
  MeasuredOn measured = MeasuredOn::nothing;
  std::vector<Scan> scans;
  Section any, block;
  std::vector<RowOf> block_rows;  // a line without its row is no match; part of `block`
  std::vector<Section> named;
};

}  // namespace headgate::rules
