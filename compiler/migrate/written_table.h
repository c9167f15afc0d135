// WrittenTable: a table's text as it is written anew, line by line, and where the old lines went.
// A line that becomes a comment must not leave its #@emergency mark to the next rule: comment_out() sees to that.
//   Units     lines count from 1.      Threads  one owner.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/migrate/layout.h"

namespace headgate::migrate {

class WrittenTable {
 public:
  [[nodiscard]] int next_line() const { return static_cast<int>(lines_.size()) + 1; }

  void add(std::string line);
  void add_loose(const Item& item);  // a comment or a blank line
  void add_kept(const Item& item);   // as it stands
  void add_commented_out(const Item& item, std::string_view why);

  // The text of `first` in the place of the item's first line, which it covers up to `covered` bytes of the logical line;
  // what follows is kept. Where the old text goes over several lines before that, all becomes one line.
  void add_changed(const Item& item, const std::string& first, std::size_t covered);

  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::string> lines_;
  std::vector<std::size_t> marks_;  // lines with a mark that wait for their rule
};

}  // namespace headgate::migrate
