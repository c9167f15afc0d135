// Deliverer: door 3, from the queue to those who deliver: recipients of one message out, an Outcome
// for each back.
//   Units     a Delivery names its recipients by their index in the Envelope; outcomes come in the
//   same order. Lifetime  the Delivery outlives the call (the awaiting frame owns it).    Threads
//   called on the manager's executor. Errors    none: what went wrong is an Outcome. `sent` means
//   durable at the other side: the queue then forgets. Source    qmgr(8), bounce(5); smtpd.md §8 as
//   recorded in docs/compat.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "smtpd/net/aio.h"
#include "smtpd/queue/queue_file.h"

namespace headgate::queue {

using QueueFilePtr = std::shared_ptr<const QueueFile>;

enum class Status : std::uint8_t { sent, deferred, bounced };

struct Outcome {
  Status status = Status::deferred;
  std::string dsn = "4.3.0";   // enhanced status code
  std::string relay = "none";  // "host[ip]:port", "local", "virtual", "none"
  std::string text;            // what stands in the parentheses of the log line
  std::chrono::milliseconds setup{0}, transmission{0};  // the last two of delays=a/b/c/d
  bool site_failed = false;  // nobody there to talk to: spare the destination for a while
  bool corrupt = false;      // the queue file's content is damaged: nobody can deliver it
};

struct Delivery {
  std::string id;
  std::string destination;                // the key that destinations() gave
  std::shared_ptr<const QueueFile> file;  // envelope and content
  std::vector<std::size_t> recipients;
  WallTime active_since{};  // when the queue took it up: for delays=a/b/c/d

  Delivery(std::string id_, std::string destination_, std::shared_ptr<const QueueFile> file_,
           std::vector<std::size_t> recipients_, WallTime active_since_)
      : id(std::move(id_)),
        destination(std::move(destination_)),
        file(std::move(file_)),
        recipients(std::move(recipients_)),
        active_since(active_since_) {}
};

class Deliverer {
 public:
  Deliverer() = default;
  Deliverer(const Deliverer&) = delete;
  Deliverer& operator=(const Deliverer&) = delete;
  virtual ~Deliverer() = default;

  // What each of these recipients shares concurrency and fate with: "smtp:[relay.example]:25". What is referred to belongs
  // to the awaiting frame. An Error: nobody can say now, the message has to wait.
  virtual Task<Result<std::vector<std::string>>> destinations(
      const std::string& id, const QueueFilePtr& file,
      const std::vector<std::size_t>& recipients) = 0;
  virtual Task<std::vector<Outcome>> deliver(const Delivery& delivery) = 0;
  // Logs what deliver() would have logged, for outcomes that the queue itself decided (a
  // destination being spared).
  virtual void log(const Delivery& delivery, const std::vector<Outcome>& outcomes) = 0;
};

}  // namespace headgate::queue
