// Error, Result and TRY: how a failure of the world travels up.
// Three kinds of "no" have three types and are never converted silently: Diagnostic (the author's mistake in a table
// or a configuration), Error (this file: the disk, the network, a library failed), Reply (what an SMTP peer is told).
//   Errors    a Code names the remedy, not the place; `where` names the file, table or peer.
//   Threads   values, freely copied.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace headgate {

enum class Code {
  invalid,      // the input is wrong: correct it
  not_found,    // the file or name is not there
  unavailable,  // a resource is busy or missing now: try again later
  limit,        // a configured limit was reached
  timeout,      // a deadline passed
  corrupt,      // stored bytes are not what was written
  io,           // the operating system reported a failure
  cancelled,    // somebody asked to stop
  closed,       // the peer hung up
  bug,          // a broken invariant of ours
};

struct [[nodiscard]] Error {
  Code code = Code::bug;
  std::string what;   // a sentence without a full stop, for a log line
  std::string where;  // file, table or peer; may be empty

  [[nodiscard]] std::string text() const { return where.empty() ? what : where + ": " + what; }
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Code code, std::string what, std::string where = {}) {
  return tl::unexpected<Error>(Error{code, std::move(what), std::move(where)});
}

// An Error from errno: "open /x: Permission denied". Takes errno by value because fmt may clobber it.
tl::unexpected<Error> fail_errno(std::string_view action, std::string_view path, int error_number);

}  // namespace headgate

// TRY(name, expression): evaluates a Result; returns its Error from this function, else declares `name` as the value.
#define HEADGATE_CONCAT_(a, b) a##b
#define HEADGATE_CONCAT(a, b) HEADGATE_CONCAT_(a, b)
#define TRY(name, ...)                                                                  \
  auto HEADGATE_CONCAT(try_result_, __LINE__) = (__VA_ARGS__);                          \
  if (!HEADGATE_CONCAT(try_result_, __LINE__))                                          \
    return ::tl::unexpected(std::move(HEADGATE_CONCAT(try_result_, __LINE__).error())); \
  auto&& name = *HEADGATE_CONCAT(try_result_, __LINE__)

// TRY_OK(expression): the same for Result<void>.
#define TRY_OK(...)                                                            \
  do {                                                                         \
    auto try_result_ = (__VA_ARGS__);                                          \
    if (!try_result_) return ::tl::unexpected(std::move(try_result_.error())); \
  } while (false)
