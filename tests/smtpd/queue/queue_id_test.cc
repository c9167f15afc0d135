#include "smtpd/queue/queue_id.h"

#include <gtest/gtest.h>

namespace headgate::queue {
namespace {

using std::chrono::microseconds;

WallTime at(std::int64_t us) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(microseconds(us)));
}

TEST(QueueId, ShortIsFiveHexDigitsOfMicrosecondsAndTheInode) {
  EXPECT_EQ("25CB4A90028", short_queue_id(at(1'700'000'000'154804), 0xA90028));
  EXPECT_EQ("000011", short_queue_id(at(1'700'000'000'000001), 1));
  EXPECT_EQ("F423FFF", short_queue_id(at(1'700'000'000'999999), 0xFF));
}

TEST(QueueId, LongHasSecondsMicrosecondsAndInode) {
  const std::string id = long_queue_id(at(1'700'000'000'000001), 51);
  EXPECT_EQ("0001z10", id.substr(6));
  EXPECT_NE(id, long_queue_id(at(1'700'000'001'000001), 51));
  EXPECT_TRUE(is_queue_id(id));
}

TEST(QueueId, WhatIsNoId) {
  for (const char* name :
       {"", ".", "..", "new.0000000000000001", "ABC", "a/bcdefg", "../../etc", "ABCDEF "})
    EXPECT_FALSE(is_queue_id(name)) << name;
  EXPECT_FALSE(is_queue_id(std::string(65, 'A')));
  EXPECT_TRUE(is_queue_id("25CB4A90028"));
}

}  // namespace
}  // namespace headgate::queue
