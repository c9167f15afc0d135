// key_kind_of: whether a table is one of header_checks or of body_checks, by the look of its patterns.
//   Threads   pure.
#pragma once

#include <string_view>

#include "bench/peers/peer.h"

namespace headgate::bench {

// Headers: more than half of the rules begin with a header's name.
peers::KeyKind key_kind_of(const rules::Program& program);

// "^Subject: x": a pattern that can only be meant for a header.
bool names_header(std::string_view pattern);

}  // namespace headgate::bench
