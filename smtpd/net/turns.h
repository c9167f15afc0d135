// Turns: work that takes long and may not end, content checks above all. What has the same key waits for its turn, before a
// few threads that are this key's as long as it has work: a check that does not end takes no thread from those who write
// messages to disk, nor from another key.
//   Patience  a turn that does not come is given up, and its work is never begun, when for so long none of the key's
//             threads has begun or ended anything. Where work goes on, however slowly, the queue is waited out, but for no
//             more than the longest wait: the peer has a clock, too.
//   Lifetime  the work may refer to the awaiting frame. ~Turns waits for the work under way, and must come before the end of
//             the executors that wait for it.
//   Threads   any; who waits wakes on its own executor, which must be that of a single thread.
//   Errors    Code::timeout: given up. Code::limit: no thread can be started. Code::bug: the work threw. Else the work's.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "smtpd/net/aio.h"

namespace headgate::net {

class Turns {
 public:
  using Work = std::function<Result<void>()>;

  // Of one turn. A client waits ten minutes for the reply to its dot (RFC 5321 §4.5.3.2.6); a short message needs two turns
  // in them, a long one that lies in our socket buffer whole needs more.
  static constexpr std::chrono::minutes kLongestWait{4};

  // As log lines and lists of threads name it; at most 15 bytes for a thread.
  struct Words {
    std::string_view thread, busy;
  };

  static constexpr Words kContentChecks{"content check",
                                        "content checks were busy with other messages"};
  static constexpr Words kTableServers{"table server",
                                       "table servers were busy with other questions"};

  explicit Turns(std::size_t threads_of_a_key, Words words = kContentChecks,
                 std::chrono::milliseconds longest_wait = kLongestWait)
      : threads_of_a_key_(threads_of_a_key), words_(words), longest_wait_(longest_wait) {}

  Task<Result<void>> run(const void* key, std::chrono::milliseconds patience, Work work);

 private:
  using Time = std::chrono::steady_clock::time_point;
  // A pool of one: that of several hangs when the second cannot be started.
  using Thread = aio::thread_pool;
  struct Waiter;
  using WaiterPtr = std::shared_ptr<Waiter>;

  struct Queue {
    std::deque<WaiterPtr> waiting;
    std::size_t threads = 0;
    Time moved;  // when work was begun or ended last
  };

  bool join_queue(const void* key, const WaiterPtr& waiter);
  std::optional<Time> until(const void* key, const Waiter& waiter,
                            std::chrono::milliseconds patience);
  void serve(const void* key, Thread& thread);
  void hire(const void* key, Queue& queue);

  const std::size_t threads_of_a_key_;
  const Words words_;
  const std::chrono::milliseconds longest_wait_;
  std::mutex mutex_;                     // over all that follows, and Waiter::begun
  std::map<const void*, Queue> queues_;  // those with a thread
  std::vector<Thread*> idle_;
  // As many as were ever busy at once; the first to be destroyed.
  std::vector<std::unique_ptr<Thread>> threads_;
};

}  // namespace headgate::net
