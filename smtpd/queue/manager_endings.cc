// How a message that was taken up leaves active/: removed, deferred, or kept in hold/.
// Tested by tests/smtpd/queue/manager_test.cc and tests/crash.
#include <algorithm>

#include <fmt/format.h>

#include "smtpd/queue/manager.h"
#include "smtpd/queue/manager_parts.h"

namespace headgate::queue {

namespace {

std::chrono::seconds age_of(const Envelope& envelope, WallTime now) {
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - envelope.arrival);
  return std::max(age, std::chrono::seconds(0));  // a clock that was set back makes nobody unborn
}

}  // namespace

// Every job of the message has ended: remove it, keep it, or try again later.
Task<void> Manager::conclude(ActivePtr message) {
  const auto& recipients = message->file->envelope().recipients;
  if (message->corrupt) {
    Error damaged{Code::corrupt, "content is damaged", spool_.path(message->id, message->state)};
    co_await put_off(message, std::move(damaged));
    co_return;
  }
  if (std::any_of(recipients.begin(), recipients.end(),
                  [](const Recipient& r) { return !r.done; })) {
    co_await defer(message);
    co_return;
  }
  if (std::any_of(recipients.begin(), recipients.end(),
                  [](const Recipient& r) { return r.failed; })) {
    co_await keep_in_hold(message, message->failure);
    co_return;
  }
  co_await remove(message, nullptr);
}

// `last`: the delivery that took all who were left. If the file cannot go they are struck in it, so that they do not get
// it again.
Task<void> Manager::remove(ActivePtr message, std::shared_ptr<Job> last) {
  auto unlink = [this, &message, &last]() -> Result<void> {
    const long holders = last == nullptr ? 1 : 2;
    const bool kept = message->file.use_count() == holders &&
                      spool_.recycle(message->id, State::active, *message->file);
    const Result<void> gone = kept ? Result<void>() : spool_.remove(message->id, State::active);
    if (gone) {  // closed here, because it is the last close that frees the blocks
      message->file.reset();
      if (last != nullptr) last->delivery.file.reset();
    }
    if (gone || gone.error().code == Code::not_found || last == nullptr) return gone;
    for (const std::size_t recipient : last->delivery.recipients)
      TRY_OK(message->file->mark(recipient, RecipientState::done));
    TRY_OK(message->file->sync());
    return gone;
  };
  const Result<void> removed = co_await removals_.run(unlink);
  if (removed || removed.error().code == Code::not_found)
    say_of(message->id, "removed", "removed", {});
  else
    say(Level::error, fmt::format("{}: {}", message->id, removed.error().text()));
  forget(message->id);
}

Task<void> Manager::defer(ActivePtr message) {
  const Envelope& envelope = message->file->envelope();
  const WallTime now = env_.wall();
  const std::chrono::seconds age = age_of(envelope, now);
  const auto lifetime = envelope.sender.empty() ? settings_->bounce_queue_lifetime
                                                : settings_->maximal_queue_lifetime;
  if (expired(age, lifetime)) {
    say_of(message->id, "expired",
           fmt::format("from=<{}>, status=expired, kept in hold", envelope.sender), {});
    co_await keep_in_hold(message, "it could not be delivered within maximal_queue_lifetime");
    co_return;
  }
  const std::chrono::seconds wait =
      backoff(age, settings_->minimal_backoff_time, settings_->maximal_backoff_time);
  auto put_back = [&]() -> Result<void> {
    TRY_OK(spool_.set_next_attempt(message->id, State::active, now + wait));
    TRY_OK(spool_.move(message->id, State::active, State::deferred));
    message->state = State::deferred;
    return {};
  };
  const Result<void> moved = co_await errands_.run(put_back);
  if (!moved) say(Level::error, fmt::format("{}: {}", message->id, moved.error().text()));
  forget(message->id);
  if (!moved && moved.error().code == Code::not_found) co_return;
  scheduler_.add(message->id, message->state, env_.steady() + wait);
}

Task<void> Manager::keep_in_hold(ActivePtr message, std::string reason) {
  auto hold = [&] { return spool_.move(message->id, State::active, State::hold); };
  const Result<void> moved = co_await errands_.run(hold);
  say(Level::warning,
      moved ? fmt::format("{}: kept in {} instead of being returned to its sender: {}", message->id,
                          spool_.path(State::hold), reason)
            : fmt::format("{}: {}", message->id, moved.error().text()));
  forget(message->id);
  if (!moved)
    scheduler_.add(message->id, State::active, env_.steady() + settings_->minimal_backoff_time);
}

}  // namespace headgate::queue
