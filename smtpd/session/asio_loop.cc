// How it works: net/blocking.h. A set of tables in use has a queue, a queue has a thread; idle threads are kept.
// Tested by asio_loop_test.
#include "smtpd/session/asio_loop.h"

#include <utility>

#include <fmt/format.h>

#include "smtpd/net/blocking.h"

namespace headgate::session {

Task<void> AsioLoop::pause(std::chrono::milliseconds duration) {
  aio::steady_timer timer(co_await aio::this_coro::executor, duration);
  co_await timer.async_wait(kAsTuple);
}

Task<Result<void>> AsioLoop::off_loop(std::function<Result<void>()> work) {
  try {
    co_return co_await net::run_blocking(pool_, work);
  } catch (const std::exception&) {
    co_return fail(Code::bug, "exception in work off the loop");
  }
}

// A place in the queue for some tables; the last one takes the queue away and leaves its thread to others.
class AsioLoop::Turn {
 public:
  Turn(AsioLoop& loop, const void* tables) : loop_(loop), tables_(tables) {
    const std::lock_guard lock(loop_.mutex_);
    const auto [at, fresh] = loop_.queues_.try_emplace(tables);
    queue_ = &at->second;
    if (fresh && !loop_.give_thread(*queue_)) {
      loop_.queues_.erase(at);
      queue_ = nullptr;
    } else {
      ++queue_->users;
    }
  }

  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  ~Turn() {
    if (queue_ == nullptr) return;
    const std::lock_guard lock(loop_.mutex_);
    if (--queue_->users > 0) return;
    loop_.idle_.push_back(std::move(queue_->thread));
    loop_.queues_.erase(tables_);
  }

  // nullptr when no thread was to be had.
  [[nodiscard]] aio::thread_pool* thread() const {
    return queue_ == nullptr ? nullptr : queue_->thread.get();
  }

 private:
  AsioLoop& loop_;
  const void* const tables_;
  Queue* queue_ = nullptr;
};

bool AsioLoop::give_thread(Queue& queue) {
  if (!idle_.empty()) {
    queue.thread = std::move(idle_.back());
    idle_.pop_back();
    return true;
  }
  try {
    idle_.reserve(threads_ + 1);  // there is room when it comes back
    queue.thread = std::make_unique<aio::thread_pool>(1);
  } catch (const std::exception&) {
    return false;
  }
  ++threads_;
  return true;
}

Task<Result<void>> AsioLoop::inspect(const void* tables, std::chrono::milliseconds patience,
                                     std::function<Result<void>()> work) {
  const Turn turn(*this, tables);
  if (turn.thread() == nullptr)
    co_return fail(Code::limit, "cannot start a thread for content checks");
  const auto guarded = [&work]() -> Result<void> {
    try {
      return work();
    } catch (const std::exception& error) {
      return fail(Code::bug, fmt::format("exception in a content check: {}", error.what()));
    }
  };
  std::optional<Result<void>> done = co_await net::run_in_turn(*turn.thread(), patience, guarded);
  if (!done)
    co_return fail(Code::timeout,
                   fmt::format("content checks were busy with other messages for {}s",
                               patience.count() / 1000));
  co_return std::move(*done);
}

}  // namespace headgate::session
