// Times in the status document and in its text.
//   Units     seconds since 1970; 0 = never.        Threads   any.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/env.h"

namespace headgate::cli {

std::int64_t unix_time(WallTime time);

// "2026-11-30 04:47:06" in local time, "never".
std::string local_time(std::int64_t when);

}  // namespace headgate::cli
