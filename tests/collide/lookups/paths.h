// OurTable: one table as headgate opens it, asked on each of its paths; all must answer as Postfix does.
//   scan      compiled here: Hyperscan proposes, the reference engine confirms
//   unbuilt   without databases, as a server does before there is an image
//   confirm   with databases that are not asked: the reference engine alone
//   block     as a line of a block of body lines; keys that cannot be one are asked for as in scan
//   without   compiled with one optimisation switched off, a different one for each table in turn; asked as in block
//   cold      written as an image and read back        warm   the same from a directory of images, mapped
//   Lifetime  borrows nothing; writes one image to "images" in the working directory and removes it.     Threads  one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/rules/program_lookup.h"
#include "tests/collide/lookups/judge.h"

namespace headgate::collide {

struct OurPath {
  std::string name;
  std::vector<std::string> warnings;  // when the table was opened
  std::string error;                  // it could not be opened
  std::unique_ptr<rules::ProgramLookup> lookup;
  std::shared_ptr<std::vector<std::string>> said;  // what the lookup warned since it was last asked
  bool in_blocks = false;

  Answer find(const std::string& key);
};

// `name` is what warnings call the table; inline: the whole map name, and then `text` is not used.
std::vector<OurPath> open_paths(rules::Dialect dialect, const std::string& name, bool is_inline,
                                const std::string& text);

}  // namespace headgate::collide
