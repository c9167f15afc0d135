// Work that waits for the disk or takes long, done by a thread pool while the coroutine sleeps; it wakes on its own
// executor, which must be that of a single thread, with the answer.
//   run_blocking  whenever a thread is free.
//   run_in_turn   when one is free within `patience`; otherwise nothing, and the work is never begun. For pools whose work
//                 may not end.
//   Lifetime  `work` belongs to the awaiting frame: name it on a line of its own (docs/style.md §4).
//   Threads   the work runs on one of the pool's threads, alone.
//   Errors    what the work throws is thrown to who waits.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "smtpd/net/aio.h"

namespace headgate::net {

template <class Work>
Task<std::invoke_result_t<Work&>> call_work(Work& work) {
  co_return work();
}

template <class Work>
Task<std::invoke_result_t<Work&>> run_blocking(aio::thread_pool& pool, Work& work) {
  co_return co_await aio::co_spawn(pool.get_executor(), call_work(work), aio::use_awaitable);
}

// Outlives the waiting frame when that has given up.
template <class Answer>
struct Turn {
  std::atomic<bool> decided = false;  // begun, or given up
  std::optional<Answer> answer;
  std::exception_ptr thrown;
  std::optional<aio::steady_timer> bell;  // this and the next: only where the waiting one runs
  bool done = false;
};

template <class Work, class Answer = std::invoke_result_t<Work&>>
Task<std::optional<Answer>> run_in_turn(aio::thread_pool& pool, std::chrono::milliseconds patience,
                                        Work& work) {
  const auto home = co_await aio::this_coro::executor;
  const auto turn = std::make_shared<Turn<Answer>>();
  turn->bell.emplace(home, patience);
  aio::post(pool, [turn, home, &work] {
    if (turn->decided.exchange(true)) return;
    try {
      turn->answer.emplace(work());
    } catch (...) {
      turn->thrown = std::current_exception();
    }
    aio::post(home, [turn] {
      turn->done = true;
      turn->bell->cancel();
    });
  });
  co_await turn->bell->async_wait(kAsTuple);
  if (!turn->done && !turn->decided.exchange(true)) {
    turn->bell.reset();
    co_return std::nullopt;
  }
  turn->bell->expires_at(aio::steady_timer::time_point::max());
  while (!turn->done) co_await turn->bell->async_wait(kAsTuple);
  if (turn->thrown) std::rethrow_exception(turn->thrown);
  co_return std::move(turn->answer);
}

}  // namespace headgate::net
