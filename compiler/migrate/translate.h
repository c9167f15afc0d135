// translate_pattern: a pattern of a regexp: table -> the same for a pcre: table, or the reason why not. What is known of how
// sure that is comes with it.
//   Units     trusted_bytes: bytes of a subject up to which PCRE2 cannot run into its match limit (regexec has none).
//   Errors    text: the construct that stood in the way.       Threads  pure.
//   Source    content-checks §2, §3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "compiler/front/ast.h"
#include "compiler/migrate/posix_tree.h"

namespace headgate::migrate {

struct Translation {
  std::string text;
  front::Flags flags;
  std::string match_doubt;  // why one might match what the other does not; empty: shown not to be
  std::string captures_doubt;  // why the groups that are asked for may differ; empty: they do not
  std::size_t trusted_bytes = 0;
  std::vector<std::string> changes;
};

// `pattern` must be one that regcomp accepts. `highest_group`: the highest $number in the rule's value.
tl::expected<Translation, std::string> translate_pattern(const front::Pattern& pattern,
                                                         std::uint64_t highest_group,
                                                         std::uint64_t match_limit);

}  // namespace headgate::migrate
