// The waiting coroutine sleeps on a timer; the job that finishes first cancels it. A job whose session has given up is
// skipped when its turn comes, so a dead name server cannot build up a queue of work that nobody wants.
// Tested by peer_name_test (loopback, numeric, an exhausted pool).
#include "smtpd/net/peer_name.h"

#include <netdb.h>

#include <atomic>
#include <memory>
#include <utility>

#include "smtpd/net/address.h"

namespace headgate::net {
namespace {

using AddressInfo = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

AddressInfo resolve(const std::string& name, int family, int flags) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  if (getaddrinfo(name.c_str(), nullptr, &hints, &list) != 0) list = nullptr;
  return {list, &freeaddrinfo};
}

std::string numeric(const addrinfo& info) {
  char text[NI_MAXHOST];
  if (getnameinfo(info.ai_addr, info.ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) !=
      0)
    return {};
  return text;
}

// What a DNS answer may say where a host name is expected: it stands in log lines, replies and Received: headers.
bool looks_like_host_name(std::string_view name) {
  if (name.empty() || name.size() > 255 || parse_address(name)) return false;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.') return false;
  }
  return name.front() != '.' && name.front() != '-';
}

}  // namespace

PeerName verify_peer_name(const std::string& address) {
  PeerName peer;
  const AddressInfo own = resolve(address, AF_UNSPEC, AI_NUMERICHOST);
  if (!own) return peer;
  char name[NI_MAXHOST];
  if (getnameinfo(own->ai_addr, own->ai_addrlen, name, sizeof name, nullptr, 0, NI_NAMEREQD) != 0)
    return peer;
  if (!looks_like_host_name(name)) return peer;
  peer.reverse_name = name;
  const AddressInfo forward = resolve(name, own->ai_family, 0);
  if (!forward) {
    peer.warning = std::string("hostname ") + name + " does not resolve to address " + address;
    return peer;
  }
  const std::string wanted = numeric(*own);
  for (const addrinfo* item = forward.get(); item != nullptr; item = item->ai_next) {
    if (numeric(*item) == wanted) {
      peer.name = name;
      return peer;
    }
  }
  peer.warning = std::string("hostname ") + name + " does not resolve to address " + address;
  return peer;
}

struct PeerNames::Job {
  Job(const aio::any_io_executor& executor, std::string a)
      : timer(executor), address(std::move(a)) {}

  aio::steady_timer timer;  // touched on its executor only
  std::string address;
  PeerName answer;
  std::atomic<bool> given_up{false};
  bool done = false;
};

Task<PeerName> PeerNames::look_up(std::string address) {
  const std::optional<aio::ip::address> parsed = parse_address(address);
  const bool local = parsed && is_loopback(*parsed);
  if (local) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (const auto known = loopback_.find(address); known != loopback_.end())
      co_return known->second;
  }
  const auto executor = co_await aio::this_coro::executor;
  const auto job = std::make_shared<Job>(executor, address);
  job->timer.expires_after(patience_);
  aio::post(pool_, [job, executor] {
    if (job->given_up) return;
    PeerName answer = verify_peer_name(job->address);
    aio::post(executor, [job, answer = std::move(answer)]() mutable {
      job->answer = std::move(answer);
      job->done = true;
      job->timer.cancel();
    });
  });
  [[maybe_unused]] const auto [cancelled] = co_await job->timer.async_wait(kAsTuple);
  if (!job->done) {
    job->given_up = true;
    co_return PeerName();
  }
  if (local) {
    const std::lock_guard<std::mutex> lock(mutex_);
    loopback_.emplace(address, job->answer);
  }
  co_return job->answer;
}

}  // namespace headgate::net
