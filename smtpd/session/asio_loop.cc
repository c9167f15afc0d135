// The work becomes a coroutine on the pool; co_spawn brings the waiting one back to its own executor.
// Tested by asio_loop_test.
#include "smtpd/session/asio_loop.h"

#include <utility>

namespace headgate::session {
namespace {

Task<Result<void>> call(std::function<Result<void>()> work) { co_return work(); }

template <class Executor>
Task<Result<void>> run_on(Executor executor, std::function<Result<void>()> work) {
  Task<Result<void>> job = call(std::move(work));
  auto [failure, result] = co_await aio::co_spawn(executor, std::move(job), kAsTuple);
  if (failure) co_return fail(Code::bug, "exception in work off the loop");
  co_return std::move(result);
}

}  // namespace

Task<void> AsioLoop::pause(std::chrono::milliseconds duration) {
  aio::steady_timer timer(co_await aio::this_coro::executor, duration);
  co_await timer.async_wait(kAsTuple);
}

Task<Result<void>> AsioLoop::off_loop(std::function<Result<void>()> work) {
  return run_on(pool_.get_executor(), std::move(work));
}

// A place in the queue for some tables; the last one takes the queue away.
class AsioLoop::Turn {
 public:
  Turn(AsioLoop& loop, const void* tables) : loop_(loop), tables_(tables) {
    const std::lock_guard lock(loop_.mutex_);
    Queue fresh{Strand(loop_.inspectors_.get_executor())};
    queue_ = &loop_.queues_.try_emplace(tables, std::move(fresh)).first->second;
    ++queue_->users;
  }

  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  ~Turn() {
    const std::lock_guard lock(loop_.mutex_);
    if (--queue_->users == 0) loop_.queues_.erase(tables_);
  }

  [[nodiscard]] Strand strand() const { return queue_->strand; }

 private:
  AsioLoop& loop_;
  const void* const tables_;
  Queue* queue_ = nullptr;
};

Task<Result<void>> AsioLoop::inspect(const void* tables, std::function<Result<void>()> work) {
  const Turn turn(*this, tables);
  Result<void> done = co_await run_on(turn.strand(), std::move(work));
  co_return done;
}

}  // namespace headgate::session
