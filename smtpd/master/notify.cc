// The variables stay in the environment of MASTER, because an upgrade execs with it; the roles do not look at them, and the
// service manager would not take their word (NotifyAccess=main). Tested by tests/e2e/systemd_test.py.
#include "smtpd/master/notify.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

namespace headgate::master {

namespace {

constexpr int kFirstDescriptor = 3, kMostSockets = 200;

template <class Number>
std::optional<Number> number_in(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  Number value{};
  const char* end = text + std::strlen(text);
  const auto parsed = std::from_chars(text, end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return value;
}

}  // namespace

Notifier::Notifier() {
  if (const char* socket = std::getenv("NOTIFY_SOCKET")) socket_ = socket;
  const auto pid = number_in<pid_t>("WATCHDOG_PID");
  const auto microseconds = number_in<std::int64_t>("WATCHDOG_USEC");
  const bool for_us = !pid || *pid == ::getpid();
  if (for_us && microseconds && *microseconds > 0)
    interval_ = std::chrono::milliseconds(std::max<std::int64_t>(*microseconds / 3000, 1));
}

void Notifier::send(const std::string& text) const {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_.front() == '@') address.sun_path[0] = '\0';
  const Fd sender(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  ::sendto(sender.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
           reinterpret_cast<const sockaddr*>(&address), size);
}

void Notifier::ready(std::string_view status) {
  send(fmt::format("READY=1\nSTATUS={}\nMAINPID={}\n", status, ::getpid()));
}

void Notifier::reloading(SteadyTime now) {
  const auto us =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\n", us));
}

void Notifier::stopping() { send("STOPPING=1\n"); }

void Notifier::alive() { send("WATCHDOG=1\n"); }

std::vector<Fd> inherited_sockets() {
  std::vector<Fd> sockets;
  const auto pid = number_in<pid_t>("LISTEN_PID");
  const auto count = number_in<int>("LISTEN_FDS");
  if (!pid || *pid != ::getpid() || !count || *count < 0 || *count > kMostSockets) return sockets;
  for (int i = 0; i < *count; ++i) {
    const int fd = kFirstDescriptor + i;
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0) sockets.emplace_back(fd);
  }
  ::unsetenv("LISTEN_FDS");
  ::unsetenv("LISTEN_PID");
  return sockets;
}

}  // namespace headgate::master
