// One epoll instance; each event's pointer is its Session. A closed session is used again for the next connection.
// A connection that is due while all sessions are taken waits for one: it is late, and its latency shows that.
#include "bench/load/client.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <memory>
#include <utility>

#include "bench/load/session.h"
#include "engine/base/file.h"

namespace headgate::load {
namespace {

constexpr double kLook = 1;  // how often the sessions' patience is looked at

class Run {
 public:
  Run(const Plan& plan, const std::vector<std::string>& messages)
      : plan_(plan), messages_(messages), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

  Result<Figures> run() {
    if (!epoll_.valid()) return fail_errno("create", "epoll", errno);
    sessions_.reserve(plan_.sessions);
    began_ = looked_ = now();
    while (true) {
      TRY_OK(open_due());
      if (next_ >= plan_.count && open_ == 0) break;
      if (now() - began_ > plan_.limit) {
        give_up();
        break;
      }
      wait();
    }
    return std::move(figures_);
  }

 private:
  [[nodiscard]] bool open_loop() const { return !plan_.begin.empty(); }

  [[nodiscard]] double due(std::size_t number) const {
    return open_loop() ? began_ + plan_.begin[number] : now();
  }

  Result<void> open_due() {
    while (next_ < plan_.count && open_ < plan_.sessions) {
      const double time = now();
      const double wanted = due(next_);
      if (wanted > time && open_loop()) break;
      if (open_loop()) figures_.behind = std::max(figures_.behind, time - wanted);
      const std::size_t count = std::min(plan_.per_session, plan_.count - next_);
      Session& session = free_session();
      TRY_OK(session.open(epoll_.get(), next_, count, wanted, began_));
      next_ += count;
      if (session.is_open()) {
        ++open_;
        figures_.most_sessions = std::max(figures_.most_sessions, open_);
      } else {
        free_.push_back(&session);
      }
    }
    return {};
  }

  Session& free_session() {
    if (free_.empty()) {
      sessions_.push_back(std::make_unique<Session>(plan_, messages_, figures_));
      return *sessions_.back();
    }
    Session& session = *free_.back();
    free_.pop_back();
    return session;
  }

  void wait() {
    const double time = now();
    double until = looked_ + kLook;
    if (open_loop() && next_ < plan_.count && open_ < plan_.sessions)
      until = std::min(until, due(next_));
    const int timeout = static_cast<int>(std::clamp(std::ceil((until - time) * 1e3), 0.0, 1e3));
    std::array<epoll_event, 256> events;
    const int count =
        ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout);
    for (int i = 0; i < count; ++i) {
      auto& session = *static_cast<Session*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (!session.is_open()) continue;
      session.on_events(events[static_cast<std::size_t>(i)].events);
      if (!session.is_open()) release(session);
    }
    if (now() - looked_ > kLook) look_at_clocks();
  }

  void look_at_clocks() {
    looked_ = now();
    for (const auto& session : sessions_) {
      if (!session->is_open()) continue;
      session->look_at_clock(looked_);
      if (!session->is_open()) release(*session);
    }
  }

  void release(Session& session) {
    --open_;
    free_.push_back(&session);
  }

  void give_up() {
    for (const auto& session : sessions_) {
      if (session->is_open()) session->fail("out of time");
    }
    if (next_ < plan_.count) figures_.replies["not begun: out of time"] += plan_.count - next_;
    figures_.failed += plan_.count - next_;
  }

  const Plan& plan_;
  const std::vector<std::string>& messages_;
  Fd epoll_;
  Figures figures_;
  std::vector<std::unique_ptr<Session>> sessions_;
  std::vector<Session*> free_;
  std::size_t next_ = 0, open_ = 0;
  double began_ = 0, looked_ = 0;
};

}  // namespace

Result<Figures> run(const Plan& plan, const std::vector<std::string>& messages) {
  return Run(plan, messages).run();
}

}  // namespace headgate::load
