// Batcher: blocking work off the loop, many pieces at a time: while batches are under way the next one gathers. A batch
// costs one hand-over to a thread and one back, however many wait for it, and work that is dear by the call and not by the
// piece (fsync of a directory) is done once for all of them.
//   Ownership an Item belongs to the coroutine that awaits run(); `work` gets pointers for the call.
//   Lifetime  the pool's threads must be joined before the Batcher or the executor goes.
//   Threads   run() on the one thread of `home`, where it also comes back; `work` on the pool's, `most` batches at
//             the same time.
//   Errors    `work` tells each Item how it went. If it throws, Item::fail(exception_ptr) is called for the whole batch.
//   Cost      the first piece of work waits for the loop's other ready handlers, so that they can join it, or for as long
//             as `linger` says: work that nobody waits for need not cost a hand-over a piece.
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "smtpd/net/aio.h"
#include "smtpd/net/waiter.h"

namespace headgate::net {

template <class Item>
class Batcher {
 public:
  using Work = std::function<void(std::span<Item* const>)>;

  Batcher(aio::any_io_executor home, aio::thread_pool& pool, std::size_t most, Work work,
          std::chrono::milliseconds linger = {})
      : home_(std::move(home)),
        pool_(pool),
        most_(most),
        work_(std::move(work)),
        linger_(linger),
        timer_(home_) {}

  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  Task<void> run(Item& item) {
    const auto add_to_next = [this, &item](WaiterPtr waiter) { add(item, std::move(waiter)); };
    Suspend suspend(add_to_next);
    co_await aio::async_initiate<const aio::use_awaitable_t<>, void()>(suspend, aio::use_awaitable);
  }

 private:
  struct Batch {
    std::vector<Item*> items;
    std::vector<WaiterPtr> waiters;
  };

  void add(Item& item, WaiterPtr waiter) {
    next_.items.push_back(&item);
    next_.waiters.push_back(std::move(waiter));
    start_later();
  }

  void start_later() {
    if (starting_ || under_way_ == most_ || next_.items.empty()) return;
    starting_ = true;
    if (linger_.count() == 0) return aio::post(home_, [this] { start(); });
    timer_.expires_after(linger_);
    timer_.async_wait([this](const aio::error_code& error) {
      if (!error) start();
    });
  }

  void start() {
    starting_ = false;
    ++under_way_;
    auto batch = std::make_shared<Batch>(std::exchange(next_, Batch()));
    aio::post(pool_, [this, batch = std::move(batch)] { work_off(batch); });
  }

  // On a thread of the pool.
  void work_off(std::shared_ptr<Batch> batch) {
    try {
      work_(std::span<Item* const>(batch->items));
    } catch (...) {
      for (Item* item : batch->items) item->fail(std::current_exception());
    }
    aio::post(home_, [this, batch = std::move(batch)] { finish(*batch); });
  }

  void finish(Batch& batch) {
    --under_way_;
    start_later();
    for (const auto& waiter : batch.waiters) waiter->resume();
  }

  aio::any_io_executor home_;
  aio::thread_pool& pool_;
  const std::size_t most_;
  Work work_;
  const std::chrono::milliseconds linger_;
  aio::steady_timer timer_;
  Batch next_;
  std::size_t under_way_ = 0;
  bool starting_ = false;
};

// One piece of blocking work of any kind, and what became of it.
class Errand {
 public:
  explicit Errand(std::function<void()> work) : work_(std::move(work)) {}

  void fail(std::exception_ptr thrown) { thrown_ = std::move(thrown); }

  void run() {
    try {
      work_();
    } catch (...) {
      fail(std::current_exception());
    }
  }

  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  std::function<void()> work_;
  std::exception_ptr thrown_;
};

// Errands in batches: short blocking calls (open, rename, unlink), one after another, in up to `most` batches at a time. For what blocks long and may as well
// happen at the same time, there is run_blocking().
class Errands {
 public:
  Errands(aio::any_io_executor home, aio::thread_pool& pool, std::size_t most = 1,
          std::chrono::milliseconds linger = {})
      : batcher_(
            std::move(home), pool, most,
            [](std::span<Errand* const> errands) {
              for (Errand* errand : errands) errand->run();
            },
            linger) {}

  // `work` belongs to the awaiting frame; what it throws is thrown to who waits.
  template <class Work>
  Task<std::invoke_result_t<Work&>> run(Work& work) {
    std::optional<std::invoke_result_t<Work&>> result;
    Errand errand([&] { result.emplace(work()); });
    co_await batcher_.run(errand);
    errand.rethrow();
    co_return std::move(*result);
  }

 private:
  Batcher<Errand> batcher_;
};

}  // namespace headgate::net
