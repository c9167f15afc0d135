// Spool and Writer: one message in, durable or gone. The 250 after DATA may be sent only after commit() returned well.
//   Ownership a Writer that is destroyed without commit() removes its file.
//   Threads   a Writer belongs to one session; commit() blocks on fsync, so call it through Spool::commit off the loop.
//   Errors    Code::unavailable when there is no space (SMTP 452 4.3.1), Code::io otherwise (451 4.3.0).
//   Source    cleanup(8), qmail's INTERNALS; smtpd.md §8 "Durability"; docs/queue_format.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "smtpd/queue/message.h"

namespace headgate::queue {

class Writer {
 public:
  Writer() = default;
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  virtual ~Writer() = default;

  [[nodiscard]] virtual const std::string& id() const = 0;  // "25CB4A90028"

  // One record of content, in order; `continued`: the next record belongs to the same line.
  virtual void record(std::string_view bytes, bool continued) = 0;
  [[nodiscard]] virtual std::uint64_t content_bytes() const = 0;

  // The first write error, if any so far (record() itself cannot fail: it is called from inside the inspector).
  [[nodiscard]] virtual Result<void> status() const = 0;

  // Writes the envelope, fsyncs, renames into incoming/ (or hold/), fsyncs the directory. Blocks.
  virtual Result<void> commit(const Envelope& envelope, State state) = 0;
};

class Spool {
 public:
  Spool() = default;
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  virtual ~Spool() = default;

  virtual Result<std::unique_ptr<Writer>> create() = 0;
  // Free bytes where the queue lives: for smtpd_check_queue (452 4.3.1).
  virtual Result<std::uint64_t> free_bytes() const = 0;
};

}  // namespace headgate::queue
