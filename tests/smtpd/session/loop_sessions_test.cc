// How a session gets to its loop, and that its place is given back whatever becomes of it. What it does there: front_test.
#include "smtpd/session/loop_sessions.h"

#include <gtest/gtest.h>

#include "tests/smtpd/session/session_house.h"

namespace headgate::session {
namespace {

class CountingAdmission final : public Admission {
 public:
  explicit CountingAdmission(SessionHouse& house)
      : seats_(house.env, house.stress.reputation),
        controller_({}, house.env, house.log, house.stress.signals, house.stress.history) {}

  [[nodiscard]] bool stopping() const override { return false; }

  stress::Seats& seats() override { return seats_; }

  stress::Controller& controller() override { return controller_; }

  void one_waits() override {}

  void ended(std::size_t loop, bool slot_is_mine) override { all.emplace_back(loop, slot_is_mine); }

  std::vector<std::pair<std::size_t, bool>> all;

 private:
  stress::Seats seats_;
  stress::Controller controller_;
};

TEST(LoopSessions, APlaceIsGivenBackWhereASessionCannotBegin) {
  SessionHouse house;
  ASSERT_TRUE(house.configure("smtpd_peername_lookup = no\n"));
  aio::io_context home, io;
  aio::thread_pool threads(1);
  net::PeerNames names(threads, std::chrono::seconds(1));
  CountingAdmission admission(house);
  auto generation = std::make_shared<Generation>();
  generation->calm = generation->stressed = house.calm;
  const auto sessions = std::make_shared<LoopSessions>(1, io.get_executor(), house.services(),
                                                       generation, names, admission);
  Newcomer newcomer{aio::ip::tcp::socket(home), "192.0.2.1"};  // a socket that is none
  sessions->begin(std::move(newcomer), 1);
  io.run();
  const std::vector<std::pair<std::size_t, bool>> once{{1, true}};
  EXPECT_EQ(admission.all, once);
  threads.join();
  ASSERT_EQ(house.log.lines().size(), 1U);
  EXPECT_TRUE(house.log.lines()[0].starts_with("warning: session of 192.0.2.1 not begun: "))
      << house.log.lines()[0];
}

}  // namespace
}  // namespace headgate::session
