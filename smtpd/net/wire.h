// Wire: one conversation's bytes, with a deadline on every wait. The real one is tcp_wire; tests use script_wire.
//   Units     limits in bytes. A line comes without its end.
//   Lifetime  a returned string_view is valid until the next call on the Wire.    Threads  one coroutine at a time.
//   Errors    Code::timeout when the deadline passes, Code::closed when the peer hung up, Code::cancelled after
//             interrupt(), Code::io otherwise.
//             Failures are values; no call throws.
//   Source    smtp_stream(3), RFC 3207; smtpd.md §3.2, §3.6.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/diagnostic.h"
#include "engine/base/env.h"
#include "engine/base/error.h"
#include "smtpd/net/aio.h"
#include "smtpd/net/tls_info.h"

namespace headgate::net {

struct Line {
  std::string_view text;  // at most the limit; the excess was read and thrown away
  bool truncated = false;
  bool bare_newline = false;  // ended in LF without CR
};

// What a wait may cost. per_request: one budget for all waits until the next reset_deadline(), refilled by
// smtpd_min_data_rate while content flows; else each wait has the whole budget.
struct DeadlinePolicy {
  std::chrono::milliseconds budget{300000};
  bool per_request = false;
  std::size_t min_data_rate_bytes = 0;  // per second; 0 = no refill
  bool goes_on = false;                 // what is left of the budget before stays, if it is less
};

class TlsContext;
class TlsNames;

// How the server side of a handshake is to be done.
struct TlsStart {
  explicit TlsStart(std::shared_ptr<TlsContext> its_context) : context(std::move(its_context)) {}

  std::shared_ptr<TlsContext> context;
  TlsNames* names =
      nullptr;  // certificates by server name; borrowed for the handshake, as what `say` uses
  std::chrono::milliseconds timeout{300000};       // for all of it
  std::function<void(Severity, std::string)> say;  // what is worth a line in the log
  bool trace = false;                              // say each step, too
};

class Wire {
 public:
  Wire() = default;
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  virtual ~Wire() = default;

  virtual void set_deadline_policy(DeadlinePolicy policy) = 0;
  virtual void reset_deadline() = 0;

  virtual Task<Result<Line>> read_line(std::size_t limit_bytes) = 0;
  // At least one byte, whatever is there. consume() says how much of it was used; the rest comes again.
  virtual Task<Result<std::string_view>> read_some() = 0;
  virtual void consume(std::size_t bytes) = 0;
  // Input that is there already, buffered or in the socket: for pipelining and early-talker tests. Never waits.
  virtual std::string_view pending() = 0;
  // What was read already and not yet used; the socket is not asked.
  [[nodiscard]] virtual std::string_view buffered() const = 0;

  virtual void queue(std::string_view bytes) = 0;  // written at the next flush
  virtual Task<Result<void>> flush() = 0;

  // Turns TLS on, as a server. What the peer sent before is thrown away: nobody knows who wrote it (CVE-2011-0411). After a
  // failure nothing can be read or written.
  virtual Task<Result<TlsInfo>> start_tls(const TlsStart& how) = 0;

  virtual void close() = 0;

  // The pending read, or else the next one, fails with Code::cancelled: how a server that stops wakes an idle session.
  // Writes go on, so that the peer can still be told.
  virtual void interrupt() = 0;
};

}  // namespace headgate::net
