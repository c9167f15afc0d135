// Client: sends messages to one SMTP server and measures. One thread, epoll, sockets that never block.
//   Open loop    connections are opened at the times of a Schedule, whatever the server does; a transaction's latency counts
//                from that time, so that waiting in front of a slow server is seen.
//   Closed loop  so many sessions, each opens its next connection when the last one has ended: the highest rate.
//   Units     seconds.       Lifetime  borrows the messages.      Threads  one owner.
//   Errors    Code::invalid a bad address; what goes wrong with a session is counted in Figures::replies.
//   Source    RFC 5321; no pipelining, as most clients have it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/load/figures.h"
#include "engine/base/error.h"

namespace headgate::load {

struct Plan {
  std::string host = "127.0.0.1";  // numeric
  std::uint16_t port = 25;
  std::string
      source;  // "" = the system's choice; else session n comes from this address + n mod `sources`
  std::uint32_t sources = 1;
  std::string sender = "sender@client.example", recipient = "user@dest.example";
  std::size_t count = 100;      // messages
  std::size_t per_session = 1;  // messages a connection
  std::size_t sessions = 10;    // closed loop; open loop: the most at once
  std::vector<double> begin;    // open loop: when each message is due; empty: closed loop
  double patience = 30;         // without an answer, a session has failed
  double limit = 300;           // the whole run ends then, whatever is still open
};

Result<Figures> run(const Plan& plan, const std::vector<std::string>& messages);

}  // namespace headgate::load
