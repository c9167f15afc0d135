// What a FRONT hands over comes back as it was; anything else is an Error, never a guess.
#include "smtpd/cli/front_state.h"

#include <gtest/gtest.h>

#include "engine/base/env.h"

namespace headgate::cli {
namespace {

using std::chrono::seconds;

SteadyTime at(int second) { return SteadyTime(seconds(second)); }

FrontState example() {
  FrontState state;
  stress::Controller::Memory busy;
  busy.mode = stress::Mode::on;
  busy.level = stress::kSevere;
  busy.why = "20/20 busy, 60 waiting";
  busy.signal_why = "loop_lag 812 ms (limit 500 ms)";
  busy.window = busy.signal_window = true;
  busy.since = at(100);
  busy.until = at(1100);
  busy.signal_until = at(1200);
  busy.warned = at(90);
  state.services["25"] = busy;
  state.services["submission"] = {};
  state.clients.good = {{"192.0.2.1", at(5), 0}, {"2001:db8::1", at(6), 0}};
  state.clients.struck = {{"198.51.100.7", at(7), 2}};
  state.rates = {{"25:192.0.2.1", at(50), {1, 2, 3, 4, 5}}};
  state.history = {{WallTime(seconds(1700000000)), "25", stress::kCalm, stress::kStressed, "busy"}};
  state.refusals = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  net::TlsTicketKeys::Key key;
  key.name.fill(1);
  key.mac.fill(2);
  key.cipher.fill(3);
  key.sealed_until = at(3700);
  state.ticket_keys[seconds(3600)] = {key, key};
  return state;
}

TEST(FrontState, ComesBackAsItWas) {
  const std::string bytes = encode(example());
  const Result<FrontState> back = decode_front_state(bytes);
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(encode(*back), bytes);
  const stress::Controller::Memory& busy = back->services.at("25");
  EXPECT_EQ(busy.mode, stress::Mode::on);
  EXPECT_EQ(busy.level, stress::kSevere);
  EXPECT_EQ(busy.why, "20/20 busy, 60 waiting");
  EXPECT_EQ(busy.until, at(1100));
  EXPECT_EQ(busy.warned, at(90));
  EXPECT_FALSE(back->services.at("submission").warned);
  EXPECT_EQ(back->clients.good.at(1).address, "2001:db8::1");
  EXPECT_EQ(back->clients.struck.at(0).count, 2);
  EXPECT_EQ(back->rates.at(0).counts.at(4), 5);
  EXPECT_EQ(back->history.at(0).why, "busy");
  EXPECT_EQ(back->refusals.at(10), 11U);
  ASSERT_EQ(back->ticket_keys.at(seconds(3600)).size(), 2U);
  EXPECT_EQ(back->ticket_keys.at(seconds(3600)).at(1).cipher,
            example().ticket_keys.at(seconds(3600)).at(0).cipher);
}

TEST(FrontState, CutShortOrTooLongIsAnError) {
  const std::string bytes = encode(example());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_front_state(std::string_view(bytes).substr(0, size))) << size;
  EXPECT_FALSE(decode_front_state(bytes + '\0'));
}

TEST(FrontState, ANumberOfItemsThatCannotBeIsAnError) {
  std::string bytes = encode(FrontState());
  bytes[4 + 7] = '\x7f';  // how many services
  EXPECT_FALSE(decode_front_state(bytes));
}

TEST(FrontState, AnotherVersionsStateIsAnError) {
  std::string bytes = encode(FrontState());
  bytes[0] = 99;
  EXPECT_FALSE(decode_front_state(bytes));
}

TEST(FrontState, TravelsInMemoryWithoutAName) {
  const std::string bytes = encode(example());
  const Result<Fd> memory = keep_state(bytes);
  ASSERT_TRUE(memory);
  for (int i = 0; i < 2; ++i) {  // whoever read it before moved no offset
    const Result<std::string> back = read_state(*memory);
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, bytes);
  }
  EXPECT_FALSE(read_state(Fd()));
}

TEST(FrontState, TicketsOfTheOneBeforeAreOpened) {
  SystemEnv env;
  TlsContexts before(env), after(env);
  net::TlsTicketKeys keys(env, seconds(60));
  const auto sealing = keys.sealing();
  ASSERT_TRUE(sealing);
  TlsContexts::TicketKeys handed;
  handed[seconds(60)] = keys.keys();
  after.adopt(handed);
  const TlsContexts::TicketKeys known = after.ticket_keys();
  ASSERT_EQ(known.at(seconds(60)).size(), 1U);
  EXPECT_EQ(known.at(seconds(60)).at(0).name, sealing->name);
}

}  // namespace
}  // namespace headgate::cli
