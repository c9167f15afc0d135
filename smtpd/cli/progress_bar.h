// ProgressBar: one line on a terminal's standard error: how far, what, and how long it will still take. In a pipe, or for
// work that is done within a second, it writes nothing.
//   Threads   one owner.        Lifetime  borrows the stream; the line is wiped when the bar goes.
#pragma once

#include <iosfwd>
#include <string_view>

namespace headgate::cli {

class ProgressBar {
 public:
  explicit ProgressBar(std::ostream& err);  // draws only if that is std::cerr, and a terminal
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar();

  void show(double share, std::string_view what);

 private:
  std::ostream& err_;
  bool terminal_ = false, drawn_ = false;
  double begun_ = 0, shown_ = 0, most_ = 0;
};

}  // namespace headgate::cli
