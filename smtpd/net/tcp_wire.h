// TcpWire: a Wire over a TCP socket, and connect_tcp() which opens one.
// An idle session costs a kilobyte of input buffer here; more is taken while more comes than fits.
//   Lifetime  the io_context must outlive it.       Threads  those of the io_context, one coroutine at a time.
//   Errors    as wire.h says; a refused or unreachable peer is Code::unavailable with the system's words
//             ("connect to 192.0.2.1[192.0.2.1]:25: Connection refused" is the caller's to compose from `what`).
//   Cost      a wait is one store of its deadline; the timer is armed anew only when it fired too early.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "smtpd/net/address.h"
#include "smtpd/net/tls_session.h"
#include "smtpd/net/wire.h"

namespace headgate::net {

class TcpWire final : public Wire {
 public:
  explicit TcpWire(aio::ip::tcp::socket socket);
  ~TcpWire() override;

  void set_deadline_policy(DeadlinePolicy policy) override;
  void reset_deadline() override;
  Task<Result<Line>> read_line(std::size_t limit_bytes) override;
  Task<Result<std::string_view>> read_some() override;
  void consume(std::size_t bytes) override;
  std::string_view pending() override;
  [[nodiscard]] std::string_view buffered() const override;
  void queue(std::string_view bytes) override;
  Task<Result<void>> flush() override;
  Task<Result<TlsInfo>> start_tls(const TlsStart& how) override;
  void close() override;
  void interrupt() override;

  [[nodiscard]] Endpoint local() const;
  [[nodiscard]] Endpoint peer() const;
  // As TCP has measured it so far, at the handshake to begin with; 0: unknown.
  [[nodiscard]] std::chrono::microseconds round_trip() const;

 private:
  struct
      Core;  // the socket and its timer: shared with the timer's handler, which may outlive the Wire

  static constexpr std::size_t kIdleBytes = 1024;

  [[nodiscard]] char* input() { return large_ ? large_.get() : small_.data(); }

  [[nodiscard]] const char* input() const { return large_ ? large_.get() : small_.data(); }

  void use_input(std::size_t bytes);
  bool take_line(std::size_t limit_bytes,
                 Line& line);  // from the buffer; false = more input is needed
  void spill(std::string_view bytes, std::size_t limit_bytes);
  Task<Result<void>> fill();
  Task<Result<void>> fill_content();
  Task<Result<void>> read_socket(std::size_t room, std::size_t& count);
  Task<Result<void>> write_socket();
  void begin_wait();
  void end_wait(std::size_t bytes_read);
  void earn(std::size_t bytes_read);
  [[nodiscard]] Error failure(const aio::error_code& error, std::string_view action) const;

  Task<Result<void>> shake_hands();
  Task<Result<void>> read_tls(std::size_t room, std::size_t& count);
  Task<Result<void>> write_tls();
  Task<Result<void>> wait_for(TlsSession::Step step, std::string_view action);
  std::size_t look_tls();
  [[nodiscard]] Error tls_failure(TlsSession::Step step, std::string_view action);

  std::shared_ptr<Core> core_;
  DeadlinePolicy policy_;
  std::chrono::steady_clock::duration left_{};  // of the request's budget
  SteadyTime wait_began_{};
  std::unique_ptr<TlsSession> tls_;

  std::unique_ptr<char[]> large_;  // if the input does not fit into small_
  std::size_t input_bytes_ = kIdleBytes;
  std::size_t begin_ = 0, end_ = 0;
  bool more_is_there_ = false;
  std::string
      spill_;  // the start of a line that is longer than the buffer, or the line last returned from there
  bool spilling_ = false, spill_truncated_ = false;
  std::string output_;
  std::array<char, kIdleBytes> small_;
};

// Connects to a numeric address; `bind_address` "" = any. Call it inside a coroutine: it runs on that executor.
Task<Result<std::unique_ptr<Wire>>> connect_tcp(std::string address, std::uint16_t port,
                                                std::chrono::milliseconds timeout,
                                                std::string bind_address = {});

}  // namespace headgate::net
