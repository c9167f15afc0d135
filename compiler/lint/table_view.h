// TableView: a check table as the lints look at it: every logical line, in force or not, where its parts stand, what Postfix
// says of it, and for rules and guards the tree of the pattern and the guards around it.
//   Units     offsets are bytes of the logical line; lines are physical, from 1.
//   Lifetime  RuleLine::statement points into `file`.      Threads  values.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/analyse/regex_tree.h"
#include "compiler/front/ast.h"
#include "compiler/front/rule_file.h"
#include "engine/base/diagnostic.h"

namespace headgate::lint {

// Where the parts of `!/pattern/flags value` stand. `close` is the closing delimiter, or the end where a regexp: line ends in
// a backslash.
struct Parts {
  std::size_t begin = 0, close = 0, flags_end = 0, value = 0;
  char delimiter = '/';
};

struct RuleLine {
  int first = 0, last = 0;
  std::string text;
  std::string physical;                         // the first physical line, without its end
  const front::Statement* statement = nullptr;  // null: not in force
  std::optional<Parts> parts;                   // of a rule or guard, when a pattern can be cut out
  std::vector<std::string> complaints;          // Postfix's, without file and line
  std::optional<analyse::Node> tree;            // of the pattern; none: it could not be read
  std::vector<std::size_t> guards;              // places in TableView::lines, the outermost first
  bool emergency = false;                       // it, or a group around it, stays under stress

  [[nodiscard]] bool is(front::StatementKind kind) const {
    return statement != nullptr && statement->kind == kind;
  }

  // The line with `bytes` from `offset` on replaced; "" when that is not in the first physical line.
  [[nodiscard]] std::string edited(std::size_t offset, std::size_t bytes,
                                   std::string_view replacement) const;
};

struct TableView {
  front::Dialect dialect = front::Dialect::pcre;
  std::unique_ptr<front::RuleFile> file;
  std::vector<RuleLine> lines;
  std::vector<std::string> physical;  // all lines of the text
};

// `compiler` decides which patterns are accepted, as for parse_rules().
TableView view_table(front::Dialect dialect, std::string_view text,
                     front::PatternCompiler& compiler);

// "pcre map t, line 3: TEXT" -> "TEXT".
std::string_view without_place(std::string_view complaint);

}  // namespace headgate::lint
