// Judge: one stored message on its way through the content checks, as if a client had sent it, but for the Received: header
// that a server puts on top. check_settings: what the checks of a configuration go by.
//   Lifetime  borrows the CheckSet, the Keeper and what `options` refers to, for the message.      Threads  one owner.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/checks/inspector.h"
#include "smtpd/cli/match_report.h"
#include "smtpd/config/load.h"

namespace headgate::cli {

class Judge final : public checks::Sink, private checks::ActionObserver {
 public:
  // Gets the message as it would be queued.
  class Keeper {
   public:
    Keeper() = default;
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;
    virtual ~Keeper() = default;
    virtual void record(std::string_view bytes, bool continued) = 0;
  };

  struct Options {
    bool quiet_actions = false;                         // DUNNO and OK are steps, too
    const std::function<void(std::string_view)>& warn;  // "MESSAGE: text", printable
  };

  // `keeper` may be null.
  Judge(std::string name, checks::CheckSet& set, const checks::Limits& limits,
        const Options& options, Keeper* keeper);

  void feed(std::string_view bytes, bool continued) { inspector_.record(bytes, continued); }

  // The message ends.
  MatchReport finish();

  void record(std::string_view bytes, bool continued) override;

 private:
  void on_action(const checks::ActionTaken& taken) override;
  void on_quiet_action(const checks::ActionTaken& taken) override;
  void on_warning(std::string_view text) override;

  const Options options_;
  Keeper* const keeper_;
  MatchReport report_;
  checks::Inspector inspector_;
};

// Those of the first smtpd service, as its cleanup service sets them, or main.cf's; stressed ones for `emergency`.
std::shared_ptr<config::Settings> check_settings(const config::Config& config, bool emergency);

}  // namespace headgate::cli
