// Slots are taken when a client is let in (front_admission.cc) and given back when its session has ended; slot_free_ is a
// timer that never fires and is cancelled to wake the accept loops.
// Tested by front_test (loopback) and tests/e2e/stress_test.py.
#include "smtpd/session/front.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace headgate::session {

Front::Front(SessionLoops& loops, const Generations& generations, net::PeerNames& names)
    : loops_(loops),
      executor_(loops.home().executor),
      services_(loops.home().services),
      generation_(generations.front()),
      slots_(generation_->maxproc),
      seats_(services_.env, services_.stress.reputation),
      controller_(generation_->policy, services_.env, services_.log, services_.stress.signals,
                  services_.stress.history),
      slot_free_(executor_, aio::steady_timer::time_point::max()),
      admit_at_(executor_, aio::steady_timer::time_point::max()),
      stress_ends_(executor_),
      over_(executor_, aio::steady_timer::time_point::max()) {
  for (std::size_t i = 0; i < loops.size(); ++i)
    sessions_.push_back(std::make_shared<LoopSessions>(i, loops.at(i).executor,
                                                       loops.at(i).services, generations.at(i),
                                                       names, static_cast<Admission&>(*this)));
  set_many();
}

Front::~Front() {
  services_.stress.crowd.waiting -= in_crowd_.waiting;
  services_.stress.crowd.slots -= in_crowd_.slots;
}

// A client in more than a tenth of the slots is one that holds many.
void Front::set_many() {
  count_in_crowd();
  seats_.set_many(static_cast<std::size_t>(std::max<std::int64_t>(slots_.limit(), 0)) / 10);
}

Result<void> Front::open_listener(const aio::ip::tcp::endpoint& endpoint) {
  const config::Settings& settings = *generation_->calm->settings;
  const std::int64_t most = std::max(generation_->maxproc, settings.default_process_limit);
  const int backlog = net::backlog_of(most, settings.stress_evicts_idle_sessions);
  TRY(listener, net::Listener::open(executor_, endpoint, backlog));
  listeners_.push_back(std::make_unique<net::Listener>(std::move(listener)));
  return {};
}

Result<void> Front::listen(const std::vector<aio::ip::tcp::endpoint>& endpoints) {
  for (const aio::ip::tcp::endpoint& endpoint : endpoints) {
    TRY_OK(open_listener(endpoint));
    endpoints_.push_back(endpoint);
    endpoints_.back().port(listeners_.back()->local().port);
  }
  return {};
}

Result<void> Front::adopt(std::vector<Fd> sockets) {
  for (Fd& socket : sockets) {
    TRY(listener, net::Listener::adopt(executor_, std::move(socket)));
    listeners_.push_back(std::make_unique<net::Listener>(std::move(listener)));
  }
  return {};
}

void Front::stop_listening() {
  for (auto& listener : listeners_) {
    listener->close();
    closed_.push_back(std::move(listener));
  }
  listeners_.clear();
}

Result<void> Front::listen_again() {
  Result<void> all;
  for (const aio::ip::tcp::endpoint& endpoint : endpoints_) {
    Result<void> opened = open_listener(endpoint);
    if (opened) continue;
    if (!all) opened.error().what = fmt::format("{}; {}", all.error().text(), opened.error().what);
    all = std::move(opened);
  }
  start();
  return all;
}

std::vector<net::Endpoint> Front::listening_on() const {
  std::vector<net::Endpoint> endpoints;
  for (const auto& listener : listeners_) endpoints.push_back(listener->local());
  return endpoints;
}

void Front::start() {
  if (!std::exchange(admitting_, true)) {
    ++coroutines_;
    aio::co_spawn(executor_, keep_admitting(), aio::detached);
  }
  for (const auto& listener : listeners_) {
    ++coroutines_;
    aio::co_spawn(executor_, accept_from(*listener), aio::detached);
  }
}

void Front::reload(const Generations& generations) {
  generation_ = generations.front();
  for (std::size_t i = 0; i < sessions_.size(); ++i) sessions_[i]->use(generations.at(i));
  slots_.set_limit(generation_->maxproc);
  set_many();
  controller_.set_policy(generation_->policy);
  if (slots_.full() && slots_.in_use() > 0) {  // the new limit is reached already
    controller_.taken(slots_);
    stress_ends_.cancel();
  } else {
    controller_.released(slots_);
    await_end_of_stress();
  }
  slot_free_.cancel();
  admit_soon();
}

void Front::drain() {
  stopping_ = true;
  waiting_.clear();
  count_in_crowd();
  admit_soon();
  for (const auto& listener : listeners_) listener->close();
  for (const auto& sessions : sessions_) sessions->interrupt_all();
  slot_free_.cancel();
  stress_ends_.cancel();
}

void Front::cut() {
  for (const auto& sessions : sessions_) sessions->close_all();
}

void Front::say(Level level, std::string text) {
  Event event;
  event.program = Program::smtpd;
  event.level = level;
  event.text = std::move(text);
  services_.log.write(event);
}

Task<void> Front::until_finished() {
  while (!finished()) {
    [[maybe_unused]] const auto [cancelled] = co_await over_.async_wait(kAsTuple);
  }
}

void Front::await_end_of_stress() {
  const std::optional<SteadyTime> end = controller_.ends_at();
  if (!end || stopping_) return;
  stress_ends_.expires_at(*end);
  stress_ends_.async_wait([this](const aio::error_code& error) {
    if (!error) static_cast<void>(controller_.stressed());  // logs that it is over
  });
}

// Who is in the middle of content would hear of stress at its next command only.
void Front::settle() {
  const stress::Level level = controller_.level();
  if (level <= std::exchange(level_seen_, level)) return;
  for (const auto& sessions : sessions_) sessions->interrupt_content();
}

}  // namespace headgate::session
