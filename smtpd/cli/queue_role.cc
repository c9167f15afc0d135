// QUEUE: the spool and its manager; wakes come in at door 2, deliveries go out at door 3. It asks no table: destinations are
// DELIVER's to know. Its settings change in place, because who holds the spool cannot be two.
// Tested by tests/e2e/roles_test.py.
#include <unistd.h>

#include <algorithm>

#include "smtpd/cli/command.h"
#include "smtpd/cli/prepare.h"
#include "smtpd/cli/remote_queue.h"
#include "smtpd/cli/role.h"
#include "smtpd/deliver/door.h"
#include "smtpd/master/page.h"
#include "smtpd/net/blocking.h"
#include "smtpd/queue/manager.h"
#include "smtpd/queue/queue_id.h"
#include "smtpd/queue/recovery.h"

namespace headgate::cli {

namespace {

using master::Order;
using master::Report;

constexpr std::chrono::seconds kLook{60}, kCount{1};

class QueueRole {
 public:
  QueueRole(RoleHouse& house, std::unique_ptr<queue::DiskSpool> spool, master::MappedPage page)
      : house_(house),
        settings_(house.config.main),
        page_(std::move(page)),
        deliveries_(std::move(house.begin.descriptors.door_out)),
        wakes_(io_.get_executor(), std::move(house.begin.descriptors.door_in),
               CommitDesk::kMostBytes),
        spool_(std::move(spool)),
        deliverer_(io_.get_executor(), deliveries_.get(), settings_, transports(house.config),
                   house.log, house.env),
        manager_(io_.get_executor(), disk_, *spool_, settings_, deliverer_, house.log, house.env) {}

  [[noreturn]] void run() {
    house_.link.listen_on(io_);
    aio::co_spawn(io_, obey(), aio::detached);
    house_.link.report(Report::ready);
    io_.run();
    house_.link.end(kExitSoftware);
  }

 private:
  Task<void> obey() {
    while (true) {
      const master::Message order = co_await house_.link.next();
      switch (static_cast<Order>(order.kind)) {
        case Order::go:
          aio::co_spawn(io_, serve(), aio::detached);
          aio::co_spawn(io_, hear_wakes(), aio::detached);
          aio::co_spawn(io_, keep_time(), aio::detached);
          break;
        case Order::retire:
        case Order::stop:
          wakes_.close();  // later ones are the next QUEUE's
          manager_.stop();
          stopping_ = true;
          tell_room();
          break;
        case Order::reload:
          co_await reload();
          break;
        case Order::sweep:
          co_await sweep();
          break;
        default:
          break;
      }
    }
  }

  Task<void> serve() {
    co_await manager_.run();
    auto tidy = [this] {
      spool_->remove_spares();
      return true;
    };
    co_await net::run_blocking(disk_, tidy);
    house_.link.end(kExitOk);
  }

  Task<void> hear_wakes() {
    while (true) {
      Result<net::Packet> packet = co_await wakes_.receive();
      if (!packet && packet.error().code != Code::corrupt) co_return;
      try {
        if (packet)
          take_up(std::move(*packet));
        else
          manager_.look();  // it was cut: too few descriptors are left, or nonsense
      } catch (const std::exception&) {
        page_->wakes_lost += 1;  // no memory: to be looked for
      }
      tell_room();
      look_for_lost();
      co_await aio::post(io_, kAsTuple);  // what has been taken up has its turn, however many come
    }
  }

  // With files, one a line: those lie in active/.
  void take_up(net::Packet packet) {
    if (packet.descriptors.empty() && queue::is_queue_id(packet.bytes))
      return manager_.wake(std::move(packet.bytes));
    heard_ = true;
    page_->files_received += static_cast<std::int64_t>(packet.descriptors.size());
    std::string_view lines = packet.bytes;
    for (Fd& file : packet.descriptors) {
      const std::string id(lines.substr(0, lines.find('\n')));
      lines.remove_prefix(std::min(lines.size(), id.size() + 1));
      if (queue::is_queue_id(id)) take_up(id, std::move(file));
    }
  }

  void take_up(const std::string& id, Fd descriptor) {
    Result<queue::QueueFile> file = queue::QueueFile::of_descriptor(
        std::move(descriptor), spool_->path(id, queue::State::active));
    if (!file) return manager_.take(id, nullptr);
    manager_.take(id, std::make_shared<queue::QueueFile>(std::move(*file)));
  }

  void tell_room() { page_->room = !stopping_ && manager_.has_room() ? 1 : 0; }

  // What a QUEUE before this one had received and not counted is not on its way any more.
  void count_files_anew() {
    if (!std::exchange(heard_, false)) page_->files_received = page_->files_sent.load();
  }

  // A wake that did not get through is made good at the next one that does, and each minute.
  void look_for_lost() {
    const std::uint64_t lost = page_->wakes_lost;
    if (lost == lost_) return;
    lost_ = lost;
    manager_.look();
  }

  Task<void> keep_time() {
    aio::steady_timer timer(io_);
    SteadyTime next_look = house_.env.steady() + kLook;
    while (true) {
      page_->waiting = manager_.waiting();
      page_->active = manager_.active();
      tell_room();
      count_files_anew();
      timer.expires_after(kCount);
      co_await timer.async_wait(kAsTuple);
      look_for_lost();
      if (house_.env.steady() < next_look) continue;
      next_look = house_.env.steady() + kLook;
      manager_.look();
    }
  }

  // MASTER has found the files good a moment ago.
  Task<void> reload() {
    const config::LoadOptions wish{house_.begin.directory, house_.begin.overrides};
    auto load = [&wish] { return config::load(wish); };
    const Result<config::Config> fresh = co_await net::run_blocking(disk_, load);
    if (!fresh) {
      say(Level::error, "reload: " + fresh.error().text());
      co_return;
    }
    manager_.use(fresh->main);
    deliverer_.use(fresh->main, transports(*fresh));
  }

  Task<void> sweep() {
    auto remove = [this] {
      return queue::remove_temporaries(*spool_, queue::Temporaries::of_the_dead);
    };
    const Result<std::size_t> removed = co_await net::run_blocking(disk_, remove);
    if (!removed) say(Level::warning, removed.error().text());
  }

  void say(Level level, std::string text) {
    Event event;
    event.program = Program::qmgr;
    event.level = level;
    event.text = std::move(text);
    house_.log.write(event);
  }

  RoleHouse& house_;
  config::SettingsPtr settings_;
  master::MappedPage page_;
  aio::io_context io_{1};
  aio::thread_pool disk_{4};
  Fd deliveries_;
  net::Channel wakes_;
  std::unique_ptr<queue::DiskSpool> spool_;
  deliver::RemoteDeliverer deliverer_;
  queue::Manager manager_;
  std::uint64_t lost_ = 0;
  bool stopping_ = false;
  bool heard_ = true;  // in the last second
};

}  // namespace

void run_queue(RoleHouse& house) {
  Result<master::MappedPage> page = master::MappedPage::map(house.begin.descriptors.page);
  if (!page) house.link.fail(page.error());
  house.confine();
  house.settle();
  queue::SpoolOptions options;
  options.long_ids = house.config.main->enable_long_queue_ids;
  options.spares = &(*page)->spares;
  Result<std::unique_ptr<queue::DiskSpool>> spool = queue::open_locked_spool(
      house.config.main->queue_directory, house.env, house.log, options, house.begin.writers_live);
  if (!spool) house.link.fail(spool.error());
  QueueRole role(house, std::move(*spool), std::move(*page));
  role.run();
}

}  // namespace headgate::cli
