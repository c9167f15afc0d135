#include "smtpd/config/main_cf.h"

#include <gtest/gtest.h>

namespace headgate::config {
namespace {

struct Parsed {
  Result<Layer> layer;
  std::vector<std::string> warnings;
};

Parsed parse(std::string_view text) {
  std::vector<std::string> warnings;
  auto layer =
      parse_main_cf(text, "main.cf", [&](const Diagnostic& d) { warnings.push_back(d.text); });
  return {std::move(layer), std::move(warnings)};
}

TEST(MainCf, NamesValuesAndPlaces) {
  const auto [layer, warnings] = parse(
      "# comment\n"
      "a=1\n"
      "  b\n"
      "\n"
      "   # inside\n"
      "  c\n"
      "d  =  x = y # no comment  \n"
      "empty =\n"
      "a-b = 2\n");
  ASSERT_TRUE(layer);
  EXPECT_TRUE(warnings.empty());
  EXPECT_EQ(layer->at("a").value, "1  b  c");
  EXPECT_EQ(layer->at("a").line, 2);
  EXPECT_EQ(layer->at("d").value, "x = y # no comment");
  EXPECT_EQ(layer->at("d").line, 7);
  EXPECT_EQ(layer->at("empty").value, "");
  EXPECT_EQ(layer->at("a-b").value, "2");
}

TEST(MainCf, TheLastDefinitionWins) {
  const auto [layer, warnings] = parse("a = b\nx = 1\na = c\n");
  ASSERT_TRUE(layer);
  EXPECT_EQ(layer->at("a").value, "c");
  EXPECT_EQ(layer->at("a").line, 3);
  EXPECT_EQ(warnings, std::vector<std::string>{"main.cf, line 3: overriding earlier entry: a=b"});
}

TEST(MainCf, ALineWithNothingToContinueIsSkipped) {
  const auto [layer, warnings] = parse("  foo = x\nbar = y\n");
  ASSERT_TRUE(layer);
  EXPECT_FALSE(layer->contains("foo"));
  EXPECT_TRUE(layer->contains("bar"));
  EXPECT_EQ(warnings, std::vector<std::string>{
                          "main.cf: logical line must not start with whitespace: \"  foo = x\""});
}

struct ErrorCase {
  const char* text;
  const char* expected;
};

TEST(MainCf, Errors) {
  const ErrorCase cases[] = {
      {"=foo\n", "main.cf, line 1: missing attribute name: \"=foo\""},
      {"a = 1\nfoo\n", "main.cf, line 2: missing '=' after attribute name: \"foo\""},
      {"foo bar = x\n", "main.cf, line 1: missing '=' after attribute name: \"foo bar = x\""},
  };
  for (const ErrorCase& c : cases) {
    const auto [layer, warnings] = parse(c.text);
    ASSERT_FALSE(layer) << c.text;
    EXPECT_EQ(layer.error().code, Code::invalid);
    EXPECT_EQ(layer.error().text(), c.expected);
  }
}

}  // namespace
}  // namespace headgate::config
