// Tested by tests/compiler/lint/tokens_test.cc.
#include "engine/checks/words.h"

#include <algorithm>
#include <array>
#include <vector>

#include "engine/base/text.h"

namespace headgate::checks {

namespace {

constexpr auto kChecks = std::to_array<std::string_view>(
    {"BCC", "DISCARD", "DUNNO", "OK", "FILTER", "HOLD", "IGNORE", "INFO", "PASS", "PREPEND",
     "REDIRECT", "REJECT", "REPLACE", "STRIP", "WARN"});
constexpr auto kAccessOnly =
    std::to_array<std::string_view>({"DEFER", "DEFER_IF_PERMIT", "DEFER_IF_REJECT", "RELAY"});

bool is_one_of(std::string_view word, auto const& words) {
  return std::ranges::any_of(
      words, [&](std::string_view known) { return text::equal_ignore_case(known, word); });
}

// Insertions, deletions, replacements and swaps of neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min(
          {d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

bool is_check_word(std::string_view word) { return is_one_of(word, kChecks); }

bool is_access_word(std::string_view word) {
  if (is_one_of(word, kAccessOnly)) return true;
  if (word.size() == 3 && (word[0] == '4' || word[0] == '5') && text::all_digits(word)) return true;
  return std::ranges::any_of(
      std::to_array<std::string_view>(
          {"permit", "reject_", "check_", "warn_if_reject", "defer_unless_", "restriction_"}),
      [&](std::string_view start) { return text::starts_with_ignore_case(word, start); });
}

std::string nearest_word(std::string_view word) {
  // REJECT: and REJECT/i are what is before the sign.
  const auto end = word.find_first_of(":,;./!=\"'");
  const std::string upper = text::upper(word.substr(0, end));
  if (end != std::string_view::npos && end > 0 && is_check_word(upper)) return upper;
  if (upper.size() < 4) return {};
  std::string best;
  std::size_t nearest = upper.size() >= 6 ? 3 : 2;
  for (const std::string_view known : kChecks) {
    if (known.size() < 4) continue;
    const std::size_t far = distance(upper, known);
    if (far >= nearest) continue;
    nearest = far;
    best = known;
  }
  return best;
}

std::string_view first_word(std::string_view value) {
  return value.substr(0, value.find_first_of(" \t"));
}

}  // namespace headgate::checks
