// Gathering: blocking work of several loops, many pieces at a time: a thread of a pool takes what has gathered until it begins,
// and goes on until nothing is left. As Batcher, for who waits on more than one loop: what is dear by the call (fsync of a
// directory, a wake-up) is done once for all of them. As long as batches take longer than kSlow there may be `most` threads:
// one batch after the other would bound the rate on a slow disk, and on a fast one more batches are only smaller and dearer.
//   Ownership an Item belongs to the coroutine that awaits run(); `work` gets pointers for the call.
//   Lifetime  the pool's threads must be joined before the Gathering goes, and every loop must live as long.
//   Threads   run() on any; it comes back on the executor of who waits. `work` on the pool's, `most` at the same time.
//   Errors    `work` tells each Item how it went. If it throws, Item::fail(exception_ptr) is called for the whole batch.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "engine/base/env.h"
#include "smtpd/net/aio.h"
#include "smtpd/net/waiter.h"

namespace headgate::net {

template <class Item>
class Gathering {
 public:
  using Work = std::function<void(std::span<Item* const>)>;
  static constexpr std::chrono::milliseconds kSlow{10};

  Gathering(aio::thread_pool& pool, std::size_t most, const Env& env, Work work)
      : pool_(pool), most_(most), env_(env), work_(std::move(work)) {}

  Gathering(const Gathering&) = delete;
  Gathering& operator=(const Gathering&) = delete;

  // `home`: the loop of who waits.
  Task<void> run(aio::any_io_executor home, Item& item) {
    const auto add_to_next = [this, &home, &item](WaiterPtr waiter) {
      add(Waiting(home, item, std::move(waiter)));
    };
    Suspend suspend(add_to_next);
    co_await aio::async_initiate<const aio::use_awaitable_t<>, void()>(suspend, aio::use_awaitable);
  }

 private:
  struct Waiting {
    Waiting(aio::any_io_executor his, Item& its, WaiterPtr who)
        : home(std::move(his)), item(&its), waiter(std::move(who)) {}

    aio::any_io_executor home;
    Item* item;
    WaiterPtr waiter;
  };

  using Batch = std::vector<Waiting>;

  void add(Waiting waiting) {
    const std::lock_guard lock(mutex_);
    next_.push_back(std::move(waiting));
    if (under_way_ >= (slow_ ? most_ : 1)) return;
    try {
      aio::post(pool_, [this] { work_off(); });
    } catch (...) {  // who waits would be told twice
      next_.pop_back();
      throw;
    }
    ++under_way_;
  }

  // On a thread of the pool.
  void work_off() {
    for (Batch batch = take(); !batch.empty(); batch = take()) {
      const SteadyTime began = env_.steady();
      try {
        std::vector<Item*> items;
        for (const Waiting& one : batch) items.push_back(one.item);
        work_(std::span<Item* const>(items));
      } catch (...) {
        for (const Waiting& one : batch) one.item->fail(std::current_exception());
      }
      slow_ = env_.steady() - began > kSlow;
      hand_back(std::move(batch));
    }
  }

  // What is there. Nothing: this thread's work is at its end, as it is where a single one is enough again.
  Batch take() {
    const std::lock_guard lock(mutex_);
    if (!next_.empty() && (slow_ || under_way_ == 1)) return std::exchange(next_, Batch());
    --under_way_;
    return {};
  }

  // One wake-up a loop.
  static void hand_back(Batch batch) {
    while (!batch.empty()) {
      const aio::any_io_executor home = batch.front().home;
      auto theirs = std::make_shared<Batch>();
      Batch others;
      for (Waiting& one : batch) (one.home == home ? *theirs : others).push_back(std::move(one));
      aio::post(home, [theirs] {
        for (const Waiting& one : *theirs) one.waiter->resume();
      });
      batch = std::move(others);
    }
  }

  aio::thread_pool& pool_;
  const std::size_t most_;
  const Env& env_;
  const Work work_;
  std::atomic<bool> slow_ = false;
  std::mutex mutex_;
  Batch next_;
  std::size_t under_way_ = 0;
};

}  // namespace headgate::net
