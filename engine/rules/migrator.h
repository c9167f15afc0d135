// Migrator: "write this table for another dialect, or grouped, and say how sure it is that nothing changes", without the command
// line knowing the compiler. Implemented by compiler/migrate. Text in, text and a row a rule out; no file is touched.
//   Units     lines count from 1; `subjects` are texts that both engines were asked about.
//   Errors    Code::unavailable when patterns cannot be compiled for want of memory or processes. What cannot be translated is
//             a row, not an Error.
//   Threads   one caller at a time.      Cost  some milliseconds a rule, and what the keys of the corpus take.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/base/error.h"
#include "engine/rules/program_source.h"

namespace headgate::rules {

enum class Certainty : std::uint8_t {
  proven,  // the same for every text
  tested,  // no difference was seen
  left,    // not translated: in the output a comment
};

struct MigratedRule {
  int line = 0;      // in the old table
  int new_line = 0;  // 0: it is left out
  bool is_guard = false;
  Certainty certainty = Certainty::proven;
  std::string before, after;  // the pattern with its delimiters and flags
  std::string why;            // the proof in words, the doubt, or what stood in the way
  std::size_t subjects = 0;
  std::size_t untried = 0;           // texts that were too dear for the old engine
  std::vector<std::string> changes;  // "`$` is the very end: flag E"
};

// A line of the old table that Postfix passes over, with a warning.
struct SkippedLine {
  int line = 0;
  std::string text, why;
};

struct MigratedGroup {
  std::string guard;  // "/^Subject:/"
  std::size_t rules = 0;
  std::size_t moved = 0;  // of them, over rules that cannot match what they match
  int new_line = 0;
};

// A text for which the old and the new table have different answers.
struct Disagreement {
  std::string subject;
  std::string before, after;  // "line 3: REJECT x", "no match"
};

struct MigrationRequest {
  Dialect from = Dialect::regexp;
  std::string name;  // as warnings call it
  std::string text;
  bool to_pcre = false;
  bool group = false;
  std::span<const std::string_view> corpus;  // keys of mail: headers, body lines
  std::function<bool()>
      go_on;  // asked now and then while the corpus is gone through; null: to its end
};

struct Migration {
  Dialect dialect = Dialect::pcre;  // of `text`
  std::string text;
  std::vector<MigratedRule> rules;  // by line; guards too
  std::vector<MigratedGroup> groups;
  std::vector<Diagnostic> warnings;  // of the old table
  std::vector<SkippedLine> skipped;  // of the old table: comments in the new one
  std::string why_not_grouped;       // the grouped table answered otherwise, and was given up
  std::size_t made_subjects = 0;     // whole tables were compared on so many texts made for it,
  std::size_t corpus_subjects = 0;   // and on so many keys of the corpus
  std::size_t dear_subjects = 0;     // that were left out: too long for what the old engine can do
  std::vector<Disagreement> disagreements;  // the first few; rules that are left out do not count

  [[nodiscard]] std::size_t count(Certainty certainty) const;

  // Rules that are in force in the new table.
  [[nodiscard]] std::size_t rules_in_force() const;

  // The old table says something, and the new one nothing: nobody wants that in its place.
  [[nodiscard]] bool lost_all() const {
    return rules_in_force() == 0 && !(rules.empty() && skipped.empty());
  }
};

class Migrator {
 public:
  Migrator() = default;
  Migrator(const Migrator&) = delete;
  Migrator& operator=(const Migrator&) = delete;
  virtual ~Migrator() = default;

  virtual Result<Migration> migrate(const MigrationRequest& request) = 0;
};

inline std::size_t Migration::count(Certainty certainty) const {
  std::size_t n = 0;
  for (const MigratedRule& rule : rules) n += rule.certainty == certainty ? 1 : 0;
  return n;
}

inline std::size_t Migration::rules_in_force() const {
  std::size_t n = 0;
  for (const MigratedRule& rule : rules)
    n += !rule.is_guard && rule.certainty != Certainty::left ? 1 : 0;
  return n;
}

}  // namespace headgate::rules
