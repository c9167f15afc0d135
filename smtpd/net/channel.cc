// The socket is asked without waiting first, and only then waited for: under load that is one call a packet. The reading
// buffer lives as long as a read, because most channels are idle or carry a single answer.
// Tested by tests/smtpd/net/channel_test.cc.
#include "smtpd/net/channel.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

namespace headgate::net {

namespace {

constexpr int kWishedBuffer = 1 << 20;

using ControlBytes = std::array<char, CMSG_SPACE(sizeof(int) * Channel::kMostDescriptors)>;

// ETOOMANYREFS: as many descriptors of this user are on their way as a process may have.
bool is_full(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS || error == ETOOMANYREFS;
}

void take_descriptors(msghdr& message, std::vector<Fd>& into) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
      into.emplace_back(fd);
    }
  }
}

// Nothing: none has come yet. The answer of recvmsg() is 0 when the other end is gone: nobody sends empty packets.
std::optional<Result<Packet>> receive_now(int socket, std::size_t limit_bytes) {
  Packet packet;
  const auto buffer = std::make_unique_for_overwrite<char[]>(limit_bytes);
  iovec bytes{buffer.get(), limit_bytes};
  alignas(cmsghdr) ControlBytes control;
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t size = -1;
  do {
    size = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size < 0 && is_full(errno)) return std::nullopt;
  if (size < 0 && errno == ECONNRESET) size = 0;
  if (size < 0) return Result<Packet>(fail_errno("receive", "channel", errno));
  take_descriptors(message, packet.descriptors);
  if (size == 0) return Result<Packet>(fail(Code::closed, "the other end of a channel is gone"));
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    return Result<Packet>(fail(Code::corrupt, "a packet is longer than its reader takes"));
  packet.bytes.assign(buffer.get(), static_cast<std::size_t>(size));
  return Result<Packet>(std::move(packet));
}

}  // namespace

Result<std::pair<Fd, Fd>> channel_pair(bool roomy) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
    return fail_errno("socketpair", "channel", errno);
  for (const int end : ends) {
    if (!roomy) break;
    if (::setsockopt(end, SOL_SOCKET, SO_SNDBUFFORCE, &kWishedBuffer, sizeof kWishedBuffer) != 0)
      ::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &kWishedBuffer, sizeof kWishedBuffer);
  }
  return std::make_pair(Fd(ends[0]), Fd(ends[1]));
}

Result<void> send_packet(int socket, std::string_view bytes, std::span<const int> descriptors) {
  if (bytes.empty() || bytes.size() > Channel::kMostBytes ||
      descriptors.size() > Channel::kMostDescriptors)
    return fail(Code::limit, "packet is empty or too long", "channel");
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) ControlBytes control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    const std::size_t size = descriptors.size() * sizeof(int);
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(size);
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(head), descriptors.data(), size);
  }
  ssize_t sent = -1;
  do {
    sent = ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return {};
  if (is_full(errno)) return fail(Code::unavailable, "channel is full", "channel");
  if (errno == EPIPE || errno == ECONNRESET)
    return fail(Code::closed, "the other end of a channel is gone", "channel");
  return fail_errno("send", "channel", errno);
}

Channel::Channel(const aio::any_io_executor& executor, Fd end, std::size_t limit_bytes)
    : socket_(executor, end.get()), descriptor_(end.release()), limit_bytes_(limit_bytes) {}

Task<Result<Packet>> Channel::receive() {
  while (true) {
    if (!socket_.is_open()) co_return fail(Code::cancelled, "channel was closed");
    std::optional<Result<Packet>> packet = receive_now(descriptor_, limit_bytes_);
    if (packet) co_return std::move(*packet);
    const auto [error] =
        co_await socket_.async_wait(aio::posix::stream_descriptor::wait_read, kAsTuple);
    if (error) co_return fail(Code::cancelled, "channel was closed");
  }
}

void Channel::end_receiving() const { ::shutdown(descriptor_, SHUT_RD); }

void Channel::close() {
  aio::error_code ignored;
  socket_.close(ignored);
}

}  // namespace headgate::net
