// Tested by tests/e2e/roles_test.py and, in the split, by every test that accepts mail.
#include "smtpd/cli/remote_queue.h"

#include <exception>

namespace headgate::cli {

namespace {

constexpr std::chrono::milliseconds kBetweenFlushes{10};

}  // namespace

// What cannot be told is no failure of the commit: QUEUE looks.
void CommitDesk::commit(std::span<queue::Commit* const> all) {
  spool_.commit(all);
  try {
    tell_of(all);
  } catch (const std::exception&) {
    page_->wakes_lost += 1;
  }
}

void CommitDesk::tell_of(std::span<queue::Commit* const> all) {
  const SteadyTime now = env_.steady();
  if (now - flushed_.load() >= kBetweenFlushes) {
    flushed_ = now;
    flush_log_();
  }
  std::string lines;
  std::vector<int> files;
  const auto tell_of_active = [&] {
    if (!files.empty()) tell(lines, files);
    lines.clear();
    files.clear();
  };
  for (const queue::Commit* one : all) {
    if (!one->result || one->state == queue::State::hold) continue;
    if (one->state == queue::State::incoming) {
      tell(one->writer.id(), {});
    } else if (one->file == nullptr) {  // it could not be read back
      page_->wakes_lost += 1;
    } else {
      if (files.size() == kMostTogether) tell_of_active();
      if (!lines.empty()) lines += '\n';
      lines += one->writer.id();
      files.push_back(one->file->descriptor());
    }
  }
  tell_of_active();
}

void CommitDesk::tell(std::string_view lines, std::span<const int> files) {
  const auto count = static_cast<std::int64_t>(files.size());
  page_->files_sent += count;
  if (net::send_packet(wakes_, lines, files)) return;
  page_->files_sent -= count;
  page_->wakes_lost += 1;
}

}  // namespace headgate::cli
