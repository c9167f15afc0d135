// DiskWriter: a message on its way into a DiskSpool's directories, and commit_together(), which makes many durable at once.
//   Ownership its destructor removes the file unless the message was committed.
//   Lifetime  borrows the DiskSpool.       Threads  one owner at a time; commit_together() blocks on the disk.
//   Errors    Code::unavailable no space, Code::io, Code::bug committed twice.
//   Source    docs/queue_format.md, "From 250 to gone".
#pragma once

#include <sys/types.h>

#include <memory>
#include <span>
#include <string>

#include "smtpd/queue/queue_file.h"
#include "smtpd/queue/spool.h"

namespace headgate::queue {

inline constexpr mode_t kQueueFileMode = 0700;  // as Postfix marks a finished queue file

// Never over another message: a spool that was copied or restored has new inodes under old names, so a new message may
// get the id of an old one. False: errno says why.
bool rename_to_new(const std::string& from, const std::string& to);

// The same where the file system can promise it; false elsewhere.
bool rename_strictly(const std::string& from, const std::string& to);

class DiskWriter final : public Writer {
 public:
  DiskWriter(DiskSpool& spool, ReadyFile file, std::string id);
  ~DiskWriter() override;

  [[nodiscard]] const std::string& id() const override { return id_; }

  void record(std::string_view bytes, bool continued) override { file_.append(bytes, continued); }

  [[nodiscard]] std::uint64_t content_bytes() const override { return file_.content_bytes(); }

  [[nodiscard]] Result<void> status() const override { return file_.status(); }

  Result<void> commit(const Envelope& envelope, State state) override;

  // The steps of a commit, in this order. After the last one the file stays.
  Result<void> write_out(const Envelope& envelope);
  void
  start_sync();  // hands the bytes to the disk without waiting for it: only sync() promises anything
  Result<void> sync();
  Result<void> publish(State state);  // gives it its name; durable once its directory is synced

  void keep() { present_.clear(); }

  // The published file, open; the Writer is then at its end. Null when it could not be read back.
  std::shared_ptr<QueueFile> reopen();

 private:
  DiskSpool& spool_;
  std::string temporary_;
  std::string id_;
  QueueFileWriter file_;
  std::string present_;  // what the destructor has to remove
};

// All of them DiskWriters of this spool.
void commit_together(const DiskSpool& spool, std::span<Commit* const> all);

}  // namespace headgate::queue
