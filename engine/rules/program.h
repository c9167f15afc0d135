// Program: one check table, compiled. A flat list of operations over numbered patterns:
//   test P, else jump T     the guard of an if-group (T is past its endif), or the condition of a rule (T is the next one)
//   emit R                  the rule's value is the answer; stop
// `!` is the `negated` of a test; an if without endif jumps to the end. See docs/program.md for worked examples.
//   Units     pattern ids are 0 … patterns().size()-1; they are also the bit numbers of the scanner's candidates.
//   Lifetime  immutable; shared by all threads that look keys up.
//   Source    pcre_table(5), regexp_table(5); content-checks §2.7.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/match/reference.h"
#include "engine/match/scanner.h"
#include "engine/rules/program_source.h"

namespace headgate::rules {

// How a pattern is answered. native: the scan's yes and no are both certain. prefilter: only its no is. confirm_only: the
// pattern is not in the database.
enum class Strategy : std::uint8_t { native, prefilter, confirm_only };
std::string_view name_of(Strategy strategy);
std::string_view name_of(Dialect dialect);

struct Pattern {
  std::shared_ptr<const match::Confirmer> reference;
  match::Reference recipe;  // what `reference` was compiled from, with `text`
  Strategy strategy = Strategy::confirm_only;
  std::string reason;  // why this strategy, for people: "look-ahead", "can match an empty text"
  std::uint32_t scanner = 0;  // which of the Program's scanners has its bit; not for confirm_only
  std::size_t trusted_bytes =
      0;  // on a longer subject the scan's answer does not count: PCRE2 might hit its match limit
  std::string text;   // as in the table, without delimiters
  std::string flags;  // as in the table
  int line = 0;       // where it stands first
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

enum class OpKind : std::uint8_t { test, emit };
enum class Role : std::uint8_t {
  guard,
  rule,
  second
};  // of a test; second: the `!/b/` of regexp: `/a/!/b/`

struct Op {
  OpKind kind = OpKind::test;
  Role role = Role::guard;
  bool negated = false;
  int line = 0;
  std::uint32_t index = 0;   // of the pattern, or for emit of the rule
  std::uint32_t target = 0;  // of a test that fails
};

struct ProgramParts {
  Dialect dialect = Dialect::pcre;
  std::string name;  // what follows "pcre:", as it shall stand in warnings
  std::vector<Pattern> patterns;
  std::vector<Rule> rules;
  std::vector<Op> ops;
  std::vector<std::shared_ptr<const match::Scanner>>
      scanners;  // none: every pattern is confirm-only
};

class Program {
 public:
  explicit Program(ProgramParts parts) : parts_(std::move(parts)) {}

  [[nodiscard]] Dialect dialect() const { return parts_.dialect; }

  [[nodiscard]] const std::string& name() const { return parts_.name; }

  [[nodiscard]] const std::vector<Pattern>& patterns() const { return parts_.patterns; }

  [[nodiscard]] const std::vector<Rule>& rules() const { return parts_.rules; }

  [[nodiscard]] const std::vector<Op>& ops() const { return parts_.ops; }

  [[nodiscard]] const std::vector<std::shared_ptr<const match::Scanner>>& scanners() const {
    return parts_.scanners;
  }

  // "pcre map NAME, line 3: TEXT": how Postfix words what goes wrong with a rule.
  [[nodiscard]] std::string complaint(int line, std::string_view text) const;

 private:
  ProgramParts parts_;
};

}  // namespace headgate::rules
