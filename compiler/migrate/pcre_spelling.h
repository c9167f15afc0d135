// pcre_spelling: a PosixTree written down for a pcre: table, as close to its old spelling as the same meaning allows, and
// the tree that PCRE2's reading of it must come to.
//   Errors    none: there is a spelling for every tree.      Threads  pure.
//   Source    pcre2pattern(3); content-checks §2.2, §3.
#pragma once

#include <string>
#include <vector>

#include "compiler/analyse/regex_tree.h"
#include "compiler/front/ast.h"
#include "compiler/migrate/posix_tree.h"

namespace headgate::migrate {

struct PcreSpelling {
  std::string text;
  front::Flags flags;                // with their letters
  analyse::Node expected;            // as analyse::parse_pcre shall read `text`
  std::vector<std::string> changes;  // "`$` is the very end: flag E", for the report
};

PcreSpelling spell_for_pcre(const PosixTree& tree, const front::Flags& posix_flags);

// `text` between two `delimiter`s: those in it get a backslash. False: that would change what it means, take another one.
bool escape_delimiter(std::string& text, char delimiter);

// Equal but for how rows of rows are cut.
bool reads_the_same(const analyse::Node& a, const analyse::Node& b);

}  // namespace headgate::migrate
