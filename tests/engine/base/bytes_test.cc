#include "engine/base/bytes.h"

#include <gtest/gtest.h>

#include "engine/base/sha256.h"

namespace headgate {
namespace {

TEST(Bytes, WhatIsWrittenIsReadLittleEndian) {
  ByteWriter out;
  out.u8(7);
  out.u32(0x01020304);
  out.u64(0x1122334455667788);
  out.string("ab");
  EXPECT_EQ(out.bytes().substr(1, 4), "\x04\x03\x02\x01");
  ByteReader in(out.bytes());
  EXPECT_EQ(in.u8(), 7);
  EXPECT_EQ(in.u32(), 0x01020304U);
  EXPECT_EQ(in.u64(), 0x1122334455667788U);
  EXPECT_EQ(in.string(), "ab");
  EXPECT_TRUE(in.ok());
  EXPECT_TRUE(in.at_end());
}

TEST(Bytes, AReaderThatRanOutStaysFailed) {
  ByteReader in(std::string_view("\x05\0\0\0abc", 7));
  EXPECT_EQ(in.string(), "");
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.u8(), 0);
}

TEST(Bytes, ACountThatCannotBeTrueFailsBeforeMemoryIsAskedFor) {
  const std::string_view bytes("\x03\0\0\0abcdef", 10);
  EXPECT_EQ(ByteReader(bytes).count(2), 3U);
  ByteReader in(bytes);
  EXPECT_EQ(in.count(3), 0U);
  EXPECT_FALSE(in.ok());
}

TEST(Bytes, AChoiceBeyondTheLastFails) {
  ByteReader in("\x02\x03");
  EXPECT_EQ(in.choice(2), 2);
  EXPECT_EQ(in.choice(2), 0);
  EXPECT_FALSE(in.ok());
}

TEST(Sha256, TheExamplesOfTheStandard) {
  Sha256 abc;
  abc.add("a");
  abc.add("bc");
  EXPECT_EQ(hex(abc.finish()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 empty;
  EXPECT_EQ(hex(empty.finish()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, CountedPiecesDoNotRunTogether) {
  Sha256 one;
  one.add_counted("ab");
  one.add_counted("c");
  Sha256 other;
  other.add_counted("a");
  other.add_counted("bc");
  EXPECT_NE(one.finish(), other.finish());
}

}  // namespace
}  // namespace headgate
