// ControlSocket: where `headgate status` asks: a Unix socket, one line in, one document out.
//   Form      request "WORD…\n" of at most 256 bytes; the answer ends with the connection.
//   Errors    open(): the directory or the socket cannot be made; a socket that a dead server left is replaced (the
//             spool's lock says that no live one has it).
//   Threads   the loop's. An answer is made by a coroutine, so it may do its work elsewhere.
//   Limits    mode 0600 and the same user (or root) only; a few clients at once, each for a few seconds.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "smtpd/net/aio.h"

namespace headgate::cli {

// "$queue_directory/public/headgate"
std::string control_path(const std::string& queue_directory);

class ControlSocket {
 public:
  using Answer = std::function<Task<std::string>(std::string request)>;

  static Result<std::unique_ptr<ControlSocket>> open(aio::io_context& io, const std::string& path,
                                                     Answer answer);
  // The listening socket alone, and one that somebody else has made: it is not removed.
  static Result<Fd> listen(const std::string& path);
  static Result<std::unique_ptr<ControlSocket>> adopt(aio::io_context& io, Fd socket,
                                                      Answer answer);
  ~ControlSocket();  // removes the socket that open() has made

  void start();
  void close();  // and drop who is asking

  void retire() { acceptor_.close(); }

 private:
  struct Client;

  ControlSocket(aio::io_context& io, std::string path, Answer answer);

  Task<void> accept();
  Task<void> serve(std::shared_ptr<Client> client);

  aio::io_context& io_;
  std::string path_;
  Answer answer_;
  aio::local::stream_protocol::acceptor acceptor_;
  std::set<std::shared_ptr<Client>> clients_;
};

// The client's side, blocking: the whole answer. Code::unavailable when no server listens at `path`.
Result<std::string> ask_server(const std::string& path, const std::string& request);

}  // namespace headgate::cli
