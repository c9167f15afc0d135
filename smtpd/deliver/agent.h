// Agent: the delivery agent behind a transport's name, and how its outcomes are logged.
//   Threads   pure but for the log.        Source    master(5), the log lines of smtp(8), local(8), virtual(8), error(8).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/base/event.h"
#include "smtpd/queue/deliverer.h"

namespace headgate::deliver {

// master.cf: a transport's name and the delivery agent behind it ("scan" -> "smtp"). The usual names need no entry.
using TransportCommands = std::map<std::string, std::string>;

enum class Agent : std::uint8_t { smtp, local, virtual_, discard, error, retry, unknown };

Agent agent_of(const std::string& transport, const TransportCommands& commands);

// A line for each recipient of the delivery.
void log_outcomes(Agent agent, const queue::Delivery& delivery,
                  const std::vector<queue::Outcome>& outcomes, EventSink& log, WallTime now);

}  // namespace headgate::deliver
