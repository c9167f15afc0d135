// What the table of frequencies must say for the choices to make sense; its numbers may change with the mail it is made from.
#include "compiler/analyse/frequency.h"

#include <gtest/gtest.h>

namespace headgate::analyse {
namespace {

double of(const char* bytes, bool at_start = false, bool at_end = false) {
  return frequency_of(Literal{bytes, true, at_start, at_end});
}

TEST(Frequency, IsAShareOfTheBytes) {
  for (const char* bytes :
       {"e", " ", "the", "qzx", "\xff\xfe", "\n", "a long literal of many words"}) {
    EXPECT_GT(of(bytes), 0) << bytes;
    EXPECT_LE(of(bytes), 1) << bytes;
  }
}

TEST(Frequency, TheRarerIsRarer) {
  EXPECT_GT(of("e"), of("z"));
  EXPECT_GT(of("the "), of("viagra"));
  EXPECT_GT(of("th"), of("qx"));
  EXPECT_GT(of("free"), of("free money"));
  EXPECT_GT(of("viagra"), of("viagra", true));
  EXPECT_GT(of("viagra"), of("viagra", false, true));
}

TEST(Frequency, MoreBytesAreNeverFound) {
  for (const std::string all : {"subject: re: your mail", "my accounting password, please"}) {
    std::string bytes;
    double before = 1;
    for (const char c : all) {
      bytes += c;
      EXPECT_LE(of(bytes.c_str()), before * (1 + 1e-9)) << bytes;
      before = of(bytes.c_str());
    }
  }
}

TEST(Frequency, CommonWordsAreCommonerThanTheirLetters) {
  for (const char* word : {"account", "credit", "content", "please", "password"}) {
    EXPECT_GT(of(word), 1e-6) << word;
    EXPECT_LT(of(word), 1e-3) << word;
    const std::string more = std::string("qx") + word;
    EXPECT_LT(of(more.c_str()), of(word) / 100);
  }
  EXPECT_GT(of("ccoun"), 1e-6);
  EXPECT_GT(of("your account"), of("your accouqt") * 1000);
  EXPECT_LT(of("accouqt"), 1e-7);
}

TEST(Cost, GrowsWithEachLiteral) {
  const Clause one = {Literal{"viagra", true}};
  Clause two = one;
  two.push_back(Literal{"cialis", true});
  EXPECT_GT(cost_of(one), 0);
  EXPECT_GT(cost_of(two), cost_of(one));
  EXPECT_GT(cost_of({Literal{"the", true}}), cost_of(one));
  EXPECT_EQ(cost_of({}), 0);
}

}  // namespace
}  // namespace headgate::analyse
