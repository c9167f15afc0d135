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
    Join join(*this, std::move(home), item);
    co_await aio::async_initiate<const aio::use_awaitable_t<>, void()>(join, aio::use_awaitable);
  }

 private:
  struct Waiter {
    explicit Waiter(aio::any_io_executor home_) : home(std::move(home_)) {}

    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    virtual ~Waiter() = default;
    virtual void resume() = 0;

    aio::any_io_executor home;
    Item* item = nullptr;
  };

  template <class Handler>
  struct HandlerOf final : Waiter {
    HandlerOf(aio::any_io_executor where, Handler handler)
        : Waiter(std::move(where)), handler_(std::move(handler)) {}

    void resume() override { std::move(handler_)(); }

    Handler handler_;
  };

  using Waiters = std::vector<std::unique_ptr<Waiter>>;

  // What async_initiate() calls when the coroutine is suspended.
  class Join {
   public:
    Join(Gathering& gathering, aio::any_io_executor home, Item& item)
        : gathering_(gathering), home_(std::move(home)), item_(item) {}

    template <class Handler>
    void operator()(Handler&& handler) const {
      using Holder = HandlerOf<std::decay_t<Handler>>;
      gathering_.add(item_, std::make_unique<Holder>(home_, std::forward<Handler>(handler)));
    }

   private:
    Gathering& gathering_;
    aio::any_io_executor home_;
    Item& item_;
  };

  void add(Item& item, std::unique_ptr<Waiter> waiter) {
    waiter->item = &item;
    const std::lock_guard lock(mutex_);
    next_.push_back(std::move(waiter));
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
    for (Waiters batch = take(); !batch.empty(); batch = take()) {
      const SteadyTime began = env_.steady();
      try {
        std::vector<Item*> items;
        for (const auto& waiter : batch) items.push_back(waiter->item);
        work_(std::span<Item* const>(items));
      } catch (...) {
        for (const auto& waiter : batch) waiter->item->fail(std::current_exception());
      }
      slow_ = env_.steady() - began > kSlow;
      hand_back(std::move(batch));
    }
  }

  // What is there. Nothing: this thread's work is at its end, as it is where a single one is enough again.
  Waiters take() {
    const std::lock_guard lock(mutex_);
    if (!next_.empty() && (slow_ || under_way_ == 1)) return std::exchange(next_, Waiters());
    --under_way_;
    return {};
  }

  // One wake-up a loop.
  static void hand_back(Waiters waiters) {
    while (!waiters.empty()) {
      const aio::any_io_executor home = waiters.front()->home;
      auto theirs = std::make_shared<Waiters>();
      Waiters others;
      for (std::unique_ptr<Waiter>& waiter : waiters)
        (waiter->home == home ? *theirs : others).push_back(std::move(waiter));
      aio::post(home, [theirs] {
        for (const auto& waiter : *theirs) waiter->resume();
      });
      waiters = std::move(others);
    }
  }

  aio::thread_pool& pool_;
  const std::size_t most_;
  const Env& env_;
  const Work work_;
  std::atomic<bool> slow_ = false;
  std::mutex mutex_;
  Waiters next_;
  std::size_t under_way_ = 0;
};

}  // namespace headgate::net
