// Our own engine behind the peers' interface: the one place of the benchmarks that drives it.
//   make_ours           one table, asked as cleanup's checks ask it: headers one by one, body lines in a block.
//   make_own_databases  nothing but the scans of its databases over the same texts: what the hardware and libhs cost.
//   inspect_message     a whole message through splitter, MIME parser and Inspector, with the tables of a CheckSet.
//   Lifetime  the peer shares the Program.        Threads  one owner.
//   Errors    a reference engine's run-time error counts as no match.
#pragma once

#include <memory>
#include <string_view>

#include "bench/peers/peer.h"
#include "engine/checks/check_set.h"

namespace headgate::peers {

Made make_ours(std::shared_ptr<const rules::Program> program, KeyKind kind);

Made make_own_databases(std::shared_ptr<const rules::Program> program, KeyKind kind);

// A CheckSet of one table for all headers and one for body lines; either may be null.
std::unique_ptr<checks::CheckSet> make_check_set(std::shared_ptr<const rules::Program> headers,
                                                 std::shared_ptr<const rules::Program> body);

// How many actions the message met. `raw` has LF line ends.
std::uint64_t inspect_message(checks::CheckSet& checks, std::string_view raw);

}  // namespace headgate::peers
