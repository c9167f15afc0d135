// memcache:FILE: asks a memcached, as the file says (memcache_table(5)), and its backup table for what that has not or cannot say.
//   Ownership the caller owns the Lookup.     Threads  one owner; find() blocks (may_wait()).
//   Errors    as memcache_config.h for the file. A server that fails is said to `warn`, and is an Error when there is no backup.
//   Cost      a question and an answer; at worst max_try times timeout, and retry_pause between. Nothing is ever stored: what the
//             backup answers is not put into the memcached, where Postfix does that.
//   Source    memcache_table(5); what malformed replies do was asked of postmap(1) 3.7.
#pragma once

#include <memory>
#include <string_view>

#include "engine/lookup.h"
#include "tables/open.h"

namespace headgate::tables {

Result<std::unique_ptr<Lookup>> open_memcache_table(std::string_view spec, std::string_view name,
                                                    rules::ProgramSource& programs,
                                                    const WarningSink& warn,
                                                    const OpenOptions& options);

}  // namespace headgate::tables
