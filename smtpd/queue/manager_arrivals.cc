// How a message comes into the manager's hands: told of by who committed it, or found on disk; taken up, or put off.
// Tested by tests/smtpd/queue/manager_test.cc and tests/crash.
#include <algorithm>
#include <exception>

#include <fmt/format.h>

#include "smtpd/net/blocking.h"
#include "smtpd/queue/manager.h"
#include "smtpd/queue/manager_parts.h"

namespace headgate::queue {

void Manager::wake(std::string id) {
  aio::post(executor_, [this, id = std::move(id)] {
    if (active_.count(id) == 0) scheduler_.add(id, State::incoming, env_.steady());
    nudge();
  });
}

bool Manager::is_full() const {
  const std::size_t most = limit(settings_->qmgr_message_active_limit);
  return most != 0 && active_.size() >= most;
}

bool Manager::has_room() const {
  const std::optional<SteadyTime> due = scheduler_.next_due();
  return !stopping_ && !is_full() && !(due && *due <= env_.steady());
}

// Posted, so that the client has its 250 before the delivery begins.
void Manager::take(std::string id, std::shared_ptr<QueueFile> file) {
  aio::post(executor_, [this, id = std::move(id), file = std::move(file)] {
    if (stopping_) return;                                     // the next start finds it
    if (active_.count(id) != 0 || scheduler_.has(id)) return;  // a scan was quicker
    if (file == nullptr) {
      scheduler_.add(id, State::active, env_.steady() + settings_->minimal_backoff_time);
      return nudge();
    }
    // Nobody here knows it, so nobody can take its file away until it is in active_: what lies there now stays.
    if (!spool_.is_at(id, State::active, *file)) {
      scheduler_.add(id, State::incoming, env_.steady());
      return nudge();
    }
    if (is_full()) {
      scheduler_.add(id, State::active, env_.steady());
      return;
    }
    try {
      auto taken = std::make_shared<Active>();
      taken->id = id;
      taken->file = file;
      active_.emplace(id, taken);
      begin(taken);
    } catch (const std::exception&) {
      say(Level::error, "delivery was not begun; its message waits for the next start");
    }
  });
}

void Manager::look() {
  aio::post(executor_, [this] {
    look_wanted_ = true;
    nudge();
  });
}

// What lies on disk and is not known yet: everything at start, later what an administrator put
// back.
Task<void> Manager::scan(Extent extent) {
  struct Found {
    std::string id;
    State state;
    std::chrono::seconds wait;
  };

  const std::chrono::seconds longest = settings_->maximal_backoff_time;
  auto find = [this, longest, extent]() -> Result<std::vector<Found>> {
    std::vector<Found> found;
    TRY(incoming, spool_.list(State::incoming));
    for (const std::string& id : incoming)
      found.push_back({id, State::incoming, std::chrono::seconds(0)});
    TRY(active, spool_.list(State::active));
    for (const std::string& id : active)
      found.push_back({id, State::active, std::chrono::seconds(0)});
    if (extent == Extent::fresh) return found;
    TRY(deferred, spool_.list(State::deferred));
    const WallTime now = env_.wall();
    for (const std::string& id : deferred) {
      const auto when = spool_.next_attempt(id, State::deferred);
      if (!when) continue;
      const auto wait = std::chrono::duration_cast<std::chrono::seconds>(*when - now);
      found.push_back({id, State::deferred, std::clamp(wait, std::chrono::seconds(0), longest)});
    }
    return found;
  };
  const Result<std::vector<Found>> found = co_await net::run_blocking(pool_, find);
  if (!found) {
    say(Level::error, found.error().text());
    co_return;
  }
  const SteadyTime now = env_.steady();
  for (const Found& message : *found)
    if (active_.count(message.id) == 0)
      scheduler_.add(message.id, message.state, now + message.wait);
}

Task<void> Manager::take_up(ActivePtr message) {
  auto open = [this, &message]() -> Result<std::shared_ptr<QueueFile>> {
    if (message->state != State::active)
      TRY_OK(spool_.move(message->id, message->state, State::active));
    message->state = State::active;
    TRY(file, spool_.open(message->id, State::active));
    return std::make_shared<QueueFile>(std::move(file));
  };
  Result<std::shared_ptr<QueueFile>> file = co_await errands_.run(open);
  if (!file) {
    co_await put_off(message, std::move(file.error()));
    co_return;
  }
  message->file = std::move(*file);
  begin(message);
}

// The file could not be taken up: damaged, gone, or the disk failed.
Task<void> Manager::put_off(ActivePtr message, Error error) {
  bool gone = error.code == Code::not_found;  // an administrator removed it
  if (!gone) say(Level::warning, fmt::format("{}: {}", message->id, error.text()));
  if (error.code == Code::corrupt) {
    auto aside = [this, &message] { return spool_.set_aside(message->id, message->state); };
    const Result<void> moved = co_await errands_.run(aside);
    say(Level::warning,
        moved ? fmt::format("{}: moved to {}/corrupt", message->id, spool_.directory())
              : fmt::format("{}: {}", message->id, moved.error().text()));
    gone = moved.has_value();
  }
  forget(message->id);
  if (!gone)
    scheduler_.add(message->id, message->state, env_.steady() + settings_->minimal_backoff_time);
}

}  // namespace headgate::queue
