// The only door to Asio (standalone 1.22.1): Task, the I/O context, and nothing that a later change of library would
// have to hunt for elsewhere. The three coroutine rules of docs/style.md §4 hold wherever this is included.
#pragma once

#include <asio.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/experimental/awaitable_operators.hpp>

namespace headgate {

namespace aio = asio;

template <class T>
using Task = aio::awaitable<T>;

inline constexpr auto kAsTuple = aio::experimental::as_tuple(aio::use_awaitable);

}  // namespace headgate
