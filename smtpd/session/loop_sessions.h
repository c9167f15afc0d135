// LoopSessions: the sessions of one service on one event loop. What belongs to that loop is here: the tables that they ask,
// the connections, which of them are in the middle of content. What the service's loops share is behind Admission.
//   Lifetime  borrows Services, PeerNames and Admission, which must be there until ended() was called for each session.
//             Held by shared_ptr: what was asked of it may arrive when it is not needed any more.
//   Threads   all public functions: any; they are done on the loop, in the order of the calls of one thread.
//   Errors    what a session throws ends it, and is logged.
//   Source    smtpd.md §2.6, §3.1; docs/house.md.
#pragma once

#include <memory>
#include <set>
#include <vector>

#include "smtpd/net/peer_name.h"
#include "smtpd/net/tcp_wire.h"
#include "smtpd/session/converse.h"
#include "smtpd/session/waiting_room.h"
#include "smtpd/stress/controller.h"
#include "smtpd/stress/seats.h"

namespace headgate::session {

// What one load of the configuration and of the tables made of a service, for one loop: tables have one owner. A session
// takes a new one between messages.
struct Generation {
  StatePtr calm, stressed;
  std::int64_t maxproc = 100;
  stress::Policy policy;
};

using GenerationPtr = std::shared_ptr<const Generation>;
using Generations = std::vector<GenerationPtr>;  // one a loop, in the order of SessionLoops

// What a session needs of who has let it in. Threads: any.
class Admission {
 public:
  Admission() = default;
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;
  virtual ~Admission() = default;

  [[nodiscard]] virtual bool stopping() const = 0;
  virtual stress::Seats& seats() = 0;
  virtual stress::Controller& controller() = 0;

  // A session has begun to wait for its client: it may make room for another.
  virtual void one_waits() = 0;
  // The last word of a session. `slot_is_mine`: it has not been sent away for another, which has the slot.
  virtual void ended(std::size_t loop, bool slot_is_mine) = 0;
};

class LoopSessions : public std::enable_shared_from_this<LoopSessions> {
 public:
  LoopSessions(std::size_t loop, aio::any_io_executor executor, Services& services,
               GenerationPtr generation, net::PeerNames& names, Admission& admission);

  // Its slot is taken; ended() gives it back, also where it cannot begin. `number` stands in the brackets of its log lines.
  void begin(Newcomer newcomer, std::uint32_t number);

  void use(GenerationPtr generation);
  void interrupt_all();      // they look whether the server is stopping
  void interrupt_content();  // those that are in content look at the level of stress
  void close_all();

 private:
  class States;
  class Listed;
  class Place;
  struct Guest;

  Task<void> serve(std::unique_ptr<Guest> guest, std::uint32_t number);
  Task<void> hold_session(net::TcpWire& wire, stress::Seat& seat, std::uint32_t number);
  Task<Peer> identify(const net::TcpWire& wire, const config::Settings& settings);
  Task<void> talk(net::Wire& wire, Session& session, States& states);
  [[nodiscard]] bool skips_names();
  void say(Level level, std::string text);

  const std::size_t loop_;
  const aio::any_io_executor executor_;
  Services& services_;
  GenerationPtr generation_;
  net::PeerNames& names_;
  Admission& admission_;
  std::set<net::TcpWire*> wires_, in_content_;
};

}  // namespace headgate::session
