// cache_key: a digest of everything that decides what compiling a table comes to.
// Builder and readers compute it apart from each other, from the text each has read.
//   Threads   pure.     Cost  one pass over the text; the environment is asked once by whoever keeps it.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/sha256.h"
#include "engine/rules/program_source.h"

namespace headgate::store {

// The libraries and the machine, in words: "headgate 0.1.0 (sources 1f…), Hyperscan 5.4.0 …, PCRE2 10.42 …".
std::string environment();

// Of the limits only those count that can send a pattern to the reference engine.
Digest cache_key(rules::Dialect dialect, std::string_view name, std::string_view text,
                 const rules::ImageSettings& limits, std::string_view environment);

}  // namespace headgate::store
