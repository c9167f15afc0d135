// Worker: the DELIVER role: takes a Delivery, finds its transport, delivers, and logs each
// recipient's outcome.
//   Lifetime  borrows everything but the Settings.
//   Threads   on the manager's executor; disk work goes to the pool, content that checks look at to threads of its own.
//   Errors    are Outcomes; a table that cannot be opened or read defers its mail with the table's text.
//   Source    smtp(8), local(8), virtual(8), discard(8), error(8); smtpd.md §8.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/base/event.h"
#include "engine/rules/program_source.h"
#include "smtpd/config/settings.h"
#include "smtpd/deliver/agent.h"
#include "smtpd/deliver/connector.h"
#include "smtpd/deliver/delivery_checks.h"
#include "smtpd/deliver/maildir.h"
#include "smtpd/deliver/route.h"
#include "smtpd/net/resolver.h"
#include "smtpd/net/turns.h"
#include "smtpd/queue/deliverer.h"

namespace headgate::deliver {

class Worker final : public queue::Deliverer {
 public:
  // Whether the program shall say what opening a table complains about.
  using IsNew = std::function<bool(Program, const Diagnostic&)>;

  Worker(aio::thread_pool& pool, config::SettingsPtr settings, rules::ProgramSource& programs,
         net::Resolver& resolver, Connector& connector, EventSink& log, Env& env,
         TransportCommands commands = {}, IsNew is_new = nullptr);
  ~Worker() override;

  // The tables that delivery needs.
  struct Tables {
    std::shared_ptr<Router> router;
    std::shared_ptr<DeliveryChecks> checks;
  };

  // On any thread. Warnings go to `log`; those of the opening itself only when `is_new` says so.
  static Tables open_tables(const config::SettingsPtr& settings, rules::ProgramSource& programs,
                            EventSink& log, IsNew is_new = nullptr);

  // A reload; on the executor. Deliveries under way keep the settings and tables they began with. A table that could not
  // be opened fails each lookup; whether that shall be in force was for the caller to judge. With the tables of before
  // the new settings would not be what is checked: mail would go out without a check that they name.
  void use(config::SettingsPtr settings, TransportCommands commands, Tables tables);
  void use(config::SettingsPtr settings, TransportCommands commands);

  Task<Result<std::vector<std::string>>> destinations(
      const std::string& id, const queue::QueueFilePtr& file,
      const std::vector<std::size_t>& recipients) override;
  Task<std::vector<queue::Outcome>> deliver(const queue::Delivery& delivery) override;
  void log(const queue::Delivery& delivery, const std::vector<queue::Outcome>& outcomes) override;

 private:
  Task<std::vector<queue::Outcome>> to_maildirs(const queue::Delivery& delivery, Agent agent);
  queue::Outcome to_maildir(const queue::Delivery& delivery, const queue::Recipient& recipient,
                            Agent agent, const Mailbox& mailbox, const std::string& host);
  Task<Result<std::vector<Mailbox>>> mailboxes_of(const queue::Delivery& delivery, Agent agent);
  void warn_of_transport(const std::string& transport);

  aio::thread_pool& pool_;
  config::SettingsPtr settings_;
  rules::ProgramSource& programs_;
  net::Resolver& resolver_;
  Connector& connector_;
  EventSink& log_;
  Env& env_;
  TransportCommands commands_;
  Tables tables_;
  std::atomic<std::uint64_t> deliveries_ = 0;
  net::Turns turns_{DeliveryChecks::kAskers};
  net::Turns routers_turns_{
      1, net::Turns::kTableServers};  // of routers with tables that may wait: one asker each
};

}  // namespace headgate::deliver
