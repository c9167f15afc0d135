// Worker: the DELIVER role: takes a Delivery, finds its transport, delivers, and logs each
// recipient's outcome.
//   Lifetime  borrows everything but the Settings.       Threads  on the manager's executor; disk
//   work goes to the pool. Errors    are Outcomes; a table that cannot be opened or read defers its
//   mail with the table's text. Source    smtp(8), local(8), virtual(8), discard(8), error(8);
//   smtpd.md §8.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/base/event.h"
#include "engine/rules/program_source.h"
#include "smtpd/config/settings.h"
#include "smtpd/deliver/connector.h"
#include "smtpd/deliver/route.h"
#include "smtpd/net/resolver.h"
#include "smtpd/queue/deliverer.h"

namespace headgate::deliver {

class Worker final : public queue::Deliverer {
 public:
  Worker(aio::thread_pool& pool, config::SettingsPtr settings, rules::ProgramSource& programs,
         net::Resolver& resolver, Connector& connector, EventSink& log, Env& env);
  ~Worker() override;

  std::string destination(const queue::Envelope& envelope,
                          const queue::Recipient& recipient) override;
  Task<std::vector<queue::Outcome>> deliver(const queue::Delivery& delivery) override;
  void log(const queue::Delivery& delivery, const std::vector<queue::Outcome>& outcomes) override;

 private:
  Task<std::vector<queue::Outcome>> deliver_to_maildirs(const queue::Delivery& delivery,
                                                        bool is_virtual);

  aio::thread_pool& pool_;
  config::SettingsPtr settings_;
  net::Resolver& resolver_;
  Connector& connector_;
  EventSink& log_;
  Env& env_;
  Router router_;
};

}  // namespace headgate::deliver
