// DiskSpool: the queue directory: incoming, active, deferred, hold, corrupt, and who may move what
// between them. open_spool() makes the directories, takes the lock (a second server is refused) and
// puts in order what a crash left.
//   Ownership a Writer borrows the spool and must not outlive it.
//   Threads   all calls may come from any thread; all block on the disk.
//             In the split QUEUE opens it with the lock that MASTER holds (open_locked_spool), FRONT writes into it beside
//             QUEUE (open_spool_to_fill): the lock says that one house owns the directory.
//   Errors    Code::unavailable when another server holds the lock, or the disk is full;
//   Code::not_found, Code::io. Source    docs/queue_format.md; smtpd.md §8.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/env.h"
#include "engine/base/event.h"
#include "engine/base/file.h"
#include "smtpd/queue/queue_file.h"
#include "smtpd/queue/ready_files.h"
#include "smtpd/queue/spare_files.h"
#include "smtpd/queue/writer.h"

namespace headgate::queue {

// What begins a file that was not committed; no queue id contains a dot.
inline constexpr std::string_view kTemporaryPrefix = "new.";

// A message's states, and where damaged files lie.
inline constexpr std::array<std::string_view, 5> kSpoolDirectories{"incoming", "active", "deferred",
                                                                   "hold", "corrupt"};

struct SpoolOptions {
  bool long_ids = false;         // enable_long_queue_ids
  SpareFiles* spares = nullptr;  // where FRONT and QUEUE are two processes; outlives the spool
};

class DiskSpool final : public Spool {
 public:
  DiskSpool(std::string directory, Fd lock, Env& env, SpoolOptions options);

  // When files are asked for in quick succession, create() makes some more: take_ready() gives them away.
  Result<std::unique_ptr<Writer>> create() override;
  std::unique_ptr<Writer> take_ready() override;
  void commit(std::span<Commit* const> all) override;
  [[nodiscard]] Result<std::uint64_t> free_bytes() const override;

  // Whether it is this very file that lies there.
  [[nodiscard]] bool is_at(const std::string& id, State state, const QueueFile& file) const;

  // Message ids in a directory; names that are no queue id are left out.
  [[nodiscard]] Result<std::vector<std::string>> list(State state) const;
  [[nodiscard]] Result<QueueFile> open(const std::string& id, State state) const;
  Result<void> move(const std::string& id, State from, State to);
  Result<void> remove(const std::string& id, State state);
  // Instead of remove(), under load: its file is for a message to come, here or in the FRONT that shares `spares`. `file` is
  // the message's, which nobody else uses; it is at its end then. False: nothing has happened.
  bool recycle(const std::string& id, State state, QueueFile& file);

  // Removes the files that create() and recycle() keep ready after some quiet seconds; true when nothing is left.
  bool trim();
  // QUEUE's end: what recycle() has left and nobody has taken goes.
  void remove_spares();

  Result<void> set_aside(const std::string& id, State state);  // into corrupt/

  // The time of the next attempt is kept as the file's modification time, as Postfix does.
  Result<void> set_next_attempt(const std::string& id, State state, WallTime when);
  [[nodiscard]] Result<WallTime> next_attempt(const std::string& id, State state) const;

  [[nodiscard]] const std::string& directory() const { return directory_; }

  [[nodiscard]] std::string path(State state) const;
  [[nodiscard]] std::string path(const std::string& id, State state) const;

 private:
  [[nodiscard]] std::string temporary_name() const;
  [[nodiscard]] std::string spare_path(SpareFiles::Name name) const;
  [[nodiscard]] Result<ReadyFile> another_file();
  [[nodiscard]] Result<ReadyFile> create_empty();
  [[nodiscard]] Result<ReadyFile> take_over(SpareFiles::Name name);
  bool leave_spare(const std::string& old_path);
  [[nodiscard]] std::unique_ptr<Writer> writer_for(ReadyFile file);

  std::string directory_;
  Fd lock_;
  Env& env_;
  SpoolOptions options_;
  ReadyFiles ready_;
};

// The queue directory and its parts, where they are missing.
Result<void> make_spool(const std::string& queue_directory);

// Code::unavailable: another server has it. The lock is the descriptor's, whoever inherits it.
Result<Fd> lock_spool(const std::string& queue_directory);

// For who holds the lock. `writers_live`: a FRONT may be at work, whose unfinished files stay.
Result<std::unique_ptr<DiskSpool>> open_locked_spool(const std::string& queue_directory, Env& env,
                                                     EventSink& log, SpoolOptions options,
                                                     bool writers_live);

// For create() and commit() only: no lock, nothing is put in order.
std::unique_ptr<DiskSpool> open_spool_to_fill(const std::string& queue_directory, Env& env,
                                              SpoolOptions options);

// `log` gets a line for each thing that recovery had to put right.
Result<std::unique_ptr<DiskSpool>> open_spool(const std::string& queue_directory, Env& env,
                                              EventSink& log, SpoolOptions options = {});

}  // namespace headgate::queue
