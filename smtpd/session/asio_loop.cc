// Tested by asio_loop_test and tests/smtpd/net/turns_test.cc.
#include "smtpd/session/asio_loop.h"

#include <utility>

namespace headgate::session {

Task<void> AsioLoop::pause(std::chrono::milliseconds duration) {
  aio::steady_timer timer(co_await aio::this_coro::executor, duration);
  co_await timer.async_wait(kAsTuple);
}

Task<Result<void>> AsioLoop::off_loop(std::function<Result<void>()> work) {
  try {
    co_return co_await errands_.run(work);
  } catch (const std::exception&) {
    co_return fail(Code::bug, "exception in work off the loop");
  }
}

Task<Result<void>> AsioLoop::inspect(const void* tables, std::chrono::milliseconds patience,
                                     std::function<Result<void>()> work) {
  Result<void> done = co_await turns_.run(tables, patience, std::move(work));
  co_return done;
}

Task<Result<void>> AsioLoop::ask(const void* key, std::chrono::milliseconds patience,
                                 std::function<Result<void>()> work) {
  Result<void> done = co_await questions_.run(key, patience, std::move(work));
  co_return done;
}

}  // namespace headgate::session
