// The syntax tree of a check table: only what is in force. Lines that Postfix skips are Diagnostics and leave no trace.
//   Units     lines count from 1; columns count bytes from 1, 0 where a logical line has several physical ones.
//   Threads   values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace headgate::front {

enum class Dialect : std::uint8_t { pcre, regexp };

// What the letters after a pattern came to. The letters toggle; these are the defaults of both dialects.
struct Flags {
  bool caseless = true;          // i
  bool multiline = false;        // m: for regexp REG_NEWLINE
  bool dotall = true;            // s, pcre only
  bool extended = false;         // x: free spacing, pcre only
  bool basic = false;            // x: basic instead of extended syntax, regexp only
  bool anchored = false;         // A, pcre only
  bool dollar_end_only = false;  // E, pcre only
  bool ungreedy = false;         // U, pcre only
  std::string letters;           // as written
};

struct Pattern {
  std::string text;  // between the delimiters, as written
  Flags flags;
  bool negated = false;
  int column = 0;        // of the first byte of `text`
  std::uint32_t id = 0;  // given by the PatternCompiler
};

struct Piece {
  std::string literal;
  std::size_t group = 0;  // 0: literal
};

enum class StatementKind : std::uint8_t { rule, guard, end };

struct Statement {
  StatementKind kind = StatementKind::rule;
  int line = 0;
  bool emergency = false;  // the comment #@emergency stands before it
  Pattern pattern;         // rule, guard
  bool has_second = false;
  Pattern second;  // regexp: /a/!/b/
  std::vector<Piece> value;
  std::string value_text;
};

struct RuleFile {
  std::vector<Statement> statements;
  bool has_emergency_marks = false;
};

}  // namespace headgate::front
