#include "smtpd/net/peer_name.h"

#include <gtest/gtest.h>

#include <future>

namespace headgate::net {
namespace {

Task<void> ask(PeerNames& names, std::string address, PeerName& answer) {
  answer = co_await names.look_up(address);
}

PeerName look_up(PeerNames& names, const std::string& address) {
  aio::io_context io;
  PeerName answer;
  answer.name = "not asked";
  aio::co_spawn(io, ask(names, address, answer), aio::detached);
  io.run();
  return answer;
}

TEST(PeerName, WhatIsNoAddressIsUnknown) {
  EXPECT_EQ(verify_peer_name("not an address").name, "unknown");
}

TEST(PeerName, LoopbackIsVerifiedOrUnknownAndThenRemembered) {
  aio::thread_pool pool(1);
  PeerNames names(pool, std::chrono::seconds(60));
  const PeerName first = look_up(names, "127.0.0.1");
  EXPECT_EQ(first.name, verify_peer_name("127.0.0.1").name);
  pool.join();  // no thread left to ask
  EXPECT_EQ(look_up(names, "127.0.0.1").name, first.name);
}

TEST(PeerName, PatienceIsBounded) {
  aio::thread_pool pool(1);
  std::promise<void> release;
  aio::post(pool,
            [wait = release.get_future().share()] { wait.wait(); });  // the only thread is busy
  PeerNames names(pool, std::chrono::milliseconds(10));
  EXPECT_EQ(look_up(names, "192.0.2.1").name, "unknown");
  release.set_value();
  pool.join();
}

}  // namespace
}  // namespace headgate::net
