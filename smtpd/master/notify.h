// Notifier: tells the service manager how the server is: READY=1, RELOADING=1, STOPPING=1, STATUS=…, WATCHDOG=1. The few
// lines of systemd's documented protocol: datagrams to the socket that NOTIFY_SOCKET names.
//   Threads   one owner.       Errors    none: without a service manager nothing happens.
//   Source    sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/env.h"
#include "engine/base/file.h"

namespace headgate::master {

class Notifier {
 public:
  // From the environment; the roles shall not inherit it.
  Notifier();

  void ready(std::string_view status);
  void reloading(SteadyTime now);
  void stopping();
  void alive();

  // How often alive() is wanted; nothing: not at all.
  [[nodiscard]] std::optional<std::chrono::milliseconds> interval() const { return interval_; }

 private:
  void send(const std::string& text) const;

  std::string socket_;
  std::optional<std::chrono::milliseconds> interval_;
};

// The sockets that were opened for us, LISTEN_FDS of them from descriptor 3 on; only for the process LISTEN_PID.
std::vector<Fd> inherited_sockets();

}  // namespace headgate::master
