// lay_out: a table's text as a row of items: the logical lines with all their physical ones, and the comments and blank lines
// between them. Whoever writes a table anew keeps what it does not change.
//   Units     lines count from 1.      Threads  pure.      Source  content-checks §1.1.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/front/ast.h"
#include "engine/base/diagnostic.h"

namespace headgate::migrate {

enum class ItemKind : std::uint8_t {
  loose,      // a comment or a blank line
  statement,  // in force
  skipped,    // a logical line that Postfix passes over, with or without a warning
};

struct Item {
  ItemKind kind = ItemKind::loose;
  int first_line = 0;
  std::vector<std::string> lines;  // physical, without their \n; comments inside too
  std::string logical;             // empty when loose
  std::size_t statement = 0;       // its place in the RuleFile
  bool emergency = false;
  std::string why;  // skipped: Postfix's words, without map and line
};

std::vector<Item> lay_out(std::string_view text, const front::RuleFile& file,
                          const std::vector<Diagnostic>& warnings);

// Why a skipped item is a comment from now on: "not in force: …".
std::string why_skipped(const Item& item);

bool is_emergency_mark(std::string_view line);

// "regexp map NAME, line 3: TEXT" -> "TEXT".
std::string without_place(const Diagnostic& warning);

}  // namespace headgate::migrate
