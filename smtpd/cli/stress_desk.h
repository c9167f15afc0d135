// StressDesk: the part of the dial that belongs to the whole server and to no single service: who has done how much
// (anvil) and its statistics in the log.
//   Lifetime  borrows env and log; outlives the sessions.        Threads  the loop's; anvil() may be used from any.
//   Source    anvil(8); docs/stress.md.
#pragma once

#include "engine/base/env.h"
#include "engine/base/event.h"
#include "smtpd/config/settings.h"
#include "smtpd/net/aio.h"
#include "smtpd/stress/anvil.h"

namespace headgate::cli {

class StressDesk {
 public:
  StressDesk(aio::io_context& io, Env& env, EventSink& log);

  void use(config::SettingsPtr settings);  // at the start, and at each reload
  void start();
  void stop();  // with the last statistics

  [[nodiscard]] stress::Anvil& anvil() { return anvil_; }

 private:
  Task<void> report_statistics();

  aio::io_context& io_;
  config::SettingsPtr settings_;
  stress::Anvil anvil_;
  aio::steady_timer statistics_;
  bool stopping_ = false;
};

}  // namespace headgate::cli
