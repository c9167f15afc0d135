// key_kind_of: whether a table is one of header_checks or of body_checks, by the look of its patterns.
//   Threads   pure.
#pragma once

#include "bench/peers/peer.h"

namespace headgate::bench {

// Headers: more than half of the rules begin with a header's name.
peers::KeyKind key_kind_of(const rules::Program& program);

}  // namespace headgate::bench
