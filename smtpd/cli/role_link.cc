// Tested by tests/e2e/roles_test.py.
#include "smtpd/cli/role_link.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <span>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/cli/command.h"
#include "smtpd/cli/configured_tables.h"
#include "smtpd/master/child.h"
#include "smtpd/queue/spool.h"
#include "tables/reach.h"

namespace headgate::cli {

namespace {

Task<void> receive_one(net::Channel& channel, std::optional<Result<net::Packet>>& packet) {
  packet.emplace(co_await channel.receive());
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? std::string("/") : path.substr(0, slash);
}

}  // namespace

Result<master::Begin> receive_begin() {
  aio::io_context io;
  Fd copy(::fcntl(master::kControlDescriptor, F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return headgate::fail(Code::invalid, "roles are started by `headgate serve`");
  net::Channel channel(io.get_executor(), std::move(copy));
  std::optional<Result<net::Packet>> packet;
  aio::co_spawn(io, receive_one(channel, packet), aio::detached);
  io.run();
  TRY(bytes, std::move(*packet));
  return master::decode_begin(std::move(bytes));
}

void RoleLink::listen_on(aio::io_context& io) {
  ::fcntl(master::kControlDescriptor, F_SETFD, FD_CLOEXEC);
  channel_.emplace(io.get_executor(), Fd(master::kControlDescriptor));
}

Task<master::Message> RoleLink::next(std::vector<Fd>* descriptors) {
  while (true) {
    Result<net::Packet> packet = co_await channel_->receive();
    if (!packet && packet.error().code != Code::corrupt) end(kExitOk);
    if (!packet) continue;
    Result<master::Message> message = master::decode_message(packet->bytes);
    if (!message) continue;
    if (message->kind == static_cast<std::uint8_t>(master::Order::log)) {
      take_logs(*message, packet->descriptors);
      continue;
    }
    if (descriptors != nullptr) *descriptors = std::move(packet->descriptors);
    co_return std::move(*message);
  }
}

void RoleLink::take_logs(const master::Message& order, std::vector<Fd>& files) {
  Fd mail, json;
  std::size_t next = 0;
  if ((order.number & 1) != 0 && next < files.size()) mail = std::move(files[next++]);
  if ((order.number & 2) != 0 && next < files.size()) json = std::move(files[next++]);
  logs_.use(std::move(mail), std::move(json));
}

void RoleLink::report(master::Report what, std::string text, std::uint64_t number,
                      const Fd& descriptor) const {
  const std::string bytes = master::encode(master::message(what, std::move(text), number));
  const int fd = descriptor.get();
  const std::span<const int> with(&fd, descriptor.valid() ? 1 : 0);
  static_cast<void>(net::send_packet(master::kControlDescriptor, bytes, with));
}

void RoleLink::end(int status) const {
  logs_.flush();
  ::_exit(status);
}

void RoleLink::fail(const Error& error) const {
  report(master::Report::failed, error.text(), static_cast<std::uint64_t>(error.code));
  end(kExitUnavailable);
}

master::Places places_of(const config::Config& config) {
  const config::Settings& main = *config.main;
  master::Places places;
  if (!config.directory.empty()) places.configuration.push_back(config.directory);
  for (const ConfiguredTable& table : configured_tables(config)) {
    const tables::Reach reach = tables::reach_of(table.spec);
    for (const std::string& file : reach.files) places.configuration.push_back(parent_of(file));
    places.ports.insert(places.ports.end(), reach.ports.begin(), reach.ports.end());
  }
  if (!main.check_image_directory.empty()) {
    places.configuration.push_back(main.check_image_directory);
    places.images.push_back(main.check_image_directory);
  }
  for (const std::string_view name : queue::kSpoolDirectories)
    places.spool.push_back(fmt::format("{}/{}", main.queue_directory, name));
  places.mailboxes.push_back(main.virtual_mailbox_base);
  if (main.home_mailbox.empty()) {
    places.mailboxes.push_back(main.mail_spool_directory);
  } else {
    places.mailboxes.emplace_back("/home");
    places.mailboxes.emplace_back("/root");
  }
  return places;
}

master::User user_of(const master::Begin& begin) {
  master::User user;
  user.name = fmt::format("user {}", begin.user);
  user.uid = begin.user;
  user.gid = begin.group;
  user.changes = begin.changes_user;
  return user;
}

void warn_of_missing(const master::Begin& begin, const std::vector<std::string>& missing,
                     EventSink& log) {
  if (begin.generation != 0) return;
  for (const std::string& what : missing) {
    Event event;
    event.level = Level::warning;
    event.text = fmt::format("headgate/{} runs with more rights than it needs: {}",
                             master::name_of(begin.role), what);
    log.write(event);
  }
}

}  // namespace headgate::cli
