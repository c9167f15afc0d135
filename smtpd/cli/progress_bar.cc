// How it works: redrawn at most five times a second, over itself; the share never goes back. Tested by
// tests/e2e/bench_test.py.
#include "smtpd/cli/progress_bar.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>

#include <fmt/format.h>

namespace headgate::cli {

namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

ProgressBar::ProgressBar(std::ostream& err)
    : err_(err), terminal_(&err == &std::cerr && isatty(STDERR_FILENO) == 1), begun_(now()) {}

ProgressBar::~ProgressBar() {
  if (drawn_) err_ << "\r\x1b[K" << std::flush;
}

void ProgressBar::show(double share, std::string_view what) {
  constexpr double kQuiet = 1, kRedraw = 0.2;
  constexpr std::size_t kCells = 30;
  const double time = now();
  most_ = std::clamp(share, most_, 1.0);
  if (!terminal_ || time - begun_ < kQuiet || time - shown_ < kRedraw) return;
  shown_ = time;
  drawn_ = true;
  const auto full = static_cast<std::size_t>(most_ * static_cast<double>(kCells));
  std::string left;
  if (most_ > 0.02) {
    const auto seconds = static_cast<long>((time - begun_) * (1 - most_) / most_);
    left = fmt::format("  about {}:{:02} left", seconds / 60, seconds % 60);
  }
  err_ << fmt::format("\r\x1b[K[{}{}] {:>3.0f} %  {}{}", std::string(full, '#'),
                      std::string(kCells - full, '.'), most_ * 100, what, left)
       << std::flush;
}

}  // namespace headgate::cli
