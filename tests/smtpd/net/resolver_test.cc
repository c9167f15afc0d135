// Against a name server of the test's own on a loopback port, and against the hosts file.
#include "smtpd/net/resolver.h"

#include <gtest/gtest.h>

#include <thread>

namespace headgate::net {
namespace {

using std::chrono::milliseconds;

// Answers every question with the same records (a whole answer section and its count), or not at all.
class NameServer {
 public:
  NameServer(std::string answer, std::uint8_t count, std::uint8_t rcode = 0, bool silent = false)
      : socket_(context_, aio::ip::udp::endpoint(aio::ip::address_v4::loopback(), 0)),
        answer_(std::move(answer)),
        count_(count),
        rcode_(rcode),
        silent_(silent) {
    receive();
    thread_ = std::thread([this] { context_.run(); });
  }

  ~NameServer() {
    context_.stop();
    thread_.join();
  }

  [[nodiscard]] std::string address() const {
    return "127.0.0.1:" + std::to_string(socket_.local_endpoint().port());
  }

 private:
  void receive() {
    socket_.async_receive_from(aio::buffer(buffer_), from_,
                               [this](const aio::error_code& error, std::size_t size) {
                                 if (error) return;
                                 if (!silent_ && size >= 17) reply(size);
                                 receive();
                               });
  }

  void reply(std::size_t size) {
    std::size_t end = 12;  // the question: a name, type and class
    while (end < size && buffer_[end] != 0) end += static_cast<unsigned char>(buffer_[end]) + 1u;
    end += 5;
    if (end > size) return;
    std::string packet(buffer_.data(), end);
    packet[2] = static_cast<char>(0x85);
    packet[3] = static_cast<char>(0x80 | rcode_);
    packet[6] = 0;
    packet[7] = static_cast<char>(count_);
    for (int i = 8; i < 12; ++i) packet[static_cast<std::size_t>(i)] = 0;
    packet += answer_;
    socket_.send_to(aio::buffer(packet), from_);
  }

  aio::io_context context_;
  aio::ip::udp::socket socket_;
  aio::ip::udp::endpoint from_;
  std::array<char, 1500> buffer_{};
  std::string answer_;
  std::uint8_t count_, rcode_;
  bool silent_;
  std::thread thread_;
};

// name (a pointer to the question's), type MX, class IN, 60 s, preference and exchange
std::string mx_record(std::uint8_t preference, std::string_view label) {
  std::string data{'\0', static_cast<char>(preference)};
  if (!label.empty()) {
    data += static_cast<char>(label.size());
    data += label;
  }
  data += '\0';
  std::string record("\xc0\x0c\x00\x0f\x00\x01\x00\x00\x00\x3c\x00", 11);
  record += static_cast<char>(data.size());
  return record + data;
}

template <class T>
Result<T> wait_for(Task<Result<T>> task) {
  aio::io_context context;
  Result<T> answer = fail(Code::bug, "no answer came");
  aio::co_spawn(context, std::move(task), [&answer](std::exception_ptr thrown, Result<T> result) {
    EXPECT_FALSE(thrown);
    answer = std::move(result);
  });
  context.run();
  return answer;
}

std::unique_ptr<Resolver> open(const std::string& servers = {}) {
  auto resolver = open_system_resolver(servers);
  EXPECT_TRUE(resolver) << resolver.error().text();
  return std::move(*resolver);
}

TEST(Resolver, NumericAddressesAnswerThemselves) {
  const auto resolver = open("127.0.0.1:1");
  for (const char* address : {"192.0.2.1", "::1", "2001:db8::1"})
    EXPECT_EQ(std::vector<std::string>{address},
              *wait_for(resolver->addresses(address, milliseconds(5000))));
  EXPECT_FALSE(is_numeric_address("192.0.2"));
  EXPECT_FALSE(is_numeric_address("localhost"));
}

TEST(Resolver, TheHostsFileCounts) {
  const auto resolver = open("127.0.0.1:1");
  const auto found = wait_for(resolver->addresses("localhost", milliseconds(5000)));
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ("127.0.0.1", found->front());
}

TEST(Resolver, MailExchangersSorted) {
  const NameServer server(mx_record(20, "second") + mx_record(10, "first"), 2);
  const auto resolver = open(server.address());
  const auto found = wait_for(resolver->mail_exchangers("x.example", milliseconds(5000)));
  ASSERT_TRUE(found) << found.error().text();
  ASSERT_EQ(2u, found->size());
  EXPECT_EQ("first", (*found)[0].host);
  EXPECT_EQ(20, (*found)[1].preference);
}

TEST(Resolver, NullMx) {
  const NameServer server(mx_record(0, ""), 1);
  const auto resolver = open(server.address());
  const auto found = wait_for(resolver->mail_exchangers("x.example", milliseconds(5000)));
  ASSERT_TRUE(found) << found.error().text();
  ASSERT_EQ(1u, found->size());
  EXPECT_EQ("", (*found)[0].host);
}

// "Failed" is never "not found".
TEST(Resolver, FailuresAreToldApart) {
  const struct {
    std::uint8_t rcode;
    Code expected;
  } rows[] = {
      {0, Code::not_found}, {3, Code::not_found}, {2, Code::unavailable}, {5, Code::unavailable}};

  for (const auto& row : rows) {
    const NameServer server("", 0, row.rcode);
    const auto resolver = open(server.address());
    const auto found = wait_for(resolver->mail_exchangers("x.example", milliseconds(5000)));
    ASSERT_FALSE(found);
    EXPECT_EQ(row.expected, found.error().code) << int{row.rcode} << ": " << found.error().text();
  }
}

TEST(Resolver, ASilentServerEndsAtTheDeadline) {
  const NameServer server("", 0, 0, true);
  const auto resolver = open(server.address());
  const auto found = wait_for(resolver->mail_exchangers("x.example", milliseconds(30)));
  ASSERT_FALSE(found);
  EXPECT_EQ(Code::timeout, found.error().code);
}

TEST(Resolver, NonsenseIsNotAnAddress) {
  const auto resolver = open("127.0.0.1:1");
  EXPECT_EQ(Code::invalid,
            wait_for(resolver->name_of("nonsense", milliseconds(5000))).error().code);
}

TEST(Resolver, EndsWithQuestionsOpen) {
  const NameServer server("", 0, 0, true);
  aio::io_context context;
  Code code = Code::bug;
  {
    const auto resolver = open(server.address());
    aio::co_spawn(context, resolver->mail_exchangers("x.example", milliseconds(60000)),
                  [&code](std::exception_ptr, Result<std::vector<MxHost>> result) {
                    code = result.error().code;
                  });
    context.poll();
  }
  context.run();
  EXPECT_EQ(Code::cancelled, code);
}

}  // namespace
}  // namespace headgate::net
