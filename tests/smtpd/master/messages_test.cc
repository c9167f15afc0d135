#include "smtpd/master/messages.h"

#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace headgate::master {
namespace {

Task<void> receive(net::Channel& channel, std::optional<Result<net::Packet>>& packet) {
  packet.emplace(co_await channel.receive());
}

Result<net::Packet> pass(const Begin& begin) {
  auto pair = net::channel_pair();
  EXPECT_TRUE(send_begin(pair->first.get(), begin));
  aio::io_context io;
  net::Channel channel(io.get_executor(), std::move(pair->second));
  std::optional<Result<net::Packet>> packet;
  aio::co_spawn(io, receive(channel, packet), aio::detached);
  io.run();
  return std::move(*packet);
}

Fd null() { return Fd(::open("/dev/null", O_RDWR | O_CLOEXEC)); }

TEST(Messages, ComeBackAsTheyWere) {
  const auto back = decode_message(encode(message(Report::failed, "why", 7)));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->kind, static_cast<std::uint8_t>(Report::failed));
  EXPECT_EQ(back->number, 7U);
  EXPECT_EQ(back->text, "why");
  const std::string whole = encode(message(Order::go, "state"));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(decode_message(std::string_view(whole).substr(0, size))) << size;
}

TEST(Messages, ABeginningHasItsDescriptorsInTheirPlaces) {
  Begin begin;
  begin.role = Role::front;
  begin.generation = 3;
  begin.directory = "/etc/headgate";
  begin.overrides = {{"a", "b"}};
  begin.user = 102;
  begin.changes_user = true;
  begin.is_reload = true;
  begin.errors = "in force";
  begin.listeners = {{"25", 2}, {"587", 1}};
  begin.descriptors.page = null();
  begin.descriptors.door_out = null();
  for (int i = 0; i < 3; ++i) begin.descriptors.listeners.push_back(null());
  Result<net::Packet> packet = pass(begin);
  ASSERT_TRUE(packet);
  Result<Begin> back = decode_begin(std::move(*packet));
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(back->role, Role::front);
  EXPECT_EQ(back->generation, 3U);
  EXPECT_EQ(back->overrides, begin.overrides);
  EXPECT_TRUE(back->changes_user && back->is_reload && !back->writers_live);
  EXPECT_EQ(back->listeners, begin.listeners);
  EXPECT_TRUE(back->descriptors.page.valid() && back->descriptors.door_out.valid());
  EXPECT_FALSE(back->descriptors.log.valid() || back->descriptors.door_in.valid());
  EXPECT_EQ(back->descriptors.listeners.size(), 3U);
}

TEST(Messages, DescriptorsThatDoNotAddUpAreAnError) {
  Begin begin;
  begin.listeners = {{"25", 2}};
  begin.descriptors.page = null();
  begin.descriptors.listeners.push_back(null());
  Result<net::Packet> packet = pass(begin);
  ASSERT_TRUE(packet);
  EXPECT_EQ(decode_begin(std::move(*packet)).error().code, Code::corrupt);
}

TEST(Messages, EveryTruncationOfABeginningIsAnError) {
  Begin begin;
  begin.directory = "/etc";
  begin.overrides = {{"a", "b"}};
  begin.listeners = {{"25", 0}};
  Result<net::Packet> packet = pass(begin);
  ASSERT_TRUE(packet);
  for (std::size_t size = 0; size < packet->bytes.size(); ++size) {
    net::Packet part;
    part.bytes = packet->bytes.substr(0, size);
    EXPECT_FALSE(decode_begin(std::move(part))) << size;
  }
}

}  // namespace
}  // namespace headgate::master
