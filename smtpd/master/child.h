// Child: one role's process: started, spoken to over its control channel, waited for by MASTER.
//   Ownership a Child owns its end of the channel; when MASTER ends, however it does, the role sees the channel end and goes.
//   Lifetime  a Child goes only after the coroutine that listens to it has ended.
//   Threads   MASTER's only.        Errors    spawn(): what fork or the channel said.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "engine/base/env.h"
#include "smtpd/master/messages.h"
#include "smtpd/net/channel.h"

namespace headgate::master {

struct Child {
  enum class State : std::uint8_t { starting, ready, going, retired, ended };

  Child(aio::io_context& io, Role role_, std::uint64_t generation_, pid_t pid_, Fd channel)
      : role(role_),
        generation(generation_),
        pid(pid_),
        descriptor(channel.get()),
        control(io.get_executor(), std::move(channel)),
        changed(io, aio::steady_timer::time_point::max()) {}

  // Wakes who waits for a change of what stands below.
  void tell() { changed.cancel(); }

  Role role;
  std::uint64_t generation;
  pid_t pid;
  int descriptor;
  net::Channel control;
  aio::steady_timer changed;
  SteadyTime started{};
  State state = State::starting;
  bool has_failed = false, expected_to_end = false;
  Message failure;     // of Report::failed
  std::string errors;  // of tables, in force in it
  Fd left;             // Report::state
  bool may_leave = false, has_left = false;
};

using ChildPtr = std::shared_ptr<Child>;

// Starts this very program, whatever lies at its path by now, as `headgate role NAME`, with its control channel as
// descriptor 3. `begin` is its first order.
Result<ChildPtr> spawn(aio::io_context& io, const Fd& program, const Begin& begin, Env& env);

// The descriptor that a role finds its control channel at.
inline constexpr int kControlDescriptor = 3;

}  // namespace headgate::master
