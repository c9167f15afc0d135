// The waiting coroutine sleeps on a timer; the job that finishes first cancels it. A job whose session has given up is
// skipped when its turn comes, so a dead name server cannot build up a queue of work that nobody wants.
// Tested by peer_name_test (loopback, numeric, an exhausted pool).
#include "smtpd/net/peer_name.h"

#include <netdb.h>

#include <memory>
#include <mutex>
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

// Shared by the waiting coroutine and the pool's thread. The pool may outlive the loop (a dead name server holds its
// thread), so it may touch the loop only while nobody has given up.
struct PeerNames::Job {
  Job(const aio::any_io_executor& executor_, aio::steady_timer& timer_, std::string address_)
      : executor(executor_), timer(timer_), address(std::move(address_)) {}

  void work(const std::shared_ptr<Job>& self);
  void finish();

  std::mutex mutex;
  bool given_up = false;  // under the mutex
  aio::any_io_executor executor;
  aio::steady_timer& timer;  // the coroutine's: gone once it has given up
  const std::string address;
  PeerName answer;
  bool done = false;  // touched on the executor only
};

// On a thread of the pool.
void PeerNames::Job::work(const std::shared_ptr<Job>& self) {
  {
    const std::lock_guard<std::mutex> lock(mutex);
    if (given_up) return;
  }
  PeerName found = verify_peer_name(address);
  const std::lock_guard<std::mutex> lock(mutex);
  if (given_up) return;
  answer = std::move(found);
  aio::post(executor, [self] { self->finish(); });
}

// On the executor, where the coroutine waits.
void PeerNames::Job::finish() {
  const std::lock_guard<std::mutex> lock(mutex);
  if (given_up) return;
  done = true;
  timer.cancel();
}

// The waiting ends when the coroutine's frame does, however that comes.
class PeerNames::Waiting {
 public:
  explicit Waiting(std::shared_ptr<Job> job) : job_(std::move(job)) {}

  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  ~Waiting() {
    const std::lock_guard<std::mutex> lock(job_->mutex);
    job_->given_up = true;
  }

 private:
  std::shared_ptr<Job> job_;
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
  aio::steady_timer timer(executor, patience_);
  const auto job = std::make_shared<Job>(executor, timer, address);
  const Waiting waiting(job);
  aio::post(pool_, [job] { job->work(job); });
  [[maybe_unused]] const auto [cancelled] = co_await timer.async_wait(kAsTuple);
  if (!job->done) co_return PeerName();
  if (local) {
    const std::lock_guard<std::mutex> lock(mutex_);
    loopback_.emplace(address, job->answer);
  }
  co_return job->answer;
}

}  // namespace headgate::net
