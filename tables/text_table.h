// open_text_table: texthash:PATH, "key white-space value" lines read once into memory.
//   Ownership the caller owns the Lookup.     Threads  none shared.
//   Use       `texts` reads the file; null: it is read from the disk.
//   Errors    "open database PATH: reason"; Code::invalid for a key that stands twice, unless options.duplicates makes it a
//             warning and the first of the two stays. A bad line is a warning and is skipped.
//   Source    DATABASE_README (texthash), postmap(1) "TABLE LOOKUP"; no change detection, as in Postfix; a `texts` with
//             one keeps the last good text, and knows by its form which was good.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/diagnostic.h"
#include "engine/lookup.h"
#include "tables/open.h"

namespace headgate::tables {

Result<std::unique_ptr<Lookup>> open_text_table(std::string_view spec, const std::string& path,
                                                const WarningSink& warn, const OpenOptions& options,
                                                rules::ProgramSource* texts = nullptr);

// Its entries, as a lookup would find them, in no order, until `visit` says false (postmap -s).
Result<void> for_each_text_entry(
    std::string_view spec, const std::string& path, const WarningSink& warn,
    const OpenOptions& options,
    const std::function<bool(std::string_view key, std::string_view value)>& visit);

}  // namespace headgate::tables
