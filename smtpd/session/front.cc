// Slots are taken when a client is accepted and given back when its session has ended; slot_free_ is a timer that never
// fires and is cancelled to wake the accept loops. Session numbers count up: they stand in the brackets of log lines.
// Tested by front_test (loopback) and tests/e2e/stress_test.py.
#include "smtpd/session/front.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "smtpd/session/client_rates.h"

namespace headgate::session {
namespace {

constexpr std::chrono::seconds kAcceptRetry{1};

}  // namespace

// Which of its generation's two states a session shall use now; its generation is the Front's as of the last refresh.
class Front::States final : public StateSource {
 public:
  States(Front& front, GenerationPtr generation)
      : front_(front), generation_(std::move(generation)) {}

  StatePtr current() override {
    return front_.controller_.stressed() ? generation_->stressed : generation_->calm;
  }

  void refresh() override { generation_ = front_.generation_; }

  [[nodiscard]] bool stopping() const override { return front_.stopping_; }

 private:
  Front& front_;
  GenerationPtr generation_;
};

Front::Front(aio::any_io_executor executor, GenerationPtr generation, Services& services,
             net::PeerNames& names)
    : executor_(executor),
      generation_(std::move(generation)),
      services_(services),
      names_(names),
      slots_(generation_->maxproc),
      controller_(generation_->policy, services.env, services.log),
      slot_free_(executor, aio::steady_timer::time_point::max()),
      stress_ends_(executor),
      over_(executor, aio::steady_timer::time_point::max()) {}

Result<void> Front::open_listener(const aio::ip::tcp::endpoint& endpoint) {
  const std::int64_t wanted =
      std::max(generation_->maxproc, generation_->calm->settings->default_process_limit);
  const int backlog = static_cast<int>(std::clamp<std::int64_t>(wanted, 1, 65535));
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
  for (const auto& listener : listeners_) {
    ++coroutines_;
    aio::co_spawn(executor_, accept_from(*listener), aio::detached);
  }
}

void Front::reload(GenerationPtr generation) {
  generation_ = std::move(generation);
  slots_.set_limit(generation_->maxproc);
  controller_.set_policy(generation_->policy);
  if (slots_.full() && slots_.in_use() > 0) {  // the new limit is reached already
    controller_.taken(slots_);
    stress_ends_.cancel();
  } else {
    controller_.released(slots_);
    await_end_of_stress();
  }
  slot_free_.cancel();
}

void Front::drain() {
  stopping_ = true;
  for (const auto& listener : listeners_) listener->close();
  for (net::TcpWire* wire : wires_) wire->interrupt();
  slot_free_.cancel();
  stress_ends_.cancel();
}

void Front::cut() {
  for (net::TcpWire* wire : wires_) wire->close();
}

void Front::say(Level level, std::string text) {
  Event event;
  event.program = Program::smtpd;
  event.level = level;
  event.text = std::move(text);
  services_.log.write(event);
}

Task<void> Front::wait_for_slot() {
  while (slots_.full() && !stopping_) {
    [[maybe_unused]] const auto [cancelled] = co_await slot_free_.async_wait(kAsTuple);
  }
}

Task<void> Front::accept_from(net::Listener& listener) {
  while (!stopping_) {
    co_await wait_for_slot();
    if (stopping_) break;
    Result<aio::ip::tcp::socket> socket = co_await listener.accept();
    if (!socket) {
      if (socket.error().code == Code::cancelled) break;
      say(Level::warning, socket.error().text());
      co_await services_.loop.pause(kAcceptRetry);
      continue;
    }
    co_await wait_for_slot();  // another listener may have been quicker
    if (stopping_ || !slots_.take()) continue;
    controller_.taken(slots_);
    stress_ends_.cancel();
    ++coroutines_;
    aio::co_spawn(executor_, serve(std::move(*socket)), aio::detached);
  }
  coroutine_ended();
}

void Front::coroutine_ended() {
  if (--coroutines_ == 0) over_.cancel();
}

Task<void> Front::until_finished() {
  while (!finished()) {
    [[maybe_unused]] const auto [cancelled] = co_await over_.async_wait(kAsTuple);
  }
}

void Front::release_slot() {
  slots_.release();
  controller_.released(slots_);
  slot_free_.cancel();
  await_end_of_stress();
}

void Front::await_end_of_stress() {
  const std::optional<SteadyTime> end = controller_.ends_at();
  if (!end || stopping_) return;
  stress_ends_.expires_at(*end);
  stress_ends_.async_wait([this](const aio::error_code& error) {
    if (!error) static_cast<void>(controller_.stressed());  // logs that it is over
  });
}

// The slot and the wire's registration last exactly as long as this.
Task<void> Front::serve(aio::ip::tcp::socket socket) {
  {
    net::TcpWire wire(std::move(socket));
    wires_.insert(&wire);
    std::string failure;
    try {
      co_await hold_session(wire);
    } catch (const std::exception& error) {
      failure = error.what();
    }
    if (!failure.empty()) say(Level::error, fmt::format("session ended: {}", failure));
    wires_.erase(&wire);
    wire.close();
  }
  release_slot();
  coroutine_ended();
}

Task<Peer> Front::identify(const net::TcpWire& wire, const config::Settings& settings) {
  Peer peer;
  const net::Endpoint client = wire.peer();
  const net::Endpoint server = wire.local();
  peer.address = client.address;
  peer.port = client.port;
  peer.server_address = server.address;
  peer.server_port = server.port;
  if (!settings.smtpd_peername_lookup) co_return peer;
  net::PeerName found = co_await names_.look_up(client.address);
  if (!found.warning.empty()) say(Level::warning, found.warning);
  peer.name = std::move(found.name);
  peer.reverse_name = std::move(found.reverse_name);
  co_return peer;
}

Task<void> Front::hold_session(net::TcpWire& wire) {
  States states(*this, generation_);
  const StatePtr state = states.current();
  const std::string service = generation_->policy.service;
  Peer peer = co_await identify(wire, *state->settings);
  Session session(++services_.sessions_begun, service, std::move(peer), state);
  co_await talk(wire, session, states);
}

Task<void> Front::talk(net::Wire& wire, Session& session, States& states) {
  const config::Settings& settings = session.settings();
  std::string who = session.peer.name_and_address();
  if (settings.smtpd_client_port_logging) who += fmt::format(":{}", session.peer.port);
  session.log_as("connect", services_.log, "connect from " + who);

  Dialogue dialogue(wire, session, services_);
  CountedClient client(dialogue);
  std::optional<proto::Reply> too_many = client.objection();
  if (too_many) {
    co_await turn_away(dialogue, std::move(*too_many));
  } else {
    co_await converse(dialogue, states);
  }
  session.log_as("disconnect", services_.log, session.disconnect_text());
}

}  // namespace headgate::session
