// Tested by tests/smtpd/queue/spool_test.cc.
#include "smtpd/queue/ready_files.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "smtpd/queue/spare_files.h"

namespace headgate::queue {
ReadyFiles::~ReadyFiles() {
  for (const ReadyFile& file : files_) ::unlink(file.path.c_str());
}

std::optional<ReadyFile> ReadyFiles::take(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (files_.empty()) return std::nullopt;
  taken_ = now;
  ReadyFile file = std::move(files_.back());
  files_.pop_back();
  return file;
}

std::size_t ReadyFiles::wanted(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  const bool soon = asked_ && now - *asked_ < SpareFiles::kSoon;
  batch_ = soon ? std::min(kMostCreated, 2 * batch_ + 1) : 0;
  asked_ = now;
  return batch_ - std::min(batch_, files_.size());
}

void ReadyFiles::add(ReadyFile file) {
  const std::lock_guard lock(mutex_);
  files_.push_back(std::move(file));
}

bool ReadyFiles::accepts(SteadyTime now) const {
  const std::lock_guard lock(mutex_);
  const auto soon = [now](const std::optional<SteadyTime>& then) {
    return then && now - *then < SpareFiles::kSoon;
  };
  return files_.size() < kMost && (soon(taken_) || (soon(asked_) && batch_ > 0));
}

bool ReadyFiles::trim(SteadyTime now) {
  std::vector<ReadyFile> unused;
  const std::lock_guard lock(mutex_);
  const SteadyTime last = std::max(taken_.value_or(SteadyTime{}), asked_.value_or(SteadyTime{}));
  if (now - last >= kQuiet) unused.swap(files_);
  for (const ReadyFile& file : unused) ::unlink(file.path.c_str());
  return files_.empty();
}

}  // namespace headgate::queue
