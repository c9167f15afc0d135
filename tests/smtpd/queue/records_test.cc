#include "smtpd/queue/records.h"

#include <gtest/gtest.h>

namespace headgate::queue {
namespace {

TEST(Records, ChecksumIsCrc32c) {
  EXPECT_EQ(0xE3069283u, crc32c("123456789"));  // the check value of the catalogue of CRCs
  EXPECT_EQ(0x8A9136AAu, crc32c(std::string(32, '\0')));  // RFC 3720 §B.4
  EXPECT_EQ(crc32c("123456789"), crc32c("6789", crc32c("12345")));
  EXPECT_EQ(0xE3069283u, crc32c_by_tables("123456789"));
}

TEST(Records, ChecksumIsTheSameByInstructionAndByTables) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(crc32c_by_tables(bytes), crc32c(bytes)) << i;
    EXPECT_EQ(crc32c_by_tables(bytes, 4711), crc32c(bytes, 4711)) << i;
    bytes += static_cast<char>(i * 37);
  }
}

TEST(Records, RoundTrip) {
  std::string bytes;
  put_record(bytes, RecordType::content, "abc");
  put_record(bytes, RecordType::attribute, "");
  RecordParser parser(bytes);
  auto first = parser.next();
  ASSERT_TRUE(first && *first);
  EXPECT_EQ("abc", (*first)->payload);
  EXPECT_EQ(kRecordHeaderBytes, (*first)->payload_offset);
  auto second = parser.next();
  ASSERT_TRUE(second && *second);
  EXPECT_EQ(RecordType::attribute, (*second)->type);
  auto end = parser.next();
  ASSERT_TRUE(end);
  EXPECT_FALSE(*end);
}

TEST(Records, EveryTruncationAndEveryFlippedBitIsNoticed) {
  std::string bytes;
  put_record(bytes, RecordType::content, "some content");
  for (std::size_t length = 1; length < bytes.size(); ++length)
    EXPECT_FALSE(RecordParser(std::string_view(bytes).substr(0, length)).next()) << length;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(RecordParser(damaged).next()) << bit;
  }
}

TEST(Records, ARecipientsFirstByteIsNotSummed) {
  std::string bytes;
  put_record(bytes, RecordType::recipient, "Pabc");
  bytes[kRecordHeaderBytes] = 'D';
  EXPECT_TRUE(RecordParser(bytes).next());
  bytes[kRecordHeaderBytes + 1] = 'x';
  EXPECT_FALSE(RecordParser(bytes).next());
}

TEST(Records, StringsStayInsideTheirPayload) {
  std::string payload;
  put_string(payload, "ab");
  std::string_view rest = payload;
  EXPECT_EQ("ab", take_string(rest));
  EXPECT_TRUE(rest.empty());
  std::string_view cut = std::string_view(payload).substr(0, 5);
  EXPECT_FALSE(take_string(cut));
  std::string_view huge(
      "\xff\xff\xff\xff"
      "ab",
      6);
  EXPECT_FALSE(take_string(huge));
}

}  // namespace
}  // namespace headgate::queue
