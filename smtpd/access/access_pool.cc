// Tested by access_pool_test.
#include "smtpd/access/access_pool.h"

namespace headgate::access {

AccessPool::AccessPool(const config::SettingsPtr& settings, rules::ProgramSource& programs,
                       SharedTables& shared) {
  const WarningSink silent = [](const Diagnostic&) {};
  for (std::size_t i = 0; i < kCopies; ++i) {
    copies_.push_back(
        std::make_unique<Access>(settings, Opening{programs, silent, Waits::yes, &shared}));
    free_.push_back(copies_.back().get());
  }
}

Access* AccessPool::take() {
  std::unique_lock lock(mutex_);
  given_back_.wait(lock, [this] { return !free_.empty(); });
  Access* const copy = free_.back();
  free_.pop_back();
  return copy;
}

void AccessPool::give_back(Access* copy) {
  {
    const std::lock_guard lock(mutex_);
    free_.push_back(copy);  // does not allocate: there was room for all
  }
  given_back_.notify_one();
}

Decision AccessPool::ask(const std::function<Decision(Access&)>& question) {
  // A question that throws (no memory) gives its copy back, too.
  const auto give = [this](Access* copy) { give_back(copy); };
  const std::unique_ptr<Access, decltype(give)> copy(take(), give);
  return question(*copy);
}

}  // namespace headgate::access
