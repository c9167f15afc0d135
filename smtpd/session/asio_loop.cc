// The work becomes a coroutine on the pool; co_spawn brings the waiting one back to its own executor.
// Tested by asio_loop_test.
#include "smtpd/session/asio_loop.h"

#include <utility>

namespace headgate::session {
namespace {

Task<Result<void>> call(std::function<Result<void>()> work) { co_return work(); }

Task<Result<void>> run_on(aio::thread_pool& pool, std::function<Result<void>()> work) {
  Task<Result<void>> job = call(std::move(work));
  auto [failure, result] = co_await aio::co_spawn(pool.get_executor(), std::move(job), kAsTuple);
  if (failure) co_return fail(Code::bug, "exception in work off the loop");
  co_return std::move(result);
}

}  // namespace

Task<void> AsioLoop::pause(std::chrono::milliseconds duration) {
  aio::steady_timer timer(co_await aio::this_coro::executor, duration);
  co_await timer.async_wait(kAsTuple);
}

Task<Result<void>> AsioLoop::off_loop(std::function<Result<void>()> work) {
  return run_on(pool_, std::move(work));
}

Task<Result<void>> AsioLoop::inspect(std::function<Result<void>()> work) {
  return run_on(inspection_, std::move(work));
}

}  // namespace headgate::session
