// Tested by tests/compiler/migrate/table_test.cc.
#include "compiler/migrate/written_table.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::migrate {

void WrittenTable::add(std::string line) { lines_.push_back(std::move(line)); }

void WrittenTable::add_loose(const Item& item) {
  if (is_emergency_mark(item.lines[0])) marks_.push_back(lines_.size());
  add(item.lines[0]);
}

void WrittenTable::add_kept(const Item& item) {
  for (const std::string& line : item.lines) add(line);
  marks_.clear();
}

void WrittenTable::add_commented_out(const Item& item, std::string_view why) {
  for (const std::size_t mark : marks_) lines_[mark].insert(0, "# ");
  marks_.clear();
  add(fmt::format("# migrate: {}", why));
  for (const std::string& line : item.lines) add("# " + line);
}

void WrittenTable::add_changed(const Item& item, const std::string& first, std::size_t covered) {
  marks_.clear();
  // The value stays in its column where blanks allow it. Behind `/a/!/b/` a value may follow at once when it begins with `!`;
  // in pcre: that would be a flag.
  const auto joined = [&first, covered](std::string_view rest) {
    const std::size_t blanks = std::min(rest.find_first_not_of(' '), rest.size());
    if (blanks < 2 || blanks == rest.size()) {
      const bool glued = !rest.empty() && !text::is_space(rest.front());
      return first + (glued ? " " : "") + std::string(rest);
    }
    const std::size_t column = covered + blanks;
    const std::size_t wanted = column > first.size() + 1 ? column - first.size() : 1;
    return first + std::string(wanted, ' ') + std::string(rest.substr(blanks));
  };
  const std::string& old = item.lines[0];
  const bool holds_nul = old.find('\0') != std::string::npos;
  if (!holds_nul && covered <= old.size()) {
    add(joined(std::string_view(old).substr(covered)));
    for (std::size_t i = 1; i < item.lines.size(); ++i) add(item.lines[i]);
    return;
  }
  add(joined(std::string_view(item.logical).substr(std::min(covered, item.logical.size()))));
  for (const std::string& line : item.lines) {
    const std::string_view content = text::trim_left(line);
    if (content.starts_with('#')) add(std::string(content));  // it stood inside the rule
  }
}

std::string WrittenTable::text() const {
  std::string text;
  for (const std::string& line : lines_) {
    text += line;
    text += '\n';
  }
  return text;
}

}  // namespace headgate::migrate
