// Page: some memory that all roles of a server map: who runs, since when, how much waits. `status` reads it. MASTER writes
// down who runs and believes nothing that stands here.
//   Form      fixed places; a later version may only add at the end. Zero means "not yet".
//   Ownership the descriptor is MASTER's and outlives an upgrade; each role maps it for itself.
//   Threads   any: every field is an atomic number.         Errors    make(), map(): Code::io.
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "smtpd/master/messages.h"
#include "smtpd/queue/spare_files.h"

namespace headgate::master {

struct Page {
  struct Process {
    std::atomic<std::uint64_t> pid, generation, restarts;
    std::atomic<std::int64_t> since;  // Env::steady(), nanoseconds
  };

  std::atomic<std::uint64_t> master_pid;
  std::atomic<std::int64_t> started;
  std::atomic<std::uint64_t> reloads, upgrades;
  Process roles[kStandingRoles];
  std::atomic<std::uint64_t> waiting, active;  // QUEUE's messages
  std::atomic<std::uint64_t> wakes_lost;       // FRONT counts up: QUEUE must look into the spool
  std::atomic<std::uint64_t> room;             // QUEUE: a new message may go into active/ at once
  std::atomic<std::int64_t> files_sent, files_received;  // through door 2: the rest is in flight
  queue::SpareFiles spares;
};

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

class MappedPage {
 public:
  MappedPage() = default;

  MappedPage(MappedPage&& other) noexcept : page_(std::exchange(other.page_, nullptr)) {}

  MappedPage& operator=(MappedPage&& other) noexcept {
    std::swap(page_, other.page_);
    return *this;
  }

  MappedPage(const MappedPage&) = delete;
  MappedPage& operator=(const MappedPage&) = delete;
  ~MappedPage();

  static Result<Fd> make();
  static Result<MappedPage> map(const Fd& memory);

  Page* operator->() const { return page_; }

  explicit operator bool() const { return page_ != nullptr; }

 private:
  Page* page_ = nullptr;
};

}  // namespace headgate::master
