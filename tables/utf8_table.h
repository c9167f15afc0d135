// utf8_table: a Lookup that answers only in UTF-8, for callers that ask with addresses and names (and for map -q).
// A key that is not UTF-8 is warned about and not found; a value that is not is warned about and an Error.
//   Ownership owns the Lookup inside.         Threads  one owner.
//   Source    SMTPUTF8_README; postmap(1) 3.7's warnings. The content checks do not use it: their keys are raw bytes.
#pragma once

#include <memory>

#include "engine/base/diagnostic.h"
#include "engine/lookup.h"

namespace headgate::tables {

std::unique_ptr<Lookup> utf8_table(std::unique_ptr<Lookup> inside, WarningSink warn);

}  // namespace headgate::tables
