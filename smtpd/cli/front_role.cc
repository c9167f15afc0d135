// FRONT: the Server with its listeners, its tables and its door, and no queue. Tested by tests/e2e/roles_test.py.
#include <utility>

#include "smtpd/cli/command.h"
#include "smtpd/cli/remote_builds.h"
#include "smtpd/cli/role.h"
#include "smtpd/cli/server.h"

namespace headgate::cli {

namespace {

using master::Order;
using master::Report;

Task<void> retire(Server& server, RoleLink& link) {
  server.close_doors();
  link.report(Report::state, {}, 0, server.hand_over());
  co_await server.retire();
  link.end(kExitOk);
}

Task<void> drain(Server& server, RoleLink& link) {
  co_await server.drain();
  link.end(kExitOk);
}

Task<void> obey(Server& server, RemoteBuilds& builds, RoleLink& link) {
  bool retiring = false;  // MASTER says it again after an upgrade
  while (true) {
    std::vector<Fd> descriptors;
    const master::Message order = co_await link.next(&descriptors);
    switch (static_cast<Order>(order.kind)) {
      case Order::go:
        server.serve(descriptors.empty() ? Fd() : std::move(descriptors.front()));
        break;
      case Order::retire:
        if (!std::exchange(retiring, true))
          aio::co_spawn(server.loop(), retire(server, link), aio::detached);
        break;
      case Order::stop:
        aio::co_spawn(server.loop(), drain(server, link), aio::detached);
        break;
      case Order::cut:
        server.hurry();
        break;
      case Order::built:
        builds.answer(order.number, order.text);
        break;
      default:
        break;
    }
  }
}

FrontLinks links_of(master::Begin& begin, const RoleLink& link) {
  FrontLinks links;
  std::size_t next = 0;
  for (const auto& [service, count] : begin.listeners)
    for (std::uint32_t i = 0; i < count; ++i)
      links.listeners[service].push_back(std::move(begin.descriptors.listeners[next++]));
  links.control = std::move(begin.descriptors.control);
  links.wakes = std::move(begin.descriptors.door_out);
  links.flush_log = [&link] { link.flush_logs(); };
  links.is_reload = begin.is_reload;
  links.errors = std::move(begin.errors);
  links.errors_changed = [&link](const std::string& errors) {
    link.report(Report::errors, errors);
  };
  Result<master::MappedPage> page = master::MappedPage::map(begin.descriptors.page);
  if (!page) link.fail(page.error());
  links.page = std::move(*page);
  return links;
}

}  // namespace

void run_front(RoleHouse& house) {
  FrontLinks links = links_of(house.begin, house.link);
  house.confine();
  RemoteBuilds builds(house.programs, house.link);
  const config::LoadOptions wish{house.begin.directory, house.begin.overrides};
  const auto load = [wish] {
    Result<config::Config> config = config::load(wish);
    if (config) config->diagnostics.clear();  // MASTER has told them
    return config;
  };
  Server server(house.config, load, builds, house.log, house.env, std::move(links));
  const Result<void> opened = server.open();
  if (!opened) house.link.fail(opened.error());
  house.settle();
  house.link.listen_on(server.loop());
  aio::co_spawn(server.loop(), obey(server, builds, house.link), aio::detached);
  house.link.report(Report::ready, server.errors_in_force());
  const auto work = aio::make_work_guard(server.loop());
  server.loop().run();
  house.link.end(kExitSoftware);
}

}  // namespace headgate::cli
