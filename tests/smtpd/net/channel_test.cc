#include "smtpd/net/channel.h"

#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace headgate::net {
namespace {

class ChannelTest : public testing::Test {
 protected:
  void SetUp() override {
    Result<std::pair<Fd, Fd>> pair = channel_pair();
    ASSERT_TRUE(pair);
    left_ = std::move(pair->first);
    channel_.emplace(io_.get_executor(), std::move(pair->second));
  }

  Result<Packet> receive() {
    std::optional<Result<Packet>> got;
    aio::co_spawn(io_, keep(got), aio::detached);
    io_.restart();
    io_.run();
    return std::move(*got);
  }

  Task<void> keep(std::optional<Result<Packet>>& got) { got.emplace(co_await channel_->receive()); }

  aio::io_context io_;
  Fd left_;
  std::optional<Channel> channel_;
};

TEST_F(ChannelTest, PacketsKeepTheirBordersAndTheirOrder) {
  ASSERT_TRUE(send_packet(left_.get(), "one"));
  ASSERT_TRUE(send_packet(left_.get(), std::string(Channel::kMostBytes, 'x')));
  EXPECT_EQ(receive()->bytes, "one");
  EXPECT_EQ(receive()->bytes.size(), Channel::kMostBytes);
}

TEST_F(ChannelTest, DescriptorsArriveAsOnesOfOurOwn) {
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(::pipe(pipe_ends.data()), 0);
  ASSERT_TRUE(send_packet(left_.get(), "pipe", std::span<const int>(pipe_ends).subspan(1)));
  ::close(pipe_ends[1]);
  const Fd read_end(pipe_ends[0]);
  {
    const Result<Packet> packet = receive();
    ASSERT_TRUE(packet);
    ASSERT_EQ(packet->descriptors.size(), 1U);
    const int fd = packet->descriptors[0].get();
    EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    ASSERT_EQ(::write(fd, "!", 1), 1);
  }
  char byte = 0;
  EXPECT_EQ(::read(read_end.get(), &byte, 1), 1);
  EXPECT_EQ(::read(read_end.get(), &byte, 1), 0) << "the packet has closed its descriptor";
}

TEST_F(ChannelTest, AnEndThatGoesIsSeenAfterWhatItSaid) {
  ASSERT_TRUE(send_packet(left_.get(), "last"));
  left_ = Fd();
  EXPECT_EQ(receive()->bytes, "last");
  EXPECT_EQ(receive().error().code, Code::closed);
  EXPECT_EQ(channel_->send("nobody").error().code, Code::closed);
}

TEST_F(ChannelTest, AFullChannelSaysSoAndLosesNothing) {
  std::size_t sent = 0;
  Result<void> result;
  while ((result = send_packet(left_.get(), std::to_string(sent)))) ++sent;
  EXPECT_EQ(result.error().code, Code::unavailable);
  EXPECT_GT(sent, 100U);
  for (std::size_t i = 0; i < sent; ++i) ASSERT_EQ(receive()->bytes, std::to_string(i));
  EXPECT_TRUE(send_packet(left_.get(), "again"));
}

TEST_F(ChannelTest, AReaderThatTakesLessGetsAnErrorAndThenTheNext) {
  channel_->close();
  Result<std::pair<Fd, Fd>> pair = channel_pair();
  ASSERT_TRUE(pair);
  channel_.emplace(io_.get_executor(), std::move(pair->second), 4);
  ASSERT_TRUE(send_packet(pair->first.get(), "five!"));
  ASSERT_TRUE(send_packet(pair->first.get(), "four"));
  EXPECT_EQ(receive().error().code, Code::corrupt);
  EXPECT_EQ(receive()->bytes, "four");
}

TEST_F(ChannelTest, CloseEndsAReceive) {
  std::optional<Result<Packet>> got;
  aio::co_spawn(io_, keep(got), aio::detached);
  aio::post(io_, [this] { channel_->close(); });
  io_.run();
  EXPECT_EQ(got->error().code, Code::cancelled);
}

TEST_F(ChannelTest, NothingAndTooMuchAreNoPackets) {
  EXPECT_EQ(channel_->send("").error().code, Code::limit);
  EXPECT_EQ(channel_->send(std::string(Channel::kMostBytes + 1, 'x')).error().code, Code::limit);
}

}  // namespace
}  // namespace headgate::net
