// tcp:host:port: a server that answers a line with a line. The connection is kept from one question to the next.
//   Ownership the caller owns the Lookup.     Threads  one owner; find() blocks (may_wait()).
//   Errors    all that is not an answer or "not found" is an Error; its cause is said to `warn` as Postfix says it.
//   Cost      a question and an answer; a server that is down costs a question all its tries: ten, a second between
//             them, as in Postfix. One that is silent costs `total`, where Postfix waits that long for each try.
//   Source    tcp_table(5), what malformed replies do was asked of postmap(1) 3.7.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/diagnostic.h"
#include "engine/lookup.h"
#include "tables/stream_client.h"

namespace headgate::tables {

Result<std::unique_ptr<Lookup>> open_tcp_table(std::string_view spec, std::string_view name,
                                               const WarningSink& warn,
                                               const ClientLimits& limits = {});

}  // namespace headgate::tables
