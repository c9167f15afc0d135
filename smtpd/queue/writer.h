// Spool and Writer: one message in, durable or gone. The 250 after DATA may be sent only after commit() returned well.
//   Ownership a Writer that is destroyed without commit() removes its file.
//   Threads   a Writer belongs to one session; create() and commit() block, take_ready() does not. commit() blocks on fsync, so call it off the loop: Spool::commit() for all
//             messages that are ready, which costs less than one after the other.
//   Errors    Code::unavailable when there is no space (SMTP 452 4.3.1), Code::io otherwise (451 4.3.0).
//   Source    cleanup(8), qmail's INTERNALS; smtpd.md §8 "Durability"; docs/queue_format.md.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "smtpd/queue/message.h"

namespace headgate::queue {

class QueueFile;

class Writer {
 public:
  Writer() = default;
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  virtual ~Writer() = default;

  [[nodiscard]] virtual const std::string& id() const = 0;  // "25CB4A90028"

  // A record of content, in order, or lines of it at once, as they would stand after one another; `continued`: the next
  // record belongs to the same line.
  virtual void record(std::string_view bytes, bool continued) = 0;
  [[nodiscard]] virtual std::uint64_t content_bytes() const = 0;

  // The first write error, if any so far (record() itself cannot fail: it is called from inside the inspector).
  [[nodiscard]] virtual Result<void> status() const = 0;

  // Writes the envelope, fsyncs, renames into the state's directory, fsyncs that. Blocks.
  virtual Result<void> commit(const Envelope& envelope, State state) = 0;
};

// A message among those that are made durable together, and what became of it.
struct Commit {
  Commit(Writer& w, const Envelope& e, State s) : writer(w), envelope(e), state(s) {}

  // No memory: nothing was promised to the client.
  void fail(const std::exception_ptr&) {
    result = headgate::fail(Code::bug, "exception while a message was committed", writer.id());
  }

  Writer& writer;
  const Envelope& envelope;
  State state;
  Result<void> result;
  std::shared_ptr<QueueFile>
      file;  // of a message committed into active/: open, for who delivers it
};

class Spool {
 public:
  Spool() = default;
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  virtual ~Spool() = default;

  virtual Result<std::unique_ptr<Writer>> create() = 0;

  // The same where a file is there already, without a wait for the disk; null: call create().
  virtual std::unique_ptr<Writer> take_ready() { return nullptr; }

  // Writers of this Spool. Each is committed as by its commit(), or says in `result` why not. Blocks.
  virtual void commit(std::span<Commit* const> all) {
    for (Commit* one : all) one->result = one->writer.commit(one->envelope, one->state);
  }

  // Free bytes where the queue lives: for smtpd_check_queue (452 4.3.1).
  virtual Result<std::uint64_t> free_bytes() const = 0;
};

}  // namespace headgate::queue
