// TlsSession: the server side of TLS on one socket. It never waits: each step says what it needs before it can go on.
//   Lifetime  keeps the context; borrows the socket and, until the handshake is over, `names` and `say`.
//   Threads   one owner at a time.
//   Errors    Step::closed: the peer is gone or said goodbye; Step::failed: problems() says what the library said. After either
//             nothing more is sent.
//   Cost      a connection that is idle holds no buffers (SSL_MODE_RELEASE_BUFFERS).
//   Source    ssl(7), RFC 8446, RFC 3207.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/diagnostic.h"
#include "smtpd/net/tls_context.h"
#include "smtpd/net/tls_info.h"

namespace headgate::net {

class TlsSession {
 public:
  enum class Step : std::uint8_t { done, want_read, want_write, closed, failed };

  // `say`: what is worth a line in the log while hands are shaken: problems, and with `trace` each step.
  using Say = std::function<void(Severity, std::string)>;

  TlsSession(std::shared_ptr<TlsContext> context, int socket, TlsNames* names, Say say, bool trace);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  Step handshake();
  Step read(char* to, std::size_t room, std::size_t& count);
  Step write(std::string_view bytes, std::size_t& count);
  void say_goodbye();  // close_notify, if it can be sent at once

  [[nodiscard]] TlsInfo info() const;

  std::vector<std::string> problems() { return std::move(problems_); }

  static int index();  // where an SSL keeps the pointer to its TlsSession

 private:
  friend struct TlsCallbacks;

  static void tell_state(const ssl_st* ssl, int where, int result);
  Step step_of(int result);

  std::shared_ptr<TlsContext> context_;
  ssl_st* ssl_ = nullptr;
  TlsNames* names_;
  Say say_;
  std::string server_name_;  // that has certificates of its own
  std::shared_ptr<const TlsCertificates> certificates_;
  std::vector<std::string> problems_;
  bool broken_ = false;
};

}  // namespace headgate::net
