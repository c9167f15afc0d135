// open_cidr_table: cidr:PATH and cidr:{ {rule}, … }: "network value" lines, `!`, if and endif.
//   Lookup    the first rule whose network has the address; `!` and `if !` mean any other address of the same family. A
//             key that is no address is not found. Asked with whole keys only.
//   Use       `texts` reads the file; null: it is read from the disk.
//   Errors    "open PATH: reason", or of an inline form "cidr map: syntax error after '}' in …". A bad rule is a
//             warning in Postfix's words, and is skipped.
//   Threads   one owner, as every Lookup.       Cost  a test for each rule passed; IPv4 and IPv6 in one list.
//   Source    cidr_table(5).
#pragma once

#include <memory>
#include <string_view>

#include "tables/open.h"

namespace headgate::tables {

Result<std::unique_ptr<Lookup>> open_cidr_table(std::string_view spec, std::string_view name,
                                                const WarningSink& warn,
                                                rules::ProgramSource* texts = nullptr);

}  // namespace headgate::tables
