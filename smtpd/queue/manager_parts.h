// What the Manager keeps of a message that was taken up, and of a delivery. For manager*.cc only.
//   Threads   the manager's executor; `marking` guards the file's recipients against the pool's threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "smtpd/queue/manager.h"

namespace headgate::queue {

// A parameter of which 0 and less mean "none": 0 then.
inline std::size_t limit(std::int64_t value) {
  return value <= 0 ? 0 : static_cast<std::size_t>(value);
}

struct Manager::Active {
  std::string id;
  State state = State::active;  // where its file lies now
  std::shared_ptr<QueueFile> file;
  WallTime since{};
  std::size_t jobs_left = 0;
  bool corrupt = false;
  std::string failure;  // of the last recipient that failed for good
  std::mutex
      marking;  // jobs of one message may end at the same time, on different threads of the pool
};

struct Manager::Job {
  ActivePtr message;
  Delivery delivery;

  Job(ActivePtr message_, Delivery delivery_)
      : message(std::move(message_)), delivery(std::move(delivery_)) {}
};

}  // namespace headgate::queue
