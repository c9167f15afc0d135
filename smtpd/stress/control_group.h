// control_group(): this process's own control group of version 2, below the root of all: "/mail.slice/headgate.service".
//   Errors    "" where there is none. The root, which is what a container with a view of its own sees, is "/".
//   Threads   any.       Source   Linux, cgroups(7), /proc/PID/cgroup.
#pragma once

#include <string>

namespace headgate::stress {

// `proc` can be another in tests.
std::string control_group(const std::string& proc = "/proc");

}  // namespace headgate::stress
