// LinesAhead: the text in which the next records lie, and which of its lines the body tables want to be asked for.
// A record is a line of the text when it lies there, whole, from one newline to the next; others (chunks of long lines, what
// was gathered or cleaned elsewhere, what holds a NUL) are asked for one by one.
//   Lifetime  borrows the text.      Threads  one owner.
//   Cost      scans the text from the first record on, once; a few comparisons a record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/checks/check_set.h"

namespace headgate::checks {

class LinesAhead {
 public:
  void begin(std::string_view text) {
    text_ = text;
    block_ = without_cr_ = {};
  }

  // What comes next lies in the text and holds no CR. False: it may hold one.
  [[nodiscard]] bool has_no_cr(std::string_view bytes) {
    return lies_in(bytes, without_cr_) || looks_free_of_cr(bytes);
  }

  struct Place {
    bool untouched = false;               // no table finds this line
    std::optional<std::uint32_t> offset;  // for TableList::find_line(); none: ask find()
  };

  // `reach`: how many bytes, from this record on, are looked up at all.
  Place place_of(std::string_view record, std::uint64_t reach, TableList& tables);

  // Of these whole lines, those from the first on that lie in the text and that no table finds; place_of() says what the next
  // one is. Reaches no further than what it scans at once.
  std::string_view untouched(std::string_view lines, std::uint64_t reach, TableList& tables);

 private:
  [[nodiscard]] static bool lies_in(std::string_view bytes, std::string_view text) {
    const std::less<> before;
    return text.data() != nullptr && !before(bytes.data(), text.data()) &&
           !before(text.data() + text.size(), bytes.data() + bytes.size());
  }

  [[nodiscard]] bool looks_free_of_cr(std::string_view bytes);
  // `begin` lies in the text, at the beginning of a line.
  [[nodiscard]] bool begins_line(const char* begin) const;
  [[nodiscard]] bool is_line(std::string_view record) const;
  void reach_block(const char* line, std::uint64_t reach, TableList& tables);
  void scan_from(const char* line, std::uint64_t reach, TableList& tables);
  void pass_touched_before(std::uint32_t offset);

  std::string_view text_;
  std::string_view without_cr_;  // of text_, as far as was looked
  std::string_view block_;       // of text_: what was scanned
  bool scanned_ = false;         // false: the tables have no door for blocks
  bool has_nul_ = false;         // in the block
  std::vector<std::uint32_t> touched_;
  std::size_t next_ = 0;  // in touched_
};

}  // namespace headgate::checks
