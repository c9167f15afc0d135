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
    block_ = {};
    has_cr_ = text.find('\r') != std::string_view::npos;
  }

  // The record lies in the text, of which no line has a CR.
  [[nodiscard]] bool has_no_cr(std::string_view record) const {
    const std::less<> before;
    return !has_cr_ && !text_.empty() && !before(record.data(), text_.data()) &&
           !before(text_.data() + text_.size(), record.data() + record.size());
  }

  struct Place {
    bool untouched = false;               // no table finds this line
    std::optional<std::uint32_t> offset;  // for TableList::find_line(); none: ask find()
  };

  // `reach`: how many bytes, from this record on, are looked up at all.
  Place place_of(std::string_view record, std::uint64_t reach, TableList& tables);

 private:
  [[nodiscard]] bool is_line(std::string_view record) const;
  void scan_from(std::string_view record, std::uint64_t reach, TableList& tables);

  std::string_view text_;
  bool has_cr_ = false;
  std::string_view block_;  // of text_: what was scanned
  bool scanned_ = false;    // false: the tables have no door for blocks
  bool has_nul_ = false;    // in the block
  std::vector<std::uint32_t> touched_;
  std::size_t next_ = 0;  // in touched_
};

}  // namespace headgate::checks
