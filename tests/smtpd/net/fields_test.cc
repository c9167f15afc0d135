#include "smtpd/net/fields.h"

#include <gtest/gtest.h>

namespace headgate::net {
namespace {

TEST(Fields, ComeBackAsTheyWere) {
  FieldWriter writer;
  writer.byte(7).u32(0xFFFFFFFE).u64(0x0123456789ABCDEF).text("").text(std::string("a\0b", 3));
  FieldReader reader(writer.bytes());
  EXPECT_EQ(reader.byte().value(), 7);
  EXPECT_EQ(reader.u32().value(), 0xFFFFFFFE);
  EXPECT_EQ(reader.u64().value(), 0x0123456789ABCDEF);
  EXPECT_EQ(reader.text(0).value(), "");
  EXPECT_EQ(reader.text(3).value(), std::string("a\0b", 3));
  EXPECT_TRUE(reader.finish());
}

TEST(Fields, EveryTruncationIsAnError) {
  FieldWriter writer;
  writer.byte(1).u32(2).u64(3).text("four");
  for (std::size_t size = 0; size < writer.bytes().size(); ++size) {
    FieldReader reader(std::string_view(writer.bytes()).substr(0, size));
    const bool whole = reader.byte() && reader.u32() && reader.u64() && reader.text(4);
    EXPECT_FALSE(whole) << size;
  }
}

TEST(Fields, NoTextIsLongerThanItsLimitOrThePacket) {
  FieldWriter writer;
  writer.text("12345");
  EXPECT_EQ(FieldReader(writer.bytes()).text(4).error().code, Code::corrupt);
  FieldWriter liar;
  liar.u32(0xFFFFFFFF);
  EXPECT_EQ(FieldReader(liar.bytes()).text(0xFFFFFFFF).error().code, Code::corrupt);
}

TEST(Fields, NothingMayBeLeft) {
  FieldReader reader("x");
  EXPECT_EQ(reader.finish().error().code, Code::corrupt);
}

}  // namespace
}  // namespace headgate::net
