#include "bench/load/session.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace headgate::load {
namespace {

constexpr std::size_t kReplyLimitBytes = 65536;

Result<sockaddr_in> address_of(const Plan& plan) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(plan.port);
  if (inet_pton(AF_INET, plan.host.c_str(), &address.sin_addr) != 1)
    return headgate::fail(Code::invalid, "not an IPv4 address", plan.host);
  return address;
}

// Each session from an address of its own, if the plan says so.
Result<void> bind_source(const Plan& plan, int socket, std::size_t number) {
  if (plan.source.empty()) return {};
  sockaddr_in source{};
  source.sin_family = AF_INET;
  if (inet_pton(AF_INET, plan.source.c_str(), &source.sin_addr) != 1)
    return headgate::fail(Code::invalid, "not an IPv4 address", plan.source);
  const auto offset = static_cast<std::uint32_t>(number % plan.sources);
  source.sin_addr.s_addr = htonl(ntohl(source.sin_addr.s_addr) + offset);
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0)
    return fail_errno("bind to", plan.source, errno);
  return {};
}

std::string code_of(std::string_view line) {
  const std::string_view code = line.substr(0, 3);
  const bool digits = code.size() == 3 && std::all_of(code.begin(), code.end(),
                                                      [](char c) { return c >= '0' && c <= '9'; });
  return digits ? std::string(code) : "garbage";
}

}  // namespace

double now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(since).count();
}

Result<void> Session::open(int epoll, std::size_t first, std::size_t count, double due,
                           double run_began) {
  TRY(address, address_of(plan_));
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return fail_errno("socket for", plan_.host, errno);
  TRY_OK(bind_source(plan_, socket.get(), first));
  const int one = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  epoll_ = epoll;
  number_ = first;
  left_ = count;
  due_ = due;
  run_began_ = run_began;
  opened_ = heard_ = now();
  step_ = Step::greeting;
  in_.clear();
  out_ = {};
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  const bool started =
      ::connect(socket.get(), generic, sizeof address) == 0 || errno == EINPROGRESS;
  socket_ = std::move(socket);
  watched_ = EPOLLIN;
  epoll_event event{};
  event.events = watched_;
  event.data.ptr = this;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, socket_.get(), &event);
  if (!started) fail("connection refused");
  return {};
}

// One message counts for the reason, those that would have followed it too: they were not sent.
void Session::fail(const std::string& why) {
  if (left_ > 0) figures_.replies[why] += left_;
  figures_.failed += left_;
  left_ = 0;
  close();
}

void Session::close() { socket_ = Fd(); }

void Session::look_at_clock(double time) {
  if (is_open() && time - heard_ > plan_.patience) fail("no answer");
}

void Session::on_events(unsigned events) {
  if ((events & EPOLLERR) != 0) {
    if (step_ == Step::quit) return close();
    return fail("connection lost");
  }
  if ((events & EPOLLOUT) != 0) write();
  if (is_open() && (events & (EPOLLIN | EPOLLHUP)) != 0) read();
}

void Session::watch() {
  const unsigned wanted = EPOLLIN | (out_.empty() ? 0U : static_cast<unsigned>(EPOLLOUT));
  if (wanted == watched_) return;
  watched_ = wanted;
  epoll_event event{};
  event.events = wanted;
  event.data.ptr = this;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, socket_.get(), &event);
}

void Session::write() {
  while (!out_.empty()) {
    const ssize_t n = ::send(socket_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN) return;  // the read tells what has happened
    if (n < 0) break;
    out_.remove_prefix(static_cast<std::size_t>(n));
    heard_ = now();
  }
  watch();
}

void Session::say(std::string_view text) {
  command_ = text;
  out_ = command_;
  write();
}

void Session::read() {
  std::array<char, 4096> buffer;
  const ssize_t n = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    if (step_ == Step::quit) return close();
    return fail("connection lost");
  }
  heard_ = now();
  in_.append(buffer.data(), static_cast<std::size_t>(n));
  if (in_.size() > kReplyLimitBytes) return fail("garbage");
  std::size_t begin = 0;
  for (std::size_t end = in_.find('\n'); is_open() && end != std::string::npos;
       end = in_.find('\n', begin)) {
    const std::string_view line = std::string_view(in_).substr(begin, end - begin);
    begin = end + 1;
    if (line.size() < 4 || line[3] != '-') on_reply(line);
  }
  in_.erase(0, begin);
}

void Session::on_reply(std::string_view line) {
  const char kind = line.empty() ? '5' : line.front();
  const bool positive = kind == '2' || (step_ == Step::data && kind == '3');
  if (step_ == Step::quit) return close();
  if (step_ == Step::content) return message_ended(line);
  if (!positive) {
    constexpr std::array<std::string_view, 5> kSaid{"connect", "EHLO", "MAIL", "RCPT", "DATA"};
    return fail(fmt::format("{} after {}", code_of(line), kSaid[static_cast<std::size_t>(step_)]));
  }
  switch (step_) {
    case Step::greeting:
      figures_.greeting.push_back(heard_ - opened_);
      step_ = Step::hello;
      return say("EHLO client.example\r\n");
    case Step::hello:
      return begin_mail(due_);
    case Step::mail:
      step_ = Step::rcpt;
      return say(fmt::format("RCPT TO:<{}>\r\n", plan_.recipient));
    case Step::rcpt:
      step_ = Step::data;
      return say("DATA\r\n");
    case Step::data:
      step_ = Step::content;
      out_ = messages_[number_ % messages_.size()];
      return write();
    case Step::content:
    case Step::quit:
      return;
  }
}

void Session::begin_mail(double time) {
  due_ = time;
  mail_began_ = now();
  step_ = Step::mail;
  say(fmt::format("MAIL FROM:<{}>\r\n", plan_.sender));
}

void Session::message_ended(std::string_view line) {
  const std::string code = code_of(line);
  ++figures_.replies[code];
  if (code.front() == '2') {
    ++figures_.accepted;
    figures_.transaction.push_back(heard_ - due_);
    figures_.conversation.push_back(heard_ - mail_began_);
  } else {
    ++figures_.failed;
  }
  figures_.seconds = std::max(figures_.seconds, heard_ - run_began_);
  ++number_;
  if (--left_ > 0) return begin_mail(heard_);
  step_ = Step::quit;
  say("QUIT\r\n");
}

}  // namespace headgate::load
