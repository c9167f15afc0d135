// Tested by tests/smtpd/queue/spool_test.cc.
#include "smtpd/queue/ready_files.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace headgate::queue {
namespace {

constexpr std::chrono::seconds kSoon{1};

}  // namespace

ReadyFiles::~ReadyFiles() {
  for (const EmptyFile& file : files_) ::unlink(file.path.c_str());
}

std::optional<EmptyFile> ReadyFiles::take() {
  const std::lock_guard lock(mutex_);
  if (files_.empty()) return std::nullopt;
  EmptyFile file = std::move(files_.back());
  files_.pop_back();
  return file;
}

std::size_t ReadyFiles::wanted(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  const bool soon = asked_ && now - *asked_ < kSoon;
  batch_ = soon ? std::min(kMost, 2 * batch_ + 1) : 0;
  asked_ = now;
  return batch_ - std::min(batch_, files_.size());
}

void ReadyFiles::add(EmptyFile file) {
  const std::lock_guard lock(mutex_);
  files_.push_back(std::move(file));
}

}  // namespace headgate::queue
