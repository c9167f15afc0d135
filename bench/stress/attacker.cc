// A reply is read by a few bytes of state and no buffer: twenty thousand attackers must cost the machine little.
#include "bench/stress/attacker.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

namespace headgate::flood {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

}  // namespace

std::optional<Kind> kind_of(std::string_view name) {
  constexpr std::array<std::string_view, 8> kNames{"idle", "drip",    "data", "errors",
                                                   "junk", "hang-up", "tls",  "silent"};
  const auto* found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Kind>(found - kNames.begin());
}

void Attacker::connect(int epoll, double now) {
  next_ = kNever;
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in source{};
  source.sin_family = AF_INET;
  source.sin_addr.s_addr = htonl(plan_.first_source + number_);
  const auto* from = reinterpret_cast<const sockaddr*>(&source);
  const auto* to = reinterpret_cast<const sockaddr*>(&plan_.server);
  ++counts_.begun;
  if (!socket.valid() || ::bind(socket.get(), from, sizeof source) != 0 ||
      (::connect(socket.get(), to, sizeof plan_.server) != 0 && errno != EINPROGRESS)) {
    ++counts_.refused;
    next_ = now + plan_.retry;
    return;
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = this;
  epoll_ctl(epoll, EPOLL_CTL_ADD, socket.get(), &event);
  socket_ = std::move(socket);
  step_ = Step::greeting;
  line_began_ = continues_ = false;
  column_ = 0;
  ++counts_.open;
  counts_.most_open = std::max(counts_.most_open, counts_.open);
}

void Attacker::leave(double now) {
  socket_ = Fd();
  step_ = Step::away;
  --counts_.open;
  next_ = now + plan_.retry;
}

void Attacker::say(std::string_view text) {
  ++counts_.commands;
  counts_.bytes += text.size();
  // What does not fit is lost: a server that does not read is not served better by a patient attacker.
  [[maybe_unused]] const ssize_t sent =
      ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
}

void Attacker::tick(int epoll, double now) {
  if (step_ == Step::away) return connect(epoll, now);
  next_ = now + plan_.pace;
  switch (plan_.kind) {
    case Kind::drip:
      return say("N");
    case Kind::data:
      return say("x");
    case Kind::errors:
      next_ = kNever;
      return say("XYZZY\r\n");
    case Kind::junk:
      next_ = kNever;
      return say("NOOP\r\n");
    case Kind::idle:
    case Kind::hang_up:
    case Kind::tls:
    case Kind::silent:
      next_ = kNever;
  }
}

void Attacker::engage(double now) {
  step_ = Step::engaged;
  const Kind kind = plan_.kind;
  const bool acts =
      kind == Kind::drip || kind == Kind::data || kind == Kind::errors || kind == Kind::junk;
  next_ = acts ? now : kNever;
}

void Attacker::on_reply(char kind, double now) {
  switch (step_) {
    case Step::away:
      return;
    case Step::greeting:
      if (kind != '2') return;  // the server closes
      ++counts_.greeted;
      if (plan_.kind == Kind::hang_up) return leave(now);
      if (plan_.kind == Kind::silent) return engage(now);
      step_ = Step::hello;
      return say("EHLO flood.example\r\n");
    case Step::hello:
      if (plan_.kind == Kind::data) {
        step_ = Step::mail;
        return say("MAIL FROM:<flood@flood.example>\r\n");
      }
      if (plan_.kind == Kind::tls) {
        step_ = Step::start;
        return say("STARTTLS\r\n");
      }
      return engage(now);
    case Step::mail:
      step_ = Step::rcpt;
      return say("RCPT TO:<" + plan_.recipient + ">\r\n");
    case Step::rcpt:
      step_ = Step::start;
      return say("DATA\r\n");
    case Step::start:
      return engage(now);
    case Step::engaged:
      next_ = std::min(next_, now + plan_.pace);
  }
}

void Attacker::on_events(unsigned events, double now) {
  if (step_ == Step::away) return;
  std::array<char, 4096> buffer;
  const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR) && (events & EPOLLERR) == 0) return;
  if (count <= 0) {
    step_ == Step::greeting ? ++counts_.refused : ++counts_.dropped;
    return leave(now);
  }
  for (ssize_t i = 0; i < count; ++i) {
    const char byte = buffer[static_cast<std::size_t>(i)];
    if (column_ == 0) kind_ = byte;
    if (column_ == 3) continues_ = byte == '-';
    column_ = std::min(column_ + 1, 4);
    if (byte != '\n') continue;
    column_ = 0;
    if (!continues_) on_reply(kind_, now);
    if (step_ == Step::away) return;
  }
}

}  // namespace headgate::flood
