// expansion_fuzz: what stands for something else: `$1` in a rule's value, `$name` in main.cf.
// A value: the scan's pieces must expand to what a naive reading of the text gives, and survive being spelled again.
// main.cf: lines `name = value`, the first is expanded. It ends, its result is bounded, it is the same each time, and with
// nothing defined it asks for no name that visit_names() does not tell of.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/front/value.h"
#include "engine/base/text.h"
#include "engine/rules/expand.h"
#include "smtpd/config/expand.h"
#include "tests/fuzz/require.h"

namespace {

using namespace headgate;
using fuzz::require;

constexpr std::size_t kMostResultBytes = 4U << 20;

struct Scanned {
  front::ScannedValue value;
  std::size_t complaints = 0;
};

Scanned scan(front::Dialect dialect, std::string_view text) {
  Scanned scanned;
  scanned.value = front::scan_value(dialect, text, [&](front::Prefix, const std::string& what) {
    require(!what.empty(), "a complaint says something");
    ++scanned.complaints;
  });
  return scanned;
}

std::string spelled(const std::vector<front::Piece>& pieces) {
  std::string text;
  for (const front::Piece& piece : pieces) {
    if (piece.group != 0) text += "${" + std::to_string(piece.group) + "}";
    for (const char c : piece.literal) text += c == '$' ? "$$" : std::string(1, c);
  }
  return text;
}

std::string group_text(std::string_view digits, std::string_view subject,
                       const std::vector<match::Group>& groups) {
  const auto number = static_cast<int>(std::strtol(std::string(digits).c_str(), nullptr, 10));
  if (number < 0 || static_cast<std::size_t>(number) >= groups.size()) return {};
  const match::Group& group = groups[static_cast<std::size_t>(number)];
  return std::string(subject.substr(group.begin, group.end - group.begin));
}

// What a value without mistakes stands for, read again without the scan's pieces.
std::string naive(std::string_view text, std::string_view subject,
                  const std::vector<match::Group>& groups) {
  std::string out;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c != '$') {
      out += c;
    } else if (text.starts_with('$')) {
      out += '$';
      text.remove_prefix(1);
    } else {
      const bool closed = text.starts_with('{') || text.starts_with('(');
      if (closed) text.remove_prefix(1);
      std::size_t length = 0;
      while (length < text.size() && text::is_digit(text[length])) ++length;
      out += group_text(text.substr(0, length), subject, groups);
      text.remove_prefix(length + (closed ? 1 : 0));
    }
  }
  return out;
}

void check_value(front::Dialect dialect, std::string_view text) {
  const Scanned scanned = scan(dialect, text);
  require(scanned.value.good == (scanned.complaints == 0), "a mistake is complained of");
  if (!scanned.value.good) return;
  std::uint64_t highest = 0;
  std::vector<rules::Piece> pieces;
  for (const front::Piece& piece : scanned.value.pieces) {
    require((piece.group == 0) != piece.literal.empty(), "a piece is a literal or a group");
    highest = std::max<std::uint64_t>(highest, piece.group);
    pieces.push_back(rules::Piece{piece.literal, piece.group});
  }
  require(highest == scanned.value.highest_group, "the highest group is the highest");
  require(rules::needs_captures(pieces) == (highest > 0), "a group needs captures");

  const std::string subject = "0123456789";
  const std::vector<match::Group> groups{{0, 10}, {0, 1}, {}, {3, 10}, {9, 9}};
  const std::string expanded = rules::expand(pieces, subject, groups);
  require(expanded == naive(text, subject, groups), "expand: the text says otherwise", expanded);

  // Beyond an int a number has no other spelling.
  if (highest > 0x7fffffffU) return;
  const Scanned again = scan(dialect, spelled(scanned.value.pieces));
  require(again.value.good && again.value.pieces.size() == scanned.value.pieces.size(),
          "pieces can be spelled");
  for (std::size_t i = 0; i < again.value.pieces.size(); ++i) {
    require(again.value.pieces[i].group == scanned.value.pieces[i].group &&
                again.value.pieces[i].literal == scanned.value.pieces[i].literal,
            "and come back");
  }
}

using Parameters = std::map<std::string, std::string, std::less<>>;

Parameters parameters_of(std::string_view text) {
  Parameters parameters;
  for (const std::string_view line : text::split(text, "\n")) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    parameters[std::string(text::trim(line.substr(0, equals)))] =
        text::trim(line.substr(equals + 1));
  }
  return parameters;
}

void check_config(std::string_view text) {
  const std::string_view value = text.substr(0, text.find('\n'));
  const Parameters parameters = parameters_of(text);
  const auto lookup = [&](std::string_view name) -> std::optional<std::string_view> {
    const auto found = parameters.find(name);
    if (found == parameters.end()) return std::nullopt;
    return found->second;
  };
  const auto result = config::expand(value, lookup);
  const auto again = config::expand(value, lookup);
  require(result.has_value() == again.has_value() && (!result || *result == *again),
          "an expansion is the same each time");
  if (result) require(result->size() <= kMostResultBytes, "an expansion is bounded");
  if (!result) require(!result.error().what.empty(), "a failure has a reason");
  if (value.find('$') == std::string_view::npos)
    require(result && *result == value, "without $ a value stands for itself");

  std::set<std::string, std::less<>> visited;
  const auto walked =
      config::visit_names(value, [&](std::string_view name) { visited.emplace(name); });
  if (!walked) return;
  (void)config::expand(value, [&](std::string_view name) -> std::optional<std::string_view> {
    require(visited.contains(name), "every name is visited", name);
    return std::nullopt;
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.find('\0') != std::string_view::npos) return 0;  // ends a line of either file
  check_value(front::Dialect::pcre, text);
  check_value(front::Dialect::regexp, text);
  check_config(text);
  return 0;
}
