// TableServer: the other end of tcp:, socketmap: and memcache:, so small that what is measured is the client and the kernel:
// every key that does not begin with "other" is there.
//   Lifetime  listens on a loopback port and answers, one connection after the other, until it is destroyed.
//   Errors    the constructor throws std::system_error.
#pragma once

#include <optional>
#include <string>
#include <thread>

#include "engine/base/file.h"

namespace headgate {

class TableServer {
 public:
  // Takes a whole question out of what was received and answers it; nothing: more must be received first.
  using Protocol = std::optional<std::string> (*)(std::string& received);

  static std::optional<std::string> tcp(std::string& received);
  static std::optional<std::string> socketmap(std::string& received);
  static std::optional<std::string> memcache(std::string& received);

  explicit TableServer(Protocol protocol);
  TableServer(const TableServer&) = delete;
  TableServer& operator=(const TableServer&) = delete;
  ~TableServer();

  [[nodiscard]] int port() const { return port_; }

 private:
  void serve() const;

  Protocol protocol_;
  Fd listener_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace headgate
