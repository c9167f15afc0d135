// Waiter: a coroutine that waits until somebody calls resume(): what Batcher and Gathering keep of who waits for a batch.
//   Use       `const auto add = [..](WaiterPtr waiter) { .. };  Suspend suspend(add);
//             co_await aio::async_initiate<const aio::use_awaitable_t<>, void()>(suspend, aio::use_awaitable);`
//   Ownership a WaiterPtr owns the suspended coroutine until it is resumed.
//   Threads   resume() once, on the coroutine's own executor.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace headgate::net {

class Waiter {
 public:
  Waiter() = default;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  virtual ~Waiter() = default;
  virtual void resume() = 0;
};

using WaiterPtr = std::unique_ptr<Waiter>;

template <class Handler>
class WaiterOf final : public Waiter {
 public:
  explicit WaiterOf(Handler handler) : handler_(std::move(handler)) {}

  void resume() override { std::move(handler_)(); }

 private:
  Handler handler_;
};

// What async_initiate() calls when the coroutine is suspended: `add` gets who waits.
template <class Add>
class Suspend {
 public:
  explicit Suspend(Add add) : add_(std::move(add)) {}

  template <class Handler>
  void operator()(Handler&& handler) const {
    add_(std::make_unique<WaiterOf<std::decay_t<Handler>>>(std::forward<Handler>(handler)));
  }

 private:
  Add add_;
};

}  // namespace headgate::net
