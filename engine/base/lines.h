// LogicalLines: Postfix's logical lines, the one reader under tables, main.cf and master.cf.
// A line that starts with white space continues the line before it, also across blank and comment lines, which are
// dropped wherever they stand. Pieces are joined as they are; trailing white space of the whole goes, and a logical
// line ends at its first NUL.
// A big text need not be in memory: `more` is asked when no whole line is left.
//   Lifetime  borrows the text; of what `more` gave, the last.          Threads  one owner.
//   Errors    a logical line that itself starts with white space is skipped with Postfix's warning.
//   Source    readllines(3) of Postfix, as recorded in docs/program.md.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/diagnostic.h"

namespace headgate {

struct LogicalLine {
  std::string text;
  int first_line = 0;  // of the first physical line that contributed, from 1
  int last_line = 0;
  bool emergency =
      false;  // a comment line "#@emergency" stands between the previous logical line and this one
};

// What becomes of a line of which nothing is left before its first NUL: most tables pass over it in silence, cidr: and
// texthash: complain of it. as_is: it is kept, and white space at the end of any line stays, too.
enum class EmptyLines : std::uint8_t { skip, keep, as_is };

// Given what is left of the text so far (the beginning of a line), the same bytes with more behind them; as long as given
// at the end.
using MoreText = std::function<std::string_view(std::string_view left)>;

class LogicalLines {
 public:
  // `name` is the path as it shall stand in warnings.
  LogicalLines(std::string_view data, std::string name, WarningSink warn,
               EmptyLines empty = EmptyLines::skip);

  LogicalLines(MoreText more, std::string name, WarningSink warn,
               EmptyLines empty = EmptyLines::skip);

  std::optional<LogicalLine> next();

  // The same, in memory that is used again: false at the end.
  bool next(LogicalLine& line);

 private:
  struct Physical {
    std::string_view text;
    bool dropped = false;  // blank or comment
  };

  bool read_more();
  std::optional<Physical> take_physical();
  [[nodiscard]] bool at_continuation();
  bool gather(LogicalLine& line);
  void complain_of_indented(const LogicalLine& line) const;

  std::string_view rest_;
  MoreText more_;
  std::string name_;
  WarningSink warn_;
  EmptyLines empty_;
  int line_ = 0;
  bool mark_pending_ = false;
};

}  // namespace headgate
