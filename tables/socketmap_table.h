// socketmap:inet:host:port:name and socketmap:unix:path:name: "name key" is asked, and answered, as a netstring. The connection
// is kept from one question to the next.
//   Ownership the caller owns the Lookup.     Threads  one owner; find() blocks (may_wait()).
//   Errors    all that is not OK or NOTFOUND is an Error; its cause is said to `warn` as Postfix says it.
//   Cost      a question and an answer; asked once more when the server hangs up, no other failure is tried again.
//   Source    socketmap_table(5); what malformed replies do was asked of postmap(1) 3.7.
#pragma once

#include <memory>
#include <string_view>

#include "engine/base/diagnostic.h"
#include "engine/lookup.h"
#include "tables/stream_client.h"

namespace headgate::tables {

Result<std::unique_ptr<Lookup>> open_socketmap_table(std::string_view spec, std::string_view name,
                                                     const WarningSink& warn,
                                                     const ClientLimits& limits = {});

}  // namespace headgate::tables
