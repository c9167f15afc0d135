#include "smtpd/deliver/outcome.h"

#include <gtest/gtest.h>

#include "smtpd/deliver/discard.h"
#include "tests/support/queue_file_maker.h"
#include "tests/support/scratch_directory.h"

namespace headgate::deliver {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST(Outcome, DelaysHaveTwoSignificantDigits) {
  const struct {
    std::int64_t us;
    const char* expected;
  } rows[] = {{0, "0"},           {4000, "0"},
              {5001, "0.01"},     {50000, "0.05"},
              {100000, "0.1"},    {994000, "0.99"},
              {999000, "1"},      {1000000, "1"},
              {1340000, "1.3"},   {9940000, "9.9"},
              {9960000, "10"},    {12340000, "12"},
              {100000000, "100"}, {431999600000, "432000"}};

  for (const auto& row : rows)
    EXPECT_EQ(row.expected, format_delay(microseconds(row.us))) << row.us;
}

TEST(Outcome, LogLine) {
  const testing_support::ScratchDirectory scratch;
  queue::Envelope envelope;
  envelope.arrival = WallTime(std::chrono::seconds(1'700'000'000));
  auto file = testing_support::make_queue_file(scratch.path("m"), "x\n", envelope, {"r@x.example"});
  ASSERT_TRUE(file);
  const queue::Delivery delivery("25CB4A90028", "smtp:x", file, {0},
                                 envelope.arrival + milliseconds(1500));
  queue::Outcome outcome = sent("2.0.0", "mx[192.0.2.1]:25", "250 ok\nforged line");
  outcome.setup = milliseconds(100);
  outcome.transmission = milliseconds(250);
  EXPECT_EQ(
      "25CB4A90028: to=<r@x.example>, relay=mx[192.0.2.1]:25, delay=3, delays=1.5/1.1/0.1/0.25, "
      "dsn=2.0.0, "
      "status=sent (250 ok?forged line)",
      log_line(delivery, file->envelope().recipients[0], outcome,
               envelope.arrival + milliseconds(2980)));
}

TEST(Outcome, SoftBounce) {
  const queue::Outcome soft = softened(bounced("5.1.1", "local", "unknown user"));
  EXPECT_EQ(queue::Status::deferred, soft.status);
  EXPECT_EQ("4.1.1", soft.dsn);
  EXPECT_EQ(queue::Status::sent, softened(sent("2.0.0", "local", "x")).status);
}

TEST(Discard, AndError) {
  EXPECT_EQ(queue::Status::sent, discard("spam").status);
  EXPECT_EQ("spam", discard("spam").text);
  EXPECT_EQ("2.0.0 foo", discard("4.1.1 foo").dsn + " " + discard("4.1.1 foo").text);
  EXPECT_EQ("2.1.1 bar", discard(" 2.1.1 bar").dsn + " " + discard(" 2.1.1 bar").text);

  const struct {
    const char* nexthop;
    queue::Status status;
    const char *dsn, *text;
  } rows[] = {{"5.1.1 no such user", queue::Status::bounced, "5.1.1", "no such user"},
              {"no such user", queue::Status::bounced, "5.0.0", "no such user"},
              {"4.1.1 later", queue::Status::bounced, "5.0.0", "later"},
              {"2.7.7 x", queue::Status::bounced, "5.0.0", "x"},
              {"5.7.7 x", queue::Status::deferred, "4.0.0", "x"},
              {"5.1.1", queue::Status::bounced, "5.1.1", ""},
              {" 5.123.123  x", queue::Status::bounced, "5.123.123", "x"},
              {"5.1234.1 x", queue::Status::bounced, "5.0.0", "5.1234.1 x"},
              {"5.1.1x y", queue::Status::bounced, "5.0.0", "5.1.1x y"},
              {"5..1 x", queue::Status::bounced, "5.0.0", "5..1 x"},
              {"3.1.1 x", queue::Status::bounced, "5.0.0", "3.1.1 x"},
              {"55.1.1 x", queue::Status::bounced, "5.0.0", "55.1.1 x"},
              {"4.3.0 later", queue::Status::deferred, "4.3.0", "later"},
              {"", queue::Status::deferred, "4.0.0", ""}};

  for (const auto& row : rows) {
    const queue::Outcome outcome = refuse(row.nexthop, row.status);
    EXPECT_EQ(row.dsn, outcome.dsn) << row.nexthop;
    EXPECT_EQ(row.text, outcome.text) << row.nexthop;
  }
}

}  // namespace
}  // namespace headgate::deliver
