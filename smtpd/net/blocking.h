// run_blocking: work that waits for the disk, done by a thread pool while the coroutine sleeps; it wakes on its own executor,
// with the answer. Work that may not end is not for it: turns.h.
//   Lifetime  `work` belongs to the awaiting frame: name it on a line of its own (docs/style.md §4).
//   Threads   the work runs on one of the pool's threads, alone.
//   Errors    what the work throws is thrown to who waits.
#pragma once

#include <type_traits>

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

}  // namespace headgate::net
