// make_finder: a LiteralFinder for literals, each by those of its windows that are rarest in mail and in the other literals.
//   Units     the literal at i is told of as ids[i].
//   Errors    null when a database is faster: there are too many literals, or many of them share all their windows, and
//             would all be compared where one of them is.
//   Threads   pure.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "compiler/analyse/required.h"
#include "engine/match/literal_finder.h"

namespace headgate::back {

std::shared_ptr<const match::LiteralFinder> make_finder(
    const std::vector<const analyse::Literal*>& literals, const std::vector<std::uint32_t>& ids);

}  // namespace headgate::back
