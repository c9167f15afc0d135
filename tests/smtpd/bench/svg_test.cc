#include "smtpd/bench/svg.h"

namespace headgate::bench {
namespace {

TEST(Svg, TextIsEscaped) {
  EXPECT_EQ("a&lt;b&gt; &amp; &quot;c&quot;", escaped("a<b> & \"c\""));
  EXPECT_EQ("x?y", escaped(std::string_view("x\0y", 3)));
  EXPECT_EQ("na\xc3\xafve", escaped("na\xc3\xafve"));
  EXPECT_EQ("\xef\xbf\xbd", escaped("\xef\xbf\xbd"));
  EXPECT_EQ("???", escaped("\xed\xa0\x80"));  // a surrogate is no character
}

TEST(Svg, NumbersAreShort) {
  EXPECT_EQ("0", short_number(0));
  EXPECT_EQ("0.00123", short_number(0.001231));
  EXPECT_EQ("0.66", short_number(0.66));
  EXPECT_EQ("3.44", short_number(3.443));
  EXPECT_EQ("1", short_number(1));
  EXPECT_EQ("42.4", short_number(42.42));
  EXPECT_EQ("185", short_number(185.2));
  EXPECT_EQ("1,098", short_number(1098));
  EXPECT_EQ("1,234,568", short_number(1234567.8));
}

TEST(Svg, DecadesCoverTheRange) {
  const LogScale scale(0.4, 185, 0, 100);
  EXPECT_EQ((std::vector<double>{0.1, 1, 10, 100, 1000}), scale.ticks());
  EXPECT_DOUBLE_EQ(0, scale.at(0.1));
  EXPECT_DOUBLE_EQ(50, scale.at(10));
  EXPECT_DOUBLE_EQ(100, scale.at(5000));
  EXPECT_EQ(2U, LogScale(1, 1, 0, 100).ticks().size());
}

TEST(Svg, ADrawingIsAnElement) {
  Svg svg(10, 20, "a & b");
  svg.text({1, 2}, "<", Anchor::end, "label");
  const std::string text = svg.finish();
  EXPECT_THAT(text, testing::StartsWith("<svg xmlns="));
  EXPECT_THAT(text, testing::HasSubstr("<title>a &amp; b</title>"));
  EXPECT_THAT(text, testing::HasSubstr(">&lt;</text>"));
  EXPECT_THAT(text, testing::EndsWith("</svg>\n"));
}

}  // namespace
}  // namespace headgate::bench
