#include "smtpd/master/ports.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace headgate::master {
namespace {

config::Config config_of(const std::vector<std::pair<std::string, std::string>>& services) {
  config::Config config;
  auto settings = std::make_shared<config::Settings>();
  settings->inet_interfaces = {"127.0.0.1"};
  settings->inet_protocols = "ipv4";
  for (const auto& [host, port] : services) {
    config::Service service;
    service.host = host;
    service.port = port;
    service.name = service.canonical = host + ":" + port;
    service.type = "inet";
    service.command = "smtpd";
    service.calm = service.stressed = settings;
    config.services.push_back(service);
  }
  return config;
}

bool answers(std::uint16_t port) {
  const Fd client(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

TEST(Ports, StayOverAReloadAndGoWithTheirService) {
  Ports ports;
  ASSERT_TRUE(ports.prepare(config_of({{"127.0.0.1", "0"}})));
  ports.take();
  const std::uint16_t port = ports.listening_on().at(0).port;
  EXPECT_TRUE(answers(port));
  ASSERT_TRUE(ports.prepare(config_of({{"127.0.0.1", "0"}})));
  ports.take();
  EXPECT_EQ(ports.listening_on().at(0).port, port);
  EXPECT_TRUE(answers(port));
  ASSERT_TRUE(ports.prepare(config_of({{"localhost", "0"}})));
  EXPECT_TRUE(answers(port)) << "until the new ones are taken";
  ports.take();
  EXPECT_FALSE(answers(port));
}

TEST(Ports, APortInUseRefusesAllAndLeavesTheOld) {
  Ports ports;
  ASSERT_TRUE(ports.prepare(config_of({{"127.0.0.1", "0"}})));
  ports.take();
  const std::string port = std::to_string(ports.listening_on().at(0).port);
  const Result<void> refused = ports.prepare(config_of({{"127.0.0.1", "0"}, {"127.0.0.1", port}}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_EQ(refused.error().what, "bind 127.0.0.1 port " + port + ": Address already in use");
  EXPECT_TRUE(answers(ports.listening_on().at(0).port));
}

std::uint16_t free_port() {
  Ports ports;
  EXPECT_TRUE(ports.prepare(config_of({{"127.0.0.1", "0"}})));
  return ports.listening_on().at(0).port;
}

// The old socket is in its way, and somebody else has that open, too.
TEST(Ports, AServiceThatMovesTakesThePortOver) {
  const std::uint16_t number = free_port();
  const std::string port = std::to_string(number);
  Ports ports;
  ASSERT_TRUE(ports.prepare(config_of({{"127.0.0.1", port}})));
  ports.take();
  const Fd fronts(::dup(ports.sockets().begin()->second.at(0).fd.get()));
  ASSERT_TRUE(ports.prepare(config_of({{"", port}})));
  EXPECT_TRUE(answers(number));
  ports.drop();
  EXPECT_TRUE(answers(number)) << "the old one listens again";
  ASSERT_TRUE(ports.prepare(config_of({{"", port}})));
  ports.take();
  EXPECT_TRUE(answers(number));
}

// As the service manager does, which keeps its own descriptor.
struct Given {
  Given() : fd(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd.get(), 1), 0);
    socklen_t size = sizeof address;
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port = std::to_string(ntohs(address.sin_port));
  }

  [[nodiscard]] std::vector<Fd> offer() const {
    std::vector<Fd> offered;
    offered.emplace_back(::dup(fd.get()));
    return offered;
  }

  [[nodiscard]] bool is(const Ports::Socket& socket) const {
    struct stat mine {
    }, theirs{};

    return ::fstat(fd.get(), &mine) == 0 && ::fstat(socket.fd.get(), &theirs) == 0 &&
           mine.st_ino == theirs.st_ino;
  }

  Fd fd;
  std::string port;
};

TEST(Ports, SocketsThatWereOpenedForUsAreTaken) {
  const Given given;
  Ports ports;
  ports.offer(given.offer());
  ASSERT_TRUE(ports.prepare(config_of({{"127.0.0.1", given.port}})));
  EXPECT_TRUE(given.is(ports.sockets().begin()->second.at(0)));
}

// A reload that is refused for another reason; bind(2) would find the port in use.
TEST(Ports, SocketsThatWereOpenedForUsAreThereAgainAfterADrop) {
  const Given given;
  Ports ports;
  ports.offer(given.offer());
  ASSERT_TRUE(ports.prepare(config_of({{"127.0.0.1", "0"}})));
  ports.take();
  for (int i = 0; i < 2; ++i) {
    const auto wanted = config_of({{"127.0.0.1", "0"}, {"127.0.0.1", given.port}});
    ASSERT_TRUE(ports.prepare(wanted)) << i;
    EXPECT_TRUE(given.is(ports.sockets().at("127.0.0.1:" + given.port).at(0)));
    if (i == 0) ports.drop();
  }
  ports.take();
  EXPECT_TRUE(answers(static_cast<std::uint16_t>(std::stoi(given.port))));
}

}  // namespace
}  // namespace headgate::master
