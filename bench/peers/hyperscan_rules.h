// Raw Hyperscan: the table's rules in one block-mode database, as somebody who only has the manual would do it.
//   text by text: one hs_scan() a text, the lowest rule that reports wins. Exact where each pattern is Hyperscan's own.
//   whole buffer: one hs_scan() a Section with HS_FLAG_MULTILINE; it tells only which rules are somewhere in there.
// Guards count as true: it has none. Negated rules and pairs are left out: it cannot say no.
//   Errors    Made::problem when compiling took longer or more memory than `bounds` allow.
//   Cost      compiling takes minutes for hard tables: it is done in a child process.
#pragma once

#include "bench/peers/bounded.h"
#include "bench/peers/peer.h"

namespace headgate::peers {

enum class HyperscanWay : std::uint8_t { text_by_text, whole_buffer };

// `keep_in`: a folder where compiled databases stay for the next run of a benchmark; "" = nowhere. What is found there is
// believed, and its compile time is that of the run which made it.
Made make_hyperscan_rules(const rules::Program& program, HyperscanWay way, const Bounds& bounds,
                          const std::string& keep_in = {});

}  // namespace headgate::peers
