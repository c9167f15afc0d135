// Tested by tests/smtpd/net/turns_test.cc and tests/e2e/endless_check_test.py.
#include "smtpd/net/turns.h"

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

namespace headgate::net {

using namespace std::chrono_literals;

struct Turns::Waiter {
  Waiter(const aio::any_io_executor& executor, std::string_view thread, Work what)
      : bell(executor),
        joined(std::chrono::steady_clock::now()),
        of(thread),
        work(std::move(what)) {}

  aio::steady_timer bell;  // this and `done`: only on its executor
  bool done = false;
  const Time joined;
  const std::string_view of;  // Words::thread
  const Work work;
  Result<void> result;  // this and the next: before `done` the thread's
  std::exception_ptr thrown;
  bool begun = false;

  // Not on the thread: what there is no memory for cannot be told there.
  [[nodiscard]] Error exception() const {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
      return {Code::bug, fmt::format("exception in a {}: {}", of, error.what()), {}};
    } catch (...) {
      return {Code::bug, fmt::format("exception in a {}", of), {}};
    }
  }
};

Task<Result<void>> Turns::run(const void* key, std::chrono::milliseconds patience, Work work) {
  const auto home = co_await aio::this_coro::executor;
  const WaiterPtr waiter = std::make_shared<Waiter>(home, words_.thread, std::move(work));
  waiter->bell.expires_after(std::min(patience, longest_wait_));
  if (!join_queue(key, waiter))
    co_return fail(Code::limit, fmt::format("cannot start a thread: {}", words_.thread));
  for (;;) {
    co_await waiter->bell.async_wait(kAsTuple);
    if (waiter->done) break;
    const std::optional<Time> later = until(key, *waiter, patience);
    if (!later)
      co_return fail(Code::timeout,
                     fmt::format("{} for {}s", words_.busy,
                                 (std::chrono::steady_clock::now() - waiter->joined) / 1s));
    waiter->bell.expires_at(*later);
  }
  if (waiter->thrown) co_return tl::unexpected(waiter->exception());
  co_return std::move(waiter->result);
}

bool Turns::join_queue(const void* key, const WaiterPtr& waiter) {
  const std::lock_guard lock(mutex_);
  Queue& queue = queues_[key];
  queue.waiting.push_back(waiter);
  if (queue.threads < threads_of_a_key_) hire(key, queue);
  if (queue.threads > 0) return true;
  queues_.erase(key);
  return false;
}

// A thread more for the key, when one can be had; under the mutex.
void Turns::hire(const void* key, Queue& queue) {
  try {
    if (idle_.empty()) {
      idle_.reserve(threads_.size() + 1);  // for all of them
      threads_.push_back(std::make_unique<Thread>(1));
      idle_.push_back(threads_.back().get());
      aio::post(*idle_.back(), [name = std::string(words_.thread)] {
        ::pthread_setname_np(::pthread_self(), name.c_str());
      });
    }
    Thread* thread = idle_.back();
    aio::post(*thread, [this, key, thread] { serve(key, *thread); });  // it waits for the mutex
    idle_.pop_back();
    if (queue.threads++ == 0) queue.moved = std::chrono::steady_clock::now();
  } catch (const std::exception&) {  // no memory or no thread: those it has will do
  }
}

// How long it has to wait on; nullopt when it is given up.
std::optional<Turns::Time> Turns::until(const void* key, const Waiter& waiter,
                                        std::chrono::milliseconds patience) {
  const std::lock_guard lock(mutex_);
  if (waiter.begun) return Time::max();
  Queue& queue = queues_[key];
  const Time end = std::min(queue.moved + patience, waiter.joined + longest_wait_);
  if (end > std::chrono::steady_clock::now()) return end;
  std::erase_if(queue.waiting,
                [&waiter](const WaiterPtr& other) { return other.get() == &waiter; });
  return std::nullopt;
}

void Turns::serve(const void* key, Thread& thread) {
  std::unique_lock lock(mutex_);
  Queue& queue = queues_[key];
  while (!queue.waiting.empty()) {
    WaiterPtr waiter = std::move(queue.waiting.front());
    queue.waiting.pop_front();
    waiter->begun = true;
    queue.moved = std::chrono::steady_clock::now();
    lock.unlock();
    try {
      waiter->result = waiter->work();
    } catch (...) {
      waiter->thrown = std::current_exception();
    }
    const auto home = waiter->bell.get_executor();
    aio::post(home, [waiter = std::move(waiter)] {
      waiter->done = true;
      waiter->bell.cancel();
    });
    lock.lock();
    queue.moved = std::chrono::steady_clock::now();
  }
  if (--queue.threads == 0) queues_.erase(key);
  idle_.push_back(&thread);
}

}  // namespace headgate::net
