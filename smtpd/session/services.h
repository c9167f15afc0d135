// What a conversation needs from the house, as interfaces: the queue behind its door, the loop it runs on, the settings
// in force. Tests put fakes here; the split into processes will put channels here.
//   Lifetime  Services borrows everything; it outlives the sessions.          Threads  the loop's.
//   Source    architecture.md §1 (doors), D10.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/env.h"
#include "engine/base/error.h"
#include "engine/base/event.h"
#include "smtpd/net/aio.h"
#include "smtpd/queue/writer.h"
#include "smtpd/session/service_state.h"
#include "smtpd/stress/house.h"

namespace headgate::session {

class Session;

// Door 2: a message is handed over.
class QueueDoor {
 public:
  QueueDoor() = default;
  QueueDoor(const QueueDoor&) = delete;
  QueueDoor& operator=(const QueueDoor&) = delete;
  virtual ~QueueDoor() = default;

  // Makes it durable, with others that are ready at the same time; a Result that says so is the queue's promise. Unless it
  // is held, it is then delivered.
  virtual Task<Result<void>> commit(queue::Commit& message) = 0;
};

// Time and the disk, without holding up the other sessions.
class Loop {
 public:
  Loop() = default;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  virtual ~Loop() = default;

  virtual Task<void> pause(std::chrono::milliseconds duration) = 0;
  // Runs blocking work elsewhere and comes back.
  virtual Task<Result<void>> off_loop(std::function<Result<void>()> work) = 0;

  // The same for the content checks. Tables have one owner: of those who name the same `tables`, one at a time. A pattern
  // that takes long holds up other messages that the same tables look at, but no dialogue, no timer and no signal. Where
  // nothing moves for `patience` work that has not begun never will: Code::timeout; see net::Turns.
  virtual Task<Result<void>> inspect(const void* tables, std::chrono::milliseconds patience,
                                     std::function<Result<void>()> work) = 0;

  // The same for questions to tables that wait for other programs: of one `key` several at a time
  // (access::AccessPool::kCopies).
  virtual Task<Result<void>> ask(const void* key, std::chrono::milliseconds patience,
                                 std::function<Result<void>()> work) = 0;
};

// Which of its service's two states a session shall use from now on; asked at each command. A mail transaction stays with
// the configuration and the tables that it began with: refresh() is called outside of one.
class StateSource {
 public:
  StateSource() = default;
  StateSource(const StateSource&) = delete;
  StateSource& operator=(const StateSource&) = delete;
  virtual ~StateSource() = default;
  virtual StatePtr current() = 0;

  // From now on current() gives what the last reload brought.
  virtual void refresh() {}

  // Around a wait for the client's next command. resumes() gives how long the session had been idle when it was chosen to
  // make room for another: it must end now (421).
  virtual void waits(const Session& session) { static_cast<void>(session); }

  virtual std::optional<std::chrono::milliseconds> resumes() { return std::nullopt; }

  // Content of a message is being read from now on, until waits(). When the service goes into stress meanwhile, the read
  // fails with Code::cancelled and the deadline is to be set anew.
  virtual void begins_content() {}

  // At level 2, and for a client that is not known good: how long content may stand still.
  virtual std::optional<std::chrono::milliseconds> content_patience() { return std::nullopt; }

  // The server is stopping: end the session at the next pause in its dialogue.
  [[nodiscard]] virtual bool stopping() const = 0;
};

struct Services {
  Services(queue::Spool& s, QueueDoor& q, Loop& l, Env& e, EventSink& g, stress::House& h)
      : spool(s), queue(q), loop(l), env(e), log(g), stress(h) {}

  queue::Spool& spool;
  QueueDoor& queue;
  Loop& loop;
  Env& env;
  EventSink& log;
  stress::House& stress;
};

}  // namespace headgate::session
