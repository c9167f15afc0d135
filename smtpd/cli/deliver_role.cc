// DELIVER: the worker behind door 3, with the tables that delivery needs, which it watches as FRONT does its own.
// Tested by tests/e2e/roles_test.py.
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "smtpd/cli/command.h"
#include "smtpd/cli/images.h"
#include "smtpd/cli/prepare.h"
#include "smtpd/cli/remote_builds.h"
#include "smtpd/cli/renewal.h"
#include "smtpd/cli/role.h"
#include "smtpd/deliver/door.h"
#include "smtpd/deliver/worker.h"

namespace headgate::cli {

namespace {

using master::Order;
using master::Report;

constexpr std::chrono::milliseconds kStep{20};

class DeliverRole final : private Renewal::House {
 public:
  explicit DeliverRole(RoleHouse& house)
      : house_(house),
        builds_(house.programs, house.link),
        tables_(builds_, house.env, [this](const std::string& name) { reports_.repeat(name); }),
        reports_(house.log),
        connector_(house.config.main->smtp_bind_address) {}

  Result<void> open() {
    const config::SettingsPtr& main = house_.config.main;
    tables_.configure(image_settings(*main));
    TRY(resolver, net::open_system_resolver());
    resolver_ = std::move(resolver);
    reports_.put_in_force(house_.begin.errors);
    reports_.when_taken([this] { house_.link.report(Report::errors, reports_.in_force()); });
    std::string error;  // at the start no reason to stop: its mail waits
    const auto is_new = [&](Program program, const Diagnostic& diagnostic) {
      return reports_.first({program, OpeningReports::kDelivery}, diagnostic, error);
    };
    worker_ =
        std::make_unique<deliver::Worker>(disk_, main, tables_, *resolver_, connector_, house_.log,
                                          house_.env, transports(house_.config), is_new);
    if (house_.begin.is_reload && !error.empty()) return fail(Code::invalid, "delivery: " + error);
    reports_.taken();
    desk_ = std::make_unique<deliver::Desk>(
        io_.get_executor(), std::move(house_.begin.descriptors.door_in), *worker_, house_.log);
    renewal_ = std::make_unique<Renewal>(io_, static_cast<Renewal::House&>(*this), no_reload,
                                         tables_, reports_, house_.log, house_.env);
    return {};
  }

  [[noreturn]] void run() {
    house_.link.listen_on(io_);
    aio::co_spawn(io_, obey(), aio::detached);
    house_.link.report(Report::ready, reports_.in_force());
    io_.run();
    house_.link.end(kExitSoftware);
  }

 private:
  static Result<config::Config> no_reload() {
    return fail(Code::bug, "MASTER starts a new DELIVER instead");
  }

  Task<void> obey() {
    while (true) {
      const master::Message order = co_await house_.link.next();
      switch (static_cast<Order>(order.kind)) {
        case Order::go:
          aio::co_spawn(io_, desk_->serve(), aio::detached);
          renewal_->start(house_.config.main->check_table_poll_interval);
          break;
        case Order::retire:
        case Order::stop:
          aio::co_spawn(io_, leave(), aio::detached);
          break;
        case Order::cut:
          connector_.cut();
          break;
        case Order::built:
          builds_.answer(order.number, order.text);
          break;
        default:
          break;
      }
    }
  }

  Task<void> leave() {
    desk_->close();
    renewal_->stop();
    aio::steady_timer timer(io_);
    while (!desk_->idle()) {
      timer.expires_after(kStep);
      co_await timer.async_wait(kAsTuple);
    }
    house_.link.end(kExitOk);
  }

  [[nodiscard]] InForce in_force() const override {
    InForce now;
    now.main = house_.config.main;
    return now;
  }

  bool take(Prepared prepared) override {
    worker_->use(house_.config.main, transports(house_.config), std::move(*prepared.delivery));
    return true;
  }

  RoleHouse& house_;
  RemoteBuilds builds_;
  TableStore tables_;
  OpeningReports reports_;
  aio::io_context io_{1};
  aio::thread_pool disk_{4};
  deliver::TcpConnector connector_;
  std::unique_ptr<net::Resolver> resolver_;
  std::unique_ptr<deliver::Worker> worker_;
  std::unique_ptr<deliver::Desk> desk_;
  std::unique_ptr<Renewal> renewal_;
};

// Landlock can only speak of what is there. As root, before the change of user: it then belongs to that user.
void make_mailbox_base(const RoleHouse& house, const std::string& path) {
  for (std::size_t slash = path.find('/', 1); !path.empty(); slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    const bool is_new = ::mkdir(part.c_str(), 0755) == 0;
    if (is_new && house.begin.changes_user)
      static_cast<void>(::lchown(part.c_str(), house.begin.user, house.begin.group));
    if (slash == std::string::npos) return;
  }
}

}  // namespace

void run_deliver(RoleHouse& house) {
  make_mailbox_base(house, house.config.main->virtual_mailbox_base);
  if (house.config.main->home_mailbox.empty())
    make_mailbox_base(house, house.config.main->mail_spool_directory);
  house.confine();
  DeliverRole role(house);
  const Result<void> opened = role.open();
  if (!opened) house.link.fail(opened.error());
  house.settle();
  role.run();
}

}  // namespace headgate::cli
