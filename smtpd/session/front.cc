// Slots are taken when a client is let in (front_admission.cc) and given back when its session has ended; slot_free_ is a
// timer that never fires and is cancelled to wake the accept loops. Session numbers count up: they stand in the brackets of log lines.
// Tested by front_test (loopback) and tests/e2e/stress_test.py.
#include "smtpd/session/front.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "smtpd/session/client_rates.h"
#include "smtpd/session/judge.h"

namespace headgate::session {
// Which of its generation's two states a session shall use now; its generation is the Front's as of the last refresh.
class Front::States final : public StateSource {
 public:
  States(Front& front, GenerationPtr generation, stress::Seat& seat, net::TcpWire& wire)
      : front_(front), generation_(std::move(generation)), seat_(seat), wire_(wire) {}

  ~States() override { front_.in_content_.erase(&wire_); }

  StatePtr current() override {
    return front_.controller_.stressed() ? generation_->stressed : generation_->calm;
  }

  void refresh() override { generation_ = front_.generation_; }

  [[nodiscard]] bool stopping() const override { return front_.stopping_; }

  void waits(const Session& session) override {
    note_messages(session);
    const bool in_content = session.chunks != Session::Chunks::none;
    if (in_content && !is_slow(session)) return;  // for the next piece of a message
    if (!in_content) front_.in_content_.erase(&wire_);
    stress::Progress progress;
    progress.messages = session.messages_accepted;
    progress.steps = session.steps();
    progress.in_transaction = session.in_transaction();
    seat_.waits(progress);
    if (front_.waiting_.size() != 0) front_.admit_soon();
  }

  std::optional<std::chrono::milliseconds> resumes() override {
    if (!seat_.resumes()) return std::nullopt;
    return seat_.idle();
  }

  void begins_content() override { front_.in_content_.insert(&wire_); }

  std::optional<std::chrono::milliseconds> content_patience() override {
    if (front_.controller_.level() < stress::kSevere || seat_.is_good()) return std::nullopt;
    return generation_->stressed->settings->stress_content_timeout;
  }

  // A message in chunks that has come slower than any content may: who brings a byte now and then waits like others.
  [[nodiscard]] bool is_slow(const Session& session) const {
    const config::Settings& settings = *generation_->stressed->settings;
    const auto taken = front_.services_.env.steady() - session.chunks_began;
    if (taken < settings.stress_content_timeout) return false;
    const double rate = static_cast<double>(settings.smtpd_min_data_rate);
    return static_cast<double>(session.content_wire_bytes) <
           rate * std::chrono::duration<double>(taken).count();
  }

  // A message speaks for its client from the moment it is accepted.
  void note_messages(const Session& session) {
    if (session.messages_accepted == messages_) return;
    messages_ = session.messages_accepted;
    front_.services_.stress.reputation.accepted(session.peer.address);
  }

 private:
  Front& front_;
  GenerationPtr generation_;
  stress::Seat& seat_;
  net::TcpWire& wire_;
  std::uint32_t messages_ = 0;
};

Front::Front(aio::any_io_executor executor, GenerationPtr generation, Services& services,
             net::PeerNames& names)
    : executor_(executor),
      generation_(std::move(generation)),
      services_(services),
      names_(names),
      slots_(generation_->maxproc),
      seats_(services.env, services.stress.reputation),
      controller_(generation_->policy, services.env, services.log, services.stress.signals,
                  services.stress.history),
      slot_free_(executor, aio::steady_timer::time_point::max()),
      admit_at_(executor, aio::steady_timer::time_point::max()),
      stress_ends_(executor),
      over_(executor, aio::steady_timer::time_point::max()) {
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

void Front::reload(GenerationPtr generation) {
  generation_ = std::move(generation);
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

// The seat and the wire's registration last exactly as long as this, the slot until then or until the seat is another's.
Task<void> Front::serve(Newcomer newcomer) {
  bool slot_is_mine = true;
  {
    net::TcpWire wire(std::move(newcomer.socket));
    wires_.insert(&wire);
    // Whoever wants the seat may be on another thread; the wire is touched on its own, and not once it is gone.
    const auto target = std::make_shared<net::TcpWire*>(&wire);
    const std::function<void()> wake = [executor = executor_, target] {
      aio::post(executor, [target] {
        if (*target != nullptr) (*target)->interrupt();
      });
    };
    stress::Seat seat(seats_, newcomer.address, newcomer.trusted, wake, wire.round_trip());
    std::string failure;
    try {
      co_await hold_session(wire, seat);
    } catch (const std::exception& error) {
      failure = error.what();
    }
    if (!failure.empty()) say(Level::error, fmt::format("session ended: {}", failure));
    *target = nullptr;
    wires_.erase(&wire);
    wire.close();
    slot_is_mine = !seat.resumes();  // from here on it cannot be chosen any more
  }
  if (slot_is_mine) release_slot();
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
  if (!settings.smtpd_peername_lookup || skips_names()) co_return peer;
  net::PeerName found = co_await names_.look_up(client.address);
  if (!found.warning.empty()) say(Level::warning, found.warning);
  peer.name = std::move(found.name);
  peer.reverse_name = std::move(found.reverse_name);
  co_return peer;
}

// Who is in the middle of content would hear of stress at its next command only.
void Front::settle() {
  const stress::Level level = controller_.level();
  if (level <= std::exchange(level_seen_, level)) return;
  for (net::TcpWire* const wire : in_content_) wire->interrupt();
}

// The first thing that is left out at level 2: the name in log lines and Received. Where a restriction asks for it, it is
// looked up all the same.
bool Front::skips_names() {
  return controller_.level() >= stress::kSevere && !generation_->stressed->needs_client_name;
}

Task<void> Front::hold_session(net::TcpWire& wire, stress::Seat& seat) {
  States states(*this, generation_, seat, wire);
  const StatePtr state = states.current();
  const std::string service = generation_->policy.service;
  Peer peer = co_await identify(wire, *state->settings);
  Session session(++services_.sessions_begun, service, std::move(peer), state);
  co_await talk(wire, session, states);
  states.note_messages(session);
  const bool for_nothing = session.messages_accepted == 0 && (seat.leaving() || stressed());
  if (for_nothing && !is_trusted(session)) services_.stress.reputation.strike(session.peer.address);
}

Task<void> Front::talk(net::Wire& wire, Session& session, States& states) {
  const config::Settings& settings = session.settings();
  session.peer.shows_port = settings.smtpd_client_port_logging;
  session.log_as("connect", services_.log, "connect from " + session.peer.name_and_address());

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
