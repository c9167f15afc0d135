// find_explosions: patterns of a pcre: table at which PCRE2 gives up. Who might is told by the analysis of its effort; whether it
// does, by running it on long texts made from the pattern, under PCRE2's own limits: what is said was seen.
//   Units     bytes of subject.      Threads   as the engines.
//   Cost      a pattern that may explode is run for up to some seconds; all together are given kMostTime of the clock.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "compiler/lint/collector.h"

namespace headgate::lint {

// A pattern compiled to be run: on this text, does the engine give up? Its words, or "".
using Run = std::function<std::string(std::string_view text)>;

// Compiles the pattern, with a lower match limit if it is not 0; null when it does not compile.
using MakeRun = std::function<Run(const front::Pattern& pattern, unsigned match_limit)>;

void find_explosions(const TableView& view, std::uint64_t match_limit, const MakeRun& make,
                     Collector& found);

}  // namespace headgate::lint
