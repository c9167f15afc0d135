// Costs: what the ways to find one pattern are likely to cost: guessed from how mail looks in general (analyse/frequency.h), or,
// with Figures, from what was counted and timed on the mail of who runs the table (measure.h).
//   Units     per_byte: times a byte of text; costs are nanoseconds a byte of text; `ask` is nanoseconds a question.
//   Lifetime  Costs borrows the Plan and the Figures, Figures borrows the MailShapes.      Threads  pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "compiler/analyse/strategy.h"
#include "engine/rules/scan_plan.h"

namespace headgate::back {

// Where nothing was measured.
constexpr double kAsk = 400;  // ns, for the reference engine to say no

// What gates and doubts look at, of each text of a sample. add() them, then finish().
class MailShapes {
 public:
  void add(match::Symbols symbols, std::size_t bytes);
  void finish();

  [[nodiscard]] bool empty() const { return texts_.empty(); }

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }  // with a line feed a text

  [[nodiscard]] double mean_bytes() const;

  // Shares of the texts.
  [[nodiscard]] double longer_than(std::size_t bytes) const;
  [[nodiscard]] double open(const rules::Gate& gate) const;
  [[nodiscard]] double having(match::Symbols symbols) const;

 private:
  struct Text {
    match::Symbols symbols;
    std::size_t bytes;
  };

  [[nodiscard]] double share(std::size_t texts) const;

  std::vector<Text> texts_;  // the shortest first
  std::uint64_t bytes_ = 0;
};

// Of literals, or of a row.
struct Seen {
  bool known = false;
  std::uint64_t texts = 0;  // that have them
  double ask = 0;           // about one of those
};

// Of one pattern.
struct Figures {
  const MailShapes* mail = nullptr;  // of the texts that were looked at; never empty
  double ask = 0;                    // about any text
  std::vector<Seen> literals,
      rows;  // of the Plan's, by their place; fewer: those were not measured
};

struct Expected {
  double per_byte = 0;  // 0: not known
  double cost = 0;      // with the asking, and with the texts that are too long to be believed
};

class Costs {
 public:
  // `figures` may be null.
  Costs(const analyse::Plan& plan, const Figures* figures) : plan_(plan), figures_(figures) {}

  [[nodiscard]] double text_bytes() const;  // of one, on average
  [[nodiscard]] Expected always() const;
  [[nodiscard]] Expected of(const rules::Gate& gate, double guessed_open,
                            std::size_t trusted_bytes) const;
  [[nodiscard]] Expected of_spelling() const;

  // Of one of the Plan's. `asked_in_doubt`: how often a text that is too long to be believed comes to a question.
  [[nodiscard]] Expected of(const analyse::NeededLiterals& needed, double asked_in_doubt = 1) const;
  [[nodiscard]] Expected of(const analyse::ByteRow& row) const;

  // The share of texts that have a byte of these kinds.
  [[nodiscard]] double having(match::Symbols symbols) const;

  // Of their cost, what is asking.
  [[nodiscard]] double asking(const analyse::NeededLiterals& needed) const;
  [[nodiscard]] double asking(const analyse::ByteRow& row) const;

 private:
  [[nodiscard]] double ask() const;
  [[nodiscard]] double doubt(std::size_t trusted_bytes) const;
  [[nodiscard]] double found(const Seen& seen) const;
  [[nodiscard]] double rate(const Seen& seen, double guessed) const;
  [[nodiscard]] const Seen* seen(const analyse::NeededLiterals& needed) const;
  [[nodiscard]] const Seen* seen(const analyse::ByteRow& row) const;

  const analyse::Plan& plan_;
  const Figures* figures_;
};

}  // namespace headgate::back
