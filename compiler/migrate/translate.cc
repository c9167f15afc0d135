// How it works: read as glibc reads it, spelled for PCRE2, read back as PCRE2 reads it. What reads back as the same tree
// matches the same texts: both engines decide by trying all ways, so the order of alternatives and the greed of repeats do
// not matter for whether there is a match. With back-references they do, and nothing is claimed.
// Tested by tests/compiler/migrate/translate_test.cc.
#include "compiler/migrate/translate.h"

#include <utility>

#include "compiler/analyse/effort.h"
#include "compiler/migrate/captures.h"
#include "compiler/migrate/pcre_spelling.h"

namespace headgate::migrate {

tl::expected<Translation, std::string> translate_pattern(const front::Pattern& pattern,
                                                         std::uint64_t highest_group,
                                                         std::uint64_t match_limit) {
  auto tree = read_posix(pattern.text, pattern.flags);
  if (!tree) return tl::unexpected(std::move(tree.error()));
  if (!pattern.flags.multiline && has_anchor_at_newline(*tree)) {
    return tl::unexpected<std::string>(
        "`^` behind, or `$` before, what can match a newline: regexp: takes it for a line's");
  }
  PcreSpelling spelling = spell_for_pcre(*tree, pattern.flags);
  const auto back = analyse::parse_pcre(spelling.text, spelling.flags);
  if (!back) return tl::unexpected("its translation cannot be read back: " + back.error());
  if (!reads_the_same(*back, spelling.expected))
    return tl::unexpected<std::string>("its translation reads back as something else");
  Translation result;
  result.text = std::move(spelling.text);
  result.flags = std::move(spelling.flags);
  result.changes = std::move(spelling.changes);
  if (tree->has_back_reference)
    result.match_doubt = "a back-reference";
  else if (has_anchor_in_repeat(*tree))
    result.match_doubt = "an anchor inside a repeat";
  result.captures_doubt =
      result.match_doubt.empty()
          ? why_captures_may_differ(*tree, highest_group, pattern.flags.multiline)
          : result.match_doubt;
  result.trusted_bytes = analyse::longest_safe_subject(*back, match_limit);
  return result;
}

}  // namespace headgate::migrate
