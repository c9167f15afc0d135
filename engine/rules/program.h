// Program: one check table, compiled. A flat list of operations over numbered patterns:
//   test P, else jump T     the guard of an if-group (T is past its endif), or the condition of a rule (T is the next one)
//   emit R                  the rule's value is the answer; stop
// `!` is the `negated` of a test; an if without endif jumps to the end. See docs/program.md for worked examples.
//   Units     pattern ids are 0 … patterns().size()-1; ops are numbered by their place.
//   Lifetime  immutable; shared by all threads that look keys up.
//   Source    pcre_table(5), regexp_table(5); content-checks §2.7.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/match/reference.h"
#include "engine/rules/name_index.h"
#include "engine/rules/program_source.h"
#include "engine/rules/scan_plan.h"
#include "engine/rules/walk.h"

namespace headgate::rules {

// How the plan finds out where a pattern may match; only `native` and `name` are also sure where it does.
enum class Strategy : std::uint8_t {  // on disk: do not change
  native = 0,        // by its own spelling in a database, which says no more and no less
  prefilter = 1,     // by a wider spelling in a database
  confirm_only = 2,  // not at all: it is asked about every text
  literal = 3,       // by the rarest literals that it needs, in a database
  bytes = 4,         // by the bytes that it needs
  name = 5,          // by the header's name
};
std::string_view name_of(Strategy strategy);
std::string_view name_of(Dialect dialect);

// How the compiler expected a pattern to be found in one kind of texts when it chose the way. For people: nothing is decided
// by it.
struct Outlook {
  double per_byte = 0;  // how often that is, a byte of text; 0: not known
  double cost = 0;      // nanoseconds a byte of text: looking for it, and asking where it is found
  std::vector<std::string>
      literals;  // that a database looks for; some of them, when there are many
  std::uint32_t more_literals = 0;
};

struct Pattern {
  std::shared_ptr<const match::Confirmer> reference;
  match::Reference recipe;  // what `reference` was compiled from, with `text`
  Strategy strategy = Strategy::confirm_only;
  std::string reason;  // why this strategy, for people: "look-ahead", "can match an empty text"
  std::size_t trusted_bytes =
      0;  // on a longer subject the plan's answer does not count: PCRE2 might hit its match limit
  bool on_demand = false;  // no plan names it: no rule stands or falls with it alone
  bool sure = false;       // what the plan names for a line that is no block's does match
  // What a candidate is tested for before the reference engine is asked.
  std::vector<FurtherNeed> also;
  Spelled spelled;
  std::string text;   // as in the table, without delimiters
  std::string flags;  // as in the table
  int line = 0;       // where it stands first
  Outlook alone,
      in_block;  // in texts of their own (of the header names that it asks for), in blocks of body lines
};

// A piece of a value: a literal, or, when group > 0, the bytes of a capture.
struct Piece {
  std::string literal;
  std::size_t group = 0;
};

struct Rule {
  int line = 0;
  std::vector<Piece> value;
  std::string value_text;  // as in the table
  std::uint32_t pattern = 0;
};

struct ProgramParts {
  Dialect dialect = Dialect::pcre;
  std::string name;  // what follows "pcre:", as it shall stand in warnings
  std::vector<Pattern> patterns;
  std::vector<Rule> rules;
  std::vector<Op> ops;
  ScanPlan plan;
};

class Program {
 public:
  explicit Program(ProgramParts parts);

  [[nodiscard]] Dialect dialect() const { return parts_.dialect; }

  [[nodiscard]] const std::string& name() const { return parts_.name; }

  [[nodiscard]] const std::vector<Pattern>& patterns() const { return parts_.patterns; }

  [[nodiscard]] const std::vector<Rule>& rules() const { return parts_.rules; }

  [[nodiscard]] const std::vector<Op>& ops() const { return parts_.ops; }

  [[nodiscard]] const ScanPlan& plan() const { return parts_.plan; }

  [[nodiscard]] const Walk& walk() const { return walk_; }

  // Looks for plan().block_rows, by their place.
  [[nodiscard]] const match::ShiftAnd& block_rows() const { return block_rows_; }

  // The number in plan().named of a header's name: of "Subject" in "Subject: x"; kNone when no pattern asks for that name.
  [[nodiscard]] std::uint32_t named(std::string_view text) const { return names_.find(text); }

  [[nodiscard]] const Quick& quick_any() const { return quick_any_; }

  [[nodiscard]] const Quick& quick_named(std::uint32_t number) const {
    return quick_named_[number];
  }

  // The section of that name, or null.
  [[nodiscard]] const Section* named_section(std::string_view text) const;

  // "pcre map NAME, line 3: TEXT": how Postfix words what goes wrong with a rule.
  [[nodiscard]] std::string complaint(int line, std::string_view text) const;

 private:
  ProgramParts parts_;
  Walk walk_;
  match::ShiftAnd block_rows_;
  NameIndex names_;  // of plan().named
  Quick quick_any_;
  std::vector<Quick> quick_named_;
};

}  // namespace headgate::rules
