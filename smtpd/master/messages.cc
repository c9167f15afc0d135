// Tested by tests/smtpd/master/messages_test.cc.
#include "smtpd/master/messages.h"

#include "smtpd/net/fields.h"

namespace headgate::master {

namespace {

constexpr std::size_t kMostText = 128 << 10, kMostName = 4096, kMostItems = 200;

enum Has : std::uint8_t {
  kPage = 1,
  kLog = 2,
  kDoorIn = 4,
  kDoorOut = 8,
  kControl = 16,
  kJsonLog = 32
};

enum Is : std::uint8_t { kChangesUser = 1, kReload = 2, kWritersLive = 4 };

// Every descriptor that a Begin may have, with its bit.
template <class Descriptors>
auto single_ones(Descriptors& all) {
  return std::array<std::pair<Has, decltype(&all.page)>, 6>{{{kPage, &all.page},
                                                             {kLog, &all.log},
                                                             {kJsonLog, &all.json_log},
                                                             {kDoorIn, &all.door_in},
                                                             {kDoorOut, &all.door_out},
                                                             {kControl, &all.control}}};
}

Result<std::uint32_t> decode_count(net::FieldReader& reader) {
  TRY(count, reader.u32());
  if (count > kMostItems) return fail(Code::corrupt, "too many items in a message");
  return count;
}

Result<void> decode_lists(net::FieldReader& reader, Begin& begin) {
  TRY(overrides, decode_count(reader));
  for (std::uint32_t i = 0; i < overrides; ++i) {
    TRY(name, reader.text(kMostName));
    TRY(value, reader.text(kMostText));
    begin.overrides.emplace_back(std::move(name), std::move(value));
  }
  TRY(services, decode_count(reader));
  for (std::uint32_t i = 0; i < services; ++i) {
    TRY(name, reader.text(kMostName));
    TRY(count, decode_count(reader));
    begin.listeners.emplace_back(std::move(name), count);
  }
  return {};
}

Result<void> take_descriptors(std::uint8_t has, std::vector<Fd> from, Begin& begin) {
  std::size_t next = 0;
  for (const auto& [bit, into] : single_ones(begin.descriptors)) {
    if ((has & bit) == 0) continue;
    if (next == from.size()) return fail(Code::corrupt, "a descriptor is missing");
    *into = std::move(from[next++]);
  }
  std::size_t listeners = 0;
  for (const auto& [service, count] : begin.listeners) listeners += count;
  if (from.size() - next != listeners) return fail(Code::corrupt, "descriptors do not add up");
  for (; next < from.size(); ++next) begin.descriptors.listeners.push_back(std::move(from[next]));
  return {};
}

}  // namespace

std::string_view name_of(Role role) {
  switch (role) {
    case Role::front:
      return "front";
    case Role::queue:
      return "queue";
    case Role::deliver:
      return "deliver";
    case Role::builder:
      return "builder";
  }
  return "unknown";
}

std::string encode(const Message& message) {
  net::FieldWriter writer;
  writer.byte(message.kind).u64(message.number);
  writer.text(std::string_view(message.text).substr(0, kMostText));
  return writer.bytes();
}

Result<Message> decode_message(std::string_view bytes) {
  net::FieldReader reader(bytes);
  Message message;
  TRY(kind, reader.byte());
  message.kind = kind;
  TRY(number, reader.u64());
  message.number = number;
  TRY_OK(reader.text_into(message.text, kMostText));
  TRY_OK(reader.finish());
  return message;
}

Result<void> send_begin(int channel, const Begin& begin) {
  net::FieldWriter writer;
  std::vector<int> descriptors;
  std::uint8_t has = 0;
  for (const auto& [bit, fd] : single_ones(begin.descriptors)) {
    if (!fd->valid()) continue;
    has = static_cast<std::uint8_t>(has | bit);
    descriptors.push_back(fd->get());
  }
  for (const Fd& listener : begin.descriptors.listeners) descriptors.push_back(listener.get());
  const auto is = static_cast<std::uint8_t>((begin.changes_user ? kChangesUser : 0) |
                                            (begin.is_reload ? kReload : 0) |
                                            (begin.writers_live ? kWritersLive : 0));
  writer.byte(static_cast<std::uint8_t>(Order::begin)).byte(has).byte(is);
  writer.byte(static_cast<std::uint8_t>(begin.role)).u64(begin.generation);
  writer.u32(begin.user).u32(begin.group);
  writer.text(begin.directory).text(begin.errors).text(begin.task);
  writer.u32(static_cast<std::uint32_t>(begin.overrides.size()));
  for (const auto& [name, value] : begin.overrides) writer.text(name).text(value);
  writer.u32(static_cast<std::uint32_t>(begin.listeners.size()));
  for (const auto& [service, count] : begin.listeners) writer.text(service).u32(count);
  return net::send_packet(channel, writer.bytes(), descriptors);
}

Result<Begin> decode_begin(net::Packet packet) {
  net::FieldReader reader(packet.bytes);
  Begin begin;
  TRY(order, reader.byte());
  TRY(has, reader.byte());
  TRY(is, reader.byte());
  TRY(role, reader.byte());
  if (order != static_cast<std::uint8_t>(Order::begin) ||
      role > static_cast<std::uint8_t>(Role::builder))
    return fail(Code::corrupt, "no beginning of a role");
  begin.role = static_cast<Role>(role);
  begin.changes_user = (is & kChangesUser) != 0;
  begin.is_reload = (is & kReload) != 0;
  begin.writers_live = (is & kWritersLive) != 0;
  TRY(generation, reader.u64());
  begin.generation = generation;
  TRY(user, reader.u32());
  begin.user = user;
  TRY(group, reader.u32());
  begin.group = group;
  TRY_OK(reader.text_into(begin.directory, kMostName));
  TRY_OK(reader.text_into(begin.errors, kMostText));
  TRY_OK(reader.text_into(begin.task, kMostText));
  TRY_OK(decode_lists(reader, begin));
  TRY_OK(reader.finish());
  TRY_OK(take_descriptors(has, std::move(packet.descriptors), begin));
  return begin;
}

}  // namespace headgate::master
