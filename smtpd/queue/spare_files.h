// SpareFiles: the names of files in incoming/ that FRONT may write over: QUEUE leaves the files of messages that are gone
// there, FRONT takes them. It lies in memory that both map, so that a file changes hands without a system call.
//   Form      fixed places, all zero in the beginning; a name is "new.PROCESS-NUMBER", both in one number here.
//   Threads   any, of any process.
//   Errors    none: a name whose file is not there any more is as good as no name; nobody believes more than that.
//   Source    docs/queue_format.md, "Files that are written over".
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "engine/base/env.h"

namespace headgate::queue {

class SpareFiles {
 public:
  static constexpr std::size_t kMost = 64;
  static constexpr std::chrono::seconds kSoon{1};

  struct Name {
    std::uint32_t process = 0;  // FRONT's; never 0
    std::uint32_t number = 0;
  };

  // FRONT: files are needed just now.
  void want(std::uint32_t process, SteadyTime now) {
    process_ = process;
    wanted_ = now.time_since_epoch().count();
  }

  [[nodiscard]] bool wanted_within(SteadyTime::duration time, SteadyTime now) const {
    return now.time_since_epoch() - SteadyTime::duration(wanted_) < time;
  }

  // QUEUE: whose name a spare file shall have; nobody's when none was wanted lately or enough are there.
  [[nodiscard]] std::optional<std::uint32_t> wanted_by(SteadyTime now) const {
    const std::uint32_t process = process_;
    if (process == 0 || !wanted_within(kSoon, now) || !has_room()) return std::nullopt;
    return process;
  }

  // False: no room.
  bool put(Name name) {
    const std::uint64_t both = std::uint64_t{name.process} << 32 | name.number;
    for (std::atomic<std::uint64_t>& place : names_) {
      std::uint64_t empty = 0;
      if (place.compare_exchange_strong(empty, both)) return true;
    }
    return false;
  }

  std::optional<Name> take() {
    for (std::atomic<std::uint64_t>& place : names_) {
      if (place == 0) continue;
      const std::uint64_t both = place.exchange(0);
      if (both == 0) continue;
      return Name{static_cast<std::uint32_t>(both >> 32), static_cast<std::uint32_t>(both)};
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] bool has_room() const {
    for (const std::atomic<std::uint64_t>& place : names_)
      if (place == 0) return true;
    return false;
  }

  std::atomic<std::uint32_t> process_;
  std::atomic<std::int64_t> wanted_;
  std::array<std::atomic<std::uint64_t>, kMost> names_;
};

}  // namespace headgate::queue
