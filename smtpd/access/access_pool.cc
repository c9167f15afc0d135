// Tested by access_pool_test.
#include "smtpd/access/access_pool.h"

namespace headgate::access {

AccessPool::AccessPool(const config::SettingsPtr& settings, rules::ProgramSource& programs) {
  for (std::size_t i = 0; i < kCopies; ++i) {
    auto copy = std::make_unique<Copy>();
    const auto keep = [&said = copy->said](const Diagnostic& d) { said.push_back(d.text); };
    copy->access = std::make_unique<Access>(settings, programs, keep);
    copy->said.clear();
    free_.push_back(copy.get());
    copies_.push_back(std::move(copy));
  }
}

Decision AccessPool::ask(const std::function<Decision(Access&)>& question) {
  std::unique_lock lock(mutex_);
  given_back_.wait(lock, [this] { return !free_.empty(); });
  Copy* const copy = free_.back();
  free_.pop_back();
  lock.unlock();
  Decision decision = question(*copy->access);
  std::vector<Line> lines;
  for (std::string& text : copy->said) lines.push_back({Line::Kind::warning, std::move(text)});
  decision.lines.insert(decision.lines.begin(), lines.begin(), lines.end());
  copy->said.clear();
  lock.lock();
  free_.push_back(copy);
  lock.unlock();
  given_back_.notify_one();
  return decision;
}

}  // namespace headgate::access
