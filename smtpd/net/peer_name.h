// PeerNames: a client's verified host name: address -> name -> addresses, and the address must be among them.
//   Units     a look-up that takes longer than `patience` counts as failed: the session goes on as "unknown".
//   Lifetime  borrows the pool of threads, whose getnameinfo(3) and getaddrinfo(3) may block.
//   Threads   look_up() on any executor; its answers come back there.
//   Errors    none: a name that cannot be found or verified is "unknown", `warning` says why where Postfix says it.
//   Source    smtpd_peer(3); smtpd.md §3.1.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "smtpd/net/aio.h"

namespace headgate::net {

struct PeerName {
  std::string name = "unknown";          // verified
  std::string reverse_name = "unknown";  // what the address claims
  std::string warning;                   // "hostname H does not resolve to address A"
};

class PeerNames {
 public:
  PeerNames(aio::thread_pool& pool, std::chrono::milliseconds patience)
      : pool_(pool), patience_(patience) {}

  Task<PeerName> look_up(std::string address);

 private:
  struct Job;
  class Waiting;

  aio::thread_pool& pool_;
  std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::map<std::string, PeerName>
      loopback_;  // asked once: local clients must not wait for the pool
};

// The look-up itself; blocks.
PeerName verify_peer_name(const std::string& address);

}  // namespace headgate::net
