// A wire is touched by its loop only: others ask for that with a function of their own that runs there, which is nothing
// but a call where they are on that loop already.
// Tested by front_test (loopback) and tests/e2e/stress_test.py.
#include "smtpd/session/loop_sessions.h"

#include <exception>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "smtpd/net/listener.h"
#include "smtpd/session/client_rates.h"
#include "smtpd/session/judge.h"

namespace headgate::session {

// Which of its generation's two states a session shall use now; its generation is its loop's as of the last refresh.
class LoopSessions::States final : public StateSource {
 public:
  States(LoopSessions& all, stress::Seat& seat, net::TcpWire& wire)
      : all_(all), generation_(all.generation_), seat_(seat), wire_(wire) {}

  ~States() override { all_.in_content_.erase(&wire_); }

  StatePtr current() override {
    return all_.admission_.controller().stressed() ? generation_->stressed : generation_->calm;
  }

  void refresh() override { generation_ = all_.generation_; }

  [[nodiscard]] bool stopping() const override { return all_.admission_.stopping(); }

  void waits(const Session& session) override {
    note_messages(session);
    const bool in_content = session.chunks != Session::Chunks::none;
    if (in_content && !is_slow(session)) return;  // for the next piece of a message
    if (!in_content) all_.in_content_.erase(&wire_);
    stress::Progress progress;
    progress.messages = session.messages_accepted;
    progress.steps = session.steps();
    progress.in_transaction = session.in_transaction();
    seat_.waits(progress);
    all_.admission_.one_waits();
  }

  std::optional<std::chrono::milliseconds> resumes() override {
    if (!seat_.resumes()) return std::nullopt;
    return seat_.idle();
  }

  void begins_content() override { all_.in_content_.insert(&wire_); }

  std::optional<std::chrono::milliseconds> content_patience() override {
    if (all_.admission_.controller().level() < stress::kSevere || seat_.is_good())
      return std::nullopt;
    return generation_->stressed->settings->stress_content_timeout;
  }

  // A message in chunks that has come slower than any content may: who brings a byte now and then waits like others.
  [[nodiscard]] bool is_slow(const Session& session) const {
    const config::Settings& settings = *generation_->stressed->settings;
    const auto taken = all_.services_.env.steady() - session.chunks_began;
    if (taken < settings.stress_content_timeout) return false;
    const double rate = static_cast<double>(settings.smtpd_min_data_rate);
    return static_cast<double>(session.content_wire_bytes) <
           rate * std::chrono::duration<double>(taken).count();
  }

  // A message speaks for its client from the moment it is accepted.
  void note_messages(const Session& session) {
    if (session.messages_accepted == messages_) return;
    messages_ = session.messages_accepted;
    all_.services_.stress.reputation.accepted(session.peer.address);
  }

 private:
  LoopSessions& all_;
  GenerationPtr generation_;
  stress::Seat& seat_;
  net::TcpWire& wire_;
  std::uint32_t messages_ = 0;
};

// A session's place on its loop, and its slot. Its end is told, however that comes.
class LoopSessions::Place {
 public:
  Place(Admission& admission, std::size_t loop) : admission_(&admission), loop_(loop) {}

  Place(Place&& other) noexcept
      : admission_(std::exchange(other.admission_, nullptr)), loop_(other.loop_) {}

  Place& operator=(Place&&) = delete;

  ~Place() {
    if (admission_ != nullptr) admission_->ended(loop_, slot_is_mine_);
  }

  void lost_slot() { slot_is_mine_ = false; }

  [[nodiscard]] stress::Seats& seats() const { return admission_->seats(); }

 private:
  Admission* admission_;
  std::size_t loop_;
  bool slot_is_mine_ = true;
};

// Who has been let in, from that moment on: a client's seats are counted before its next connection is looked at. Whoever
// wants the seat may be on another thread; the wire is touched on its own, and not once it is gone.
struct LoopSessions::Guest {
  Guest(Place given, Newcomer newcomer, const aio::any_io_executor& executor)
      : place(std::move(given)),
        wire(std::move(newcomer.socket)),
        target(std::make_shared<net::TcpWire*>(&wire)),
        seat(place.seats(), std::move(newcomer.address), newcomer.trusted, wake(executor, target),
             wire.round_trip()) {}

  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  ~Guest() {
    *target = nullptr;
    if (seat.resumes()) place.lost_slot();  // from here on it cannot be chosen any more
  }

  using Target = std::shared_ptr<net::TcpWire*>;

  static std::function<void()> wake(aio::any_io_executor executor, Target target) {
    return [executor = std::move(executor), target = std::move(target)] {
      aio::post(executor, [target] {
        if (*target != nullptr) (*target)->interrupt();
      });
    };
  }

  Place place;  // goes last
  net::TcpWire wire;
  Target target;
  stress::Seat seat;
};

// In the set as long as it lives.
class LoopSessions::Listed {
 public:
  Listed(std::set<net::TcpWire*>& wires, net::TcpWire& wire)
      : wires_(wires), wire_(wires.insert(&wire).first) {}

  Listed(const Listed&) = delete;
  Listed& operator=(const Listed&) = delete;

  ~Listed() { wires_.erase(wire_); }

 private:
  std::set<net::TcpWire*>& wires_;
  std::set<net::TcpWire*>::iterator wire_;
};

LoopSessions::LoopSessions(std::size_t loop, aio::any_io_executor executor, Services& services,
                           GenerationPtr generation, net::PeerNames& names, Admission& admission)
    : loop_(loop),
      executor_(std::move(executor)),
      services_(services),
      generation_(std::move(generation)),
      names_(names),
      admission_(admission) {}

void LoopSessions::begin(Newcomer newcomer, std::uint32_t number) {
  Place place(admission_, loop_);
  try {
    if (loop_ != 0) {
      Result<aio::ip::tcp::socket> moved = net::move_to(executor_, std::move(newcomer.socket));
      if (!moved)
        return say(Level::warning, fmt::format("session of {} not begun: {}", newcomer.address,
                                               moved.error().text()));
      newcomer.socket = std::move(*moved);
    }
    auto guest = std::make_unique<Guest>(std::move(place), std::move(newcomer), executor_);
    aio::co_spawn(executor_, serve(std::move(guest), number), aio::detached);
  } catch (const std::exception& error) {
    say(Level::error, fmt::format("session not begun: {}", error.what()));
  }
}

void LoopSessions::use(GenerationPtr generation) {
  aio::dispatch(executor_, [self = shared_from_this(), fresh = std::move(generation)]() mutable {
    self->generation_ = std::move(fresh);
  });
}

void LoopSessions::interrupt_all() {
  aio::dispatch(executor_, [self = shared_from_this()] {
    for (net::TcpWire* const wire : self->wires_) wire->interrupt();
  });
}

void LoopSessions::interrupt_content() {
  aio::dispatch(executor_, [self = shared_from_this()] {
    for (net::TcpWire* const wire : self->in_content_) wire->interrupt();
  });
}

void LoopSessions::close_all() {
  aio::dispatch(executor_, [self = shared_from_this()] {
    for (net::TcpWire* const wire : self->wires_) wire->close();
  });
}

void LoopSessions::say(Level level, std::string text) {
  Event event;
  event.program = Program::smtpd;
  event.level = level;
  event.text = std::move(text);
  services_.log.write(event);
}

// The slot is the session's as long as this, or until the seat is another's.
Task<void> LoopSessions::serve(std::unique_ptr<Guest> guest, std::uint32_t number) {
  std::string failure;
  try {
    const Listed listed(wires_, guest->wire);
    co_await hold_session(guest->wire, guest->seat, number);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (!failure.empty()) say(Level::error, fmt::format("session ended: {}", failure));
  guest.reset();  // the last: whoever waits for the end may take all this away
}

Task<Peer> LoopSessions::identify(const net::TcpWire& wire, const config::Settings& settings) {
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

// The first thing that is left out at level 2: the name in log lines and Received. Where a restriction asks for it, it is
// looked up all the same.
bool LoopSessions::skips_names() {
  return admission_.controller().level() >= stress::kSevere &&
         !generation_->stressed->needs_client_name;
}

Task<void> LoopSessions::hold_session(net::TcpWire& wire, stress::Seat& seat,
                                      std::uint32_t number) {
  States states(*this, seat, wire);
  const StatePtr state = states.current();
  const std::string service = generation_->policy.service;
  Peer peer = co_await identify(wire, *state->settings);
  Session session(number, service, std::move(peer), state);
  co_await talk(wire, session, states);
  states.note_messages(session);
  const bool for_nothing =
      session.messages_accepted == 0 && (seat.leaving() || admission_.controller().stressed());
  if (for_nothing && !is_trusted(session)) services_.stress.reputation.strike(session.peer.address);
}

Task<void> LoopSessions::talk(net::Wire& wire, Session& session, States& states) {
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
