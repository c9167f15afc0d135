// Channel: packets between two roles of one server: bytes and descriptors, over a pair of SOCK_SEQPACKET sockets. A packet
// arrives as a whole or not at all; a peer that ends is seen at once.
//   Ownership the Channel owns its end; a received packet owns its descriptors.
//   Lifetime  one receive() at a time; destroy it only when none is under way (close() ends it).
//   Threads   receive() and close() on the executor's; send() from any thread.
//   Errors    Code::closed when the other end is gone; send(): Code::unavailable when the channel is full just now: it never
//             waits. Code::corrupt: a packet that is longer than its reader takes.
//   Limits    kMostBytes a packet, kMostDescriptors with it (the kernel's limit is 253).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "smtpd/net/aio.h"

namespace headgate::net {

struct Packet {
  std::string bytes;
  std::vector<Fd> descriptors;
};

// Both ends, close-on-exec. `roomy`: many packets may wait in it.
Result<std::pair<Fd, Fd>> channel_pair(bool roomy = false);

// A packet to the end of a pair without a Channel.
Result<void> send_packet(int socket, std::string_view bytes, std::span<const int> descriptors = {});

class Channel {
 public:
  static constexpr std::size_t kMostBytes = 160 << 10, kMostDescriptors = 250;

  // `limit_bytes`: the longest packet that is expected. Several processes may receive from one end: each packet goes to one.
  Channel(const aio::any_io_executor& executor, Fd end, std::size_t limit_bytes = kMostBytes);

  Task<Result<Packet>> receive();

  Result<void> send(std::string_view bytes, std::span<const int> descriptors = {}) const {
    return send_packet(descriptor_, bytes, descriptors);
  }

  // The other end can send no more; what it has sent is received, then Code::closed.
  void end_receiving() const;

  void close();

 private:
  aio::posix::stream_descriptor socket_;
  int descriptor_;
  std::size_t limit_bytes_;
};

}  // namespace headgate::net
