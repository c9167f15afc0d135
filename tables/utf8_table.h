// utf8_table: a Lookup that answers only in UTF-8, for callers that ask with addresses and names (and for map -q).
// A key that is not UTF-8 is warned about and not found; a value that is not is warned about and an Error.
//   Ownership owns the Lookup inside.         Threads  one owner.
//   Source    SMTPUTF8_README; postmap(1) 3.7's warnings. The content checks do not use it: their keys are raw bytes.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/diagnostic.h"
#include "engine/lookup.h"

namespace headgate::tables {

// A table's name as Postfix's warnings have it: a cdb: is named by its file, "cdb:F.cdb".
std::string shown_name(std::string_view spec);

std::unique_ptr<Lookup> utf8_table(std::unique_ptr<Lookup> inside, WarningSink warn);

}  // namespace headgate::tables
