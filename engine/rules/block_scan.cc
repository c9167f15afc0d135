// How it works: a hit is noted once a pattern and line; the line is found by looking for the newlines around the hit's last
// byte. Hits come nearly in order of their ends, so the final sort has little to do; Hyperscan promises no order.
// Tested by tests/engine/rules/block_scan_test.cc, and by every collider's path `block`.
#include "engine/rules/block_scan.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

namespace headgate::rules {

BlockScan::BlockScan(const Program& program, match::Scratch& scratch)
    : program_(program), scratch_(scratch), noted_in_(program.patterns().size()) {
  for (const Gated& gated : program.plan().block.gated) {
    if (gated.gate.all == 0) {
      gated_else_.push_back(gated);
      continue;
    }
    const int symbol = match::rarest_symbol(gated.gate.all);
    gated_by_symbol_[static_cast<std::size_t>(symbol)].push_back(gated);
    gated_symbols_ |= match::Symbols{1} << symbol;
  }
}

bool BlockScan::run_scans() {
  const auto note_it = [this](std::uint32_t pattern, std::size_t end) { note(pattern, end); };
  const ScanPlan& plan = program_.plan();
  const match::ShiftAnd::OnRow on_row = [](std::uint32_t row, std::size_t end, void* self) {
    auto& scan = *static_cast<BlockScan*>(self);
    scan.note(scan.program_.plan().block_rows[row].pattern, end);
  };
  program_.block_rows().scan(block_, on_row, this);
  return std::all_of(plan.block.scans.begin(), plan.block.scans.end(), [&](std::uint32_t number) {
    return run_scan(plan.scans[number], block_, scratch_, note_it);
  });
}

void BlockScan::note(std::uint32_t pattern, std::size_t end) {
  if (end == 0) return;
  const std::size_t last = end - 1;  // a line's own newline is part of it
  if (noted_in_[pattern].holds(last)) return;
  if (!hit_.holds(last)) {
    const void* before = memrchr(block_.data(), '\n', last);
    hit_.begin =
        before == nullptr
            ? 0
            : static_cast<std::size_t>(static_cast<const char*>(before) - block_.data()) + 1;
    hit_.end = std::min(block_.find('\n', last), block_.size() - 1) + 1;
  }
  noted_in_[pattern] = hit_;
  hits_.push_back(Hit{static_cast<std::uint32_t>(hit_.begin), pattern});
}

void BlockScan::look_at_line(std::uint32_t begin, std::string_view line, bool needs_symbols) {
  const match::Symbols present = needs_symbols ? match::symbols_of(line) : 0;
  const auto look = [&](const std::vector<Gated>& list) {
    for (const Gated& gated : list) {
      if (gated.gate.open(present, line.size())) hits_.push_back(Hit{begin, gated.pattern});
    }
  };
  for (match::Symbols left = present & gated_symbols_; left != 0; left &= left - 1)
    look(gated_by_symbol_[static_cast<std::size_t>(std::countr_zero(left))]);
  look(gated_else_);
}

void BlockScan::look_at_each_line(bool needs_symbols) {
  for (std::size_t begin = 0; begin < block_.size();) {
    const std::size_t end = std::min(block_.find('\n', begin), block_.size());
    look_at_line(static_cast<std::uint32_t>(begin), block_.substr(begin, end - begin),
                 needs_symbols);
    begin = end + 1;
  }
}

// The plan is not believed about every pattern on lines as long as these. Short lines are passed over many at a time.
void BlockScan::add_doubted_on_long_lines() {
  const std::vector<Doubt>& doubts = program_.plan().block.doubts;
  if (doubts.empty()) return;
  const std::size_t believed = doubts.front().trusted_bytes;
  for (std::size_t begin = 0; block_.size() - begin > believed;) {
    const void* newline = memrchr(block_.data() + begin, '\n', believed + 1);
    if (newline != nullptr) {
      begin = static_cast<std::size_t>(static_cast<const char*>(newline) - block_.data()) + 1;
      continue;
    }
    const std::size_t end = std::min(block_.find('\n', begin), block_.size());
    const std::string_view line = block_.substr(begin, end - begin);
    std::optional<match::Symbols> present;
    const auto symbols = [&] {
      if (!present) present = match::symbols_of(line);
      return *present;
    };
    for (const Doubt& doubt : doubts) {
      if (line.size() <= doubt.trusted_bytes) break;
      if (doubt.holds(line.size(), symbols))
        hits_.push_back(Hit{static_cast<std::uint32_t>(begin), doubt.pattern});
    }
    begin = std::min(end + 1, block_.size());
  }
}

void BlockScan::forget_hits() {
  for (const Hit& hit : hits_) noted_in_[hit.pattern] = Line{};
  hits_.clear();
}

void BlockScan::scan(std::string_view block, bool every_line, std::vector<std::uint32_t>& touched) {
  forget_hits();
  block_ = block;
  hit_ = Line{};
  unended_line_ = 0;
  known_ = !every_line && program_.plan().ready && program_.plan().blocks &&
           block.size() < std::numeric_limits<std::uint32_t>::max() && run_scans();
  if (known_) {
    if (!block.empty() && block.back() != '\n')
      unended_line_ = static_cast<std::uint32_t>(block.rfind('\n') + 1);
    const bool needs_symbols =
        gated_symbols_ != 0 ||
        std::any_of(gated_else_.begin(), gated_else_.end(),
                    [](const Gated& gated) { return gated.gate.asks_for_symbols(); });
    if (needs_symbols || !gated_else_.empty()) look_at_each_line(needs_symbols);
    add_doubted_on_long_lines();
  } else {
    forget_hits();
  }
  list_candidates(touched, !known_ || !program_.walk().always().empty());
}

void BlockScan::list_candidates(std::vector<std::uint32_t>& touched, bool every_line) {
  const auto in_order = [](const Hit& a, const Hit& b) { return a.line < b.line; };
  if (!std::is_sorted(hits_.begin(), hits_.end(), in_order))
    std::sort(hits_.begin(), hits_.end(), in_order);
  lines_.clear();
  first_.clear();
  patterns_.clear();
  cursor_ = 0;
  const auto begin_line = [this](std::uint32_t line) {
    if (!lines_.empty() && lines_.back() == line) return;
    lines_.push_back(line);
    first_.push_back(static_cast<std::uint32_t>(patterns_.size()));
  };
  if (!block_.empty()) begin_line(0);
  for (const Hit& hit : hits_) {
    begin_line(hit.line);
    patterns_.push_back(hit.pattern);
  }
  if (unended_line_ != 0) begin_line(unended_line_);
  first_.push_back(static_cast<std::uint32_t>(patterns_.size()));
  if (!every_line) {
    touched.insert(touched.end(), lines_.begin(), lines_.end());
    return;
  }
  for (std::size_t begin = 0; begin < block_.size();) {
    touched.push_back(static_cast<std::uint32_t>(begin));
    begin = std::min(block_.find('\n', begin), block_.size()) + 1;
  }
}

std::span<const std::uint32_t> BlockScan::candidates(std::uint32_t line) {
  if (cursor_ >= lines_.size() || lines_[cursor_] > line) cursor_ = 0;
  if (cursor_ < lines_.size() && lines_[cursor_] < line) ++cursor_;  // the next one, mostly
  if (cursor_ >= lines_.size() || lines_[cursor_] != line) {
    const auto found = std::lower_bound(lines_.begin(), lines_.end(), line);
    if (found == lines_.end() || *found != line) return {};
    cursor_ = static_cast<std::size_t>(found - lines_.begin());
  }
  return std::span(patterns_).subspan(first_[cursor_], first_[cursor_ + 1] - first_[cursor_]);
}

}  // namespace headgate::rules
