// The router's tables are asked on the manager's executor (a Lookup has one owner), or by a thread of its own, one question
// at a time, when one of them may wait for another program; those of the content checks in turn, on threads of their own. A reload may come at any co_await: what a delivery began with is taken before its first
// one, the members are not read after it.
// Tested by tests/smtpd/deliver/worker_test.cc and, end to end, tests/smtpd/queue/manager_test.cc.
#include "smtpd/deliver/worker.h"

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/deliver/discard.h"
#include "smtpd/deliver/outcome.h"
#include "smtpd/deliver/smtp_client.h"
#include "smtpd/net/blocking.h"

namespace headgate::deliver {

namespace {

// `while_opening` is emptied when the tables are open: later they speak of what they were asked.
WarningSink warnings_to(EventSink& log, Program program,
                        std::shared_ptr<Worker::IsNew> while_opening) {
  return [&log, program, is_new = std::move(while_opening)](const Diagnostic& diagnostic) {
    if (*is_new && !(*is_new)(program, diagnostic)) return;
    Event event;
    event.program = program;
    event.level = diagnostic.severity >= Severity::error ? Level::error : Level::warning;
    event.text = diagnostic.text;
    log.write(event);
  };
}

// How long a table that waits may take for a question until those who wait for it in turn give up: longer than any of tables/.
constexpr std::chrono::seconds kRouterPatience{120};

Mailbox mailbox_by(Router& router, const config::Settings& settings, const std::string& address) {
  const auto found = router.virtual_mailbox(address);
  if (found) return virtual_mailbox(settings, *found);
  Mailbox mailbox;
  mailbox.problem = found.error().text();
  return mailbox;
}

}  // namespace

Worker::Worker(aio::thread_pool& pool, config::SettingsPtr settings, rules::ProgramSource& programs,
               net::Resolver& resolver, Connector& connector, EventSink& log, Env& env,
               TransportCommands commands, IsNew is_new)
    : pool_(pool),
      settings_(std::move(settings)),
      programs_(programs),
      resolver_(resolver),
      connector_(connector),
      log_(log),
      env_(env),
      commands_(std::move(commands)),
      tables_(open_tables(settings_, programs, log, std::move(is_new))) {}

Worker::~Worker() = default;

Worker::Tables Worker::open_tables(const config::SettingsPtr& settings,
                                   rules::ProgramSource& programs, EventSink& log, IsNew is_new) {
  const auto opening = std::make_shared<IsNew>(std::move(is_new));
  Tables tables{
      std::make_shared<Router>(settings, programs, warnings_to(log, Program::qmgr, opening)),
      open_delivery_checks(*settings, programs, warnings_to(log, Program::smtp, opening))};
  *opening = nullptr;
  return tables;
}

void Worker::use(config::SettingsPtr settings, TransportCommands commands, Tables tables) {
  settings_ = std::move(settings);
  commands_ = std::move(commands);
  tables_ = std::move(tables);
}

void Worker::use(config::SettingsPtr settings, TransportCommands commands) {
  Tables tables = open_tables(settings, programs_, log_);
  use(std::move(settings), std::move(commands), std::move(tables));
}

Task<Result<std::vector<std::string>>> Worker::destinations(
    const std::string& /*id*/, const queue::QueueFilePtr& file,
    const std::vector<std::size_t>& recipients) {
  const std::shared_ptr<Router> router = tables_.router;
  if (!router->routes_may_wait()) co_return router->destinations(file->envelope(), recipients);
  std::vector<std::string> found;
  const net::Turns::Work ask = [&]() -> Result<void> {
    found = router->destinations(file->envelope(), recipients);
    return {};
  };
  const Result<void> asked = co_await routers_turns_.run(router.get(), kRouterPatience, ask);
  if (!asked) co_return tl::unexpected(asked.error());
  co_return found;
}

Task<std::vector<queue::Outcome>> Worker::deliver(const queue::Delivery& delivery) {
  const config::SettingsPtr settings = settings_;  // a reload may come before the end
  const std::shared_ptr<DeliveryChecks> checks = tables_.checks;
  const Route route = parse_route(delivery.destination);
  const Agent agent = agent_of(route.transport, commands_);
  const std::size_t count = delivery.recipients.size();
  std::vector<queue::Outcome> outcomes;
  switch (agent) {
    case Agent::smtp: {
      SmtpClient client(pool_, turns_, *settings, resolver_, connector_, env_, log_, checks.get());
      outcomes = co_await client.deliver(delivery, route.nexthop);
      break;
    }
    case Agent::local:
    case Agent::virtual_:
      outcomes = co_await to_maildirs(delivery, agent);
      break;
    case Agent::discard:
      outcomes.assign(count, discard(route.nexthop));
      break;
    case Agent::error:
      outcomes.assign(count, refuse(route.nexthop, queue::Status::bounced));
      break;
    case Agent::retry:
      outcomes.assign(count, refuse(route.nexthop, queue::Status::deferred));
      break;
    case Agent::unknown:
      warn_of_transport(route.transport);
      outcomes.assign(count, deferred("4.3.0", "none", "mail transport unavailable"));
      break;
  }
  if (settings->soft_bounce)
    for (queue::Outcome& outcome : outcomes) outcome = softened(std::move(outcome));
  log_outcomes(agent, delivery, outcomes, log_, env_.wall());
  co_return outcomes;
}

// As qmgr(8) says it, in whose directory private/ is the socket of each transport.
void Worker::warn_of_transport(const std::string& transport) {
  Event event;
  event.program = Program::qmgr;
  event.level = Level::warning;
  event.text = fmt::format("connect to transport private/{}: {}", text::printable(transport),
                           transport.empty() ? "Connection refused" : "No such file or directory");
  log_.write(event);
}

void Worker::log(const queue::Delivery& delivery, const std::vector<queue::Outcome>& outcomes) {
  const Agent agent = agent_of(parse_route(delivery.destination).transport, commands_);
  log_outcomes(agent, delivery, outcomes, log_, env_.wall());
}

// All of them before the first is written: see above.
Task<Result<std::vector<Mailbox>>> Worker::mailboxes_of(const queue::Delivery& delivery,
                                                        Agent agent) {
  const config::SettingsPtr settings = settings_;
  const std::shared_ptr<Router> router = tables_.router;
  std::vector<Mailbox> mailboxes;
  const net::Turns::Work ask = [&]() -> Result<void> {
    for (const std::size_t index : delivery.recipients) {
      const std::string& address = delivery.file->envelope().recipients[index].address;
      mailboxes.push_back(agent == Agent::local ? local_mailbox(*settings, address)
                                                : mailbox_by(*router, *settings, address));
    }
    return {};
  };
  Result<void> asked;
  if (agent == Agent::local || !router->mailboxes_may_wait()) {
    asked = ask();
  } else {
    asked = co_await routers_turns_.run(router.get(), kRouterPatience, ask);
  }
  if (!asked) co_return tl::unexpected(asked.error());
  co_return mailboxes;
}

Task<std::vector<queue::Outcome>> Worker::to_maildirs(const queue::Delivery& delivery,
                                                      Agent agent) {
  const auto& recipients = delivery.file->envelope().recipients;
  const std::string host = settings_->myhostname;
  const Result<std::vector<Mailbox>> mailboxes = co_await mailboxes_of(delivery, agent);
  std::vector<queue::Outcome> outcomes;
  if (!mailboxes) {
    outcomes.assign(delivery.recipients.size(),
                    deferred("4.3.5", "virtual", mailboxes.error().text()));
    co_return outcomes;
  }
  for (std::size_t i = 0; i < mailboxes->size(); ++i) {
    const queue::Recipient& recipient = recipients[delivery.recipients[i]];
    const Mailbox& mailbox = (*mailboxes)[i];
    auto write = [&] { return to_maildir(delivery, recipient, agent, mailbox, host); };
    outcomes.push_back(co_await net::run_blocking(pool_, write));
  }
  co_return outcomes;
}

// On the pool.
queue::Outcome Worker::to_maildir(const queue::Delivery& delivery,
                                  const queue::Recipient& recipient, Agent agent,
                                  const Mailbox& mailbox, const std::string& host) {
  const std::string relay = agent == Agent::local ? "local" : "virtual";
  if (mailbox.bounce) return bounced("5.1.1", relay, mailbox.problem);
  if (mailbox.directory.empty()) return deferred("4.3.5", relay, mailbox.problem);
  MaildirItem item;
  item.directory = mailbox.directory;
  item.name = unique_name(env_.wall(), ++deliveries_, host);
  item.headers = trace_headers(delivery.file->envelope().sender, recipient.address);
  const SteadyTime begun = env_.steady();
  const Result<void> written = deliver_to_maildir(item, *delivery.file);
  queue::Outcome outcome =
      written ? sent("2.0.0", relay, "delivered to maildir")
              : deferred("4.2.0", relay, "maildir delivery failed: " + written.error().text());
  outcome.corrupt = !written && written.error().code == Code::corrupt;
  outcome.transmission =
      std::chrono::duration_cast<std::chrono::milliseconds>(env_.steady() - begun);
  return outcome;
}

}  // namespace headgate::deliver
