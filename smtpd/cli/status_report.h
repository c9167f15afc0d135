// The running server at a glance: what it tells over its control socket (JSON), and the same for people.
//   Form      {"version", "pid", "uptime_seconds", "services": [{"service", "name", "slots_in_use", "slots", "stress", and
//             what stress_status.h says}], "stress": of the whole server, there, too,
//             "roles": [{"role", "pid", "generation", "restarts", "uptime_seconds"}], "queue": {"waiting", "active"},
//             "event_loops": [sessions on each],
//             "tables": [{"table", "rules", …, "counts": [{"line", "hits", "bytes", "last_hit", "action"}]}]}; "counts"
//             only when rules were asked for. A new field may come at any time; none changes its meaning.
//   Units     bytes, seconds; times are Unix time, 0 = never.        Threads  pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "smtpd/cli/stress_status.h"
#include "smtpd/cli/table_info.h"

namespace headgate::cli {

// A process of the split.
struct RoleInfo {
  std::string role;  // "front"
  std::int64_t pid = 0, generation = 0, restarts = 0,
               uptime_seconds = 0;  // pid 0: not there just now
};

struct ServerStatus {
  std::string version;
  std::int64_t pid = 0, uptime_seconds = 0;
  std::vector<ServiceInfo> services;
  HouseInfo house;
  std::vector<TableInfo> tables;
  std::vector<RoleInfo> roles;                       // empty: one process
  std::int64_t queue_waiting = 0, queue_active = 0;  // messages
  std::vector<std::size_t> loops;                    // sessions on each event loop
  bool with_rules = false;
};

std::string status_json(const ServerStatus& status);

enum class RuleOrder { none, by_line, by_hits };

// The text for people, from the document. Code::corrupt when it is none.
Result<std::string> status_text(const std::string& document, RuleOrder rules);

}  // namespace headgate::cli
