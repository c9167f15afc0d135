// Queue ids: the name of a message in logs, replies and on disk.
// Short: five hex digits of the microsecond and the inode, unique among the messages present. Long:
// never repeated.
//   Threads   pure functions.        Source    smtpd.md §8; enable_long_queue_ids in postconf(5).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/env.h"

namespace headgate::queue {

std::string short_queue_id(WallTime created, std::uint64_t inode);  // "25CB4A90028"
std::string long_queue_id(WallTime created, std::uint64_t inode);   // "4bP6XM0GbnzFZ1"

// What may be a file name of a message: alphanumeric only, so nothing can climb out of the queue
// directory.
bool is_queue_id(std::string_view name);

}  // namespace headgate::queue
