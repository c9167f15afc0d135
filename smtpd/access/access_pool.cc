// Tested by access_pool_test.
#include "smtpd/access/access_pool.h"

namespace headgate::access {

AccessPool::AccessPool(const config::SettingsPtr& settings, rules::ProgramSource& programs) {
  for (std::size_t i = 0; i < kCopies; ++i) {
    copies_.push_back(std::make_unique<Access>(settings, programs, [](const Diagnostic&) {}));
    free_.push_back(copies_.back().get());
  }
}

Decision AccessPool::ask(const std::function<Decision(Access&)>& question) {
  std::unique_lock lock(mutex_);
  given_back_.wait(lock, [this] { return !free_.empty(); });
  Access* const access = free_.back();
  free_.pop_back();
  lock.unlock();
  Decision decision = question(*access);
  lock.lock();
  free_.push_back(access);
  lock.unlock();
  given_back_.notify_one();
  return decision;
}

}  // namespace headgate::access
