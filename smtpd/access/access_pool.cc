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

AccessPool::Copy* AccessPool::take() {
  std::unique_lock lock(mutex_);
  given_back_.wait(lock, [this] { return !free_.empty(); });
  Copy* const copy = free_.back();
  free_.pop_back();
  return copy;
}

void AccessPool::give_back(Copy* copy) {
  copy->said.clear();
  {
    const std::lock_guard lock(mutex_);
    free_.push_back(copy);  // does not allocate: there was room for all
  }
  given_back_.notify_one();
}

Decision AccessPool::ask(const std::function<Decision(Access&)>& question) {
  // A question that throws (no memory) gives its copy back, too.
  const auto give = [this](Copy* copy) { give_back(copy); };
  const std::unique_ptr<Copy, decltype(give)> copy(take(), give);
  Decision decision = question(*copy->access);
  std::vector<Line> lines;
  for (std::string& text : copy->said) lines.push_back({Line::Kind::warning, std::move(text)});
  decision.lines.insert(decision.lines.begin(), lines.begin(), lines.end());
  return decision;
}

}  // namespace headgate::access
