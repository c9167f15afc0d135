#include "engine/match/reference.h"

#include <gtest/gtest.h>

namespace headgate::match {
namespace {

TEST(Reference, OptionBitsComeBackAsTheyWere) {
  for (std::uint32_t bits = 0; bits <= kMostOptionBits; ++bits) {
    Reference reference;
    set_option_bits(reference, bits);
    EXPECT_EQ(option_bits(reference), bits);
    reference.engine = Engine::posix;
    set_option_bits(reference, bits);
    EXPECT_EQ(option_bits(reference), bits & 0xfU);
  }
}

// The numbers stand in images: these must never change.
TEST(Reference, OptionBitsAreWhatTheyHaveAlwaysBeen) {
  Reference reference;
  EXPECT_EQ(option_bits(reference), 0x5U);  // caseless, dotall
  reference.pcre2.ungreedy = true;
  EXPECT_EQ(option_bits(reference), 0x45U);
  reference.engine = Engine::posix;
  EXPECT_EQ(option_bits(reference), 0x3U);  // extended, ignore_case
  reference.posix.no_groups = true;
  EXPECT_EQ(option_bits(reference), 0xbU);
}

}  // namespace
}  // namespace headgate::match
