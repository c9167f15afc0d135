#include "compiler/back/finder_windows.h"

#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace headgate::back {
namespace {

std::shared_ptr<const match::LiteralFinder> finder_for(const std::vector<std::string>& bytes) {
  std::vector<analyse::Literal> literals;
  for (const std::string& one : bytes) literals.push_back({one, true});
  std::vector<const analyse::Literal*> all;
  std::vector<std::uint32_t> ids;
  for (const analyse::Literal& one : literals) {
    all.push_back(&one);
    ids.push_back(static_cast<std::uint32_t>(3 * ids.size()));
  }
  return make_finder(all, ids);
}

std::string window_of(const match::LiteralFinder& finder, std::size_t number) {
  const match::SoughtLiteral& literal = finder.literals()[number];
  const unsigned stride = match::stride_of(finder.literals());
  return literal.bytes.substr(literal.at, match::windows_of(literal.bytes.size(), stride).span());
}

TEST(FinderWindows, AreTheRarestOfTheLiteral) {
  // The literal of four bytes makes all windows single ones.
  const auto finder = finder_for({"the ", "the zqxj the ", "and then"});
  ASSERT_NE(finder, nullptr);
  EXPECT_NE(window_of(*finder, 1).find("qx"), std::string::npos) << window_of(*finder, 1);
  EXPECT_EQ(finder->literals()[1].id, 3U);
  EXPECT_TRUE(finder->literals()[1].caseless);
}

TEST(FinderWindows, AreSharedByFew) {
  std::vector<std::string> literals = {"four"};
  for (int i = 0; i < 30; ++i)
    literals.push_back(fmt::format("{}qzxv of the", static_cast<char>('a' + i % 26)));
  const auto finder = finder_for(literals);
  ASSERT_NE(finder, nullptr);
  std::map<std::string, int> windows;
  for (std::size_t i = 0; i < literals.size(); ++i) ++windows[window_of(*finder, i)];
  for (const auto& [window, count] : windows) EXPECT_LE(count, 10) << window;
}

TEST(FinderWindows, ThereIsNoFinderForLiteralsThatAreAllAlike) {
  EXPECT_NE(finder_for(std::vector<std::string>(32, "same")), nullptr);
  EXPECT_EQ(finder_for(std::vector<std::string>(33, "same")), nullptr);
}

TEST(FinderWindows, ThereIsNoFinderForVeryManyLiterals) {
  for (const int count : {500, 501}) {
    std::vector<std::string> literals;
    for (int i = 0; i < count; ++i) literals.push_back(fmt::format("{0}q{0}w{0}", 1000 + 7 * i));
    EXPECT_EQ(finder_for(literals) != nullptr, count == 500);
  }
}

}  // namespace
}  // namespace headgate::back
