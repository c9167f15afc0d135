#include "engine/match/literal_finder.h"

#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "engine/base/text.h"

namespace headgate::match {
namespace {

using Ids = std::set<std::uint32_t>;
using Places = std::multiset<std::pair<std::uint32_t, std::size_t>>;

std::vector<SoughtLiteral> caseful(std::vector<std::string> literals) {
  std::vector<SoughtLiteral> sought;
  for (std::string& literal : literals)
    sought.push_back({static_cast<std::uint32_t>(sought.size()), std::move(literal), false, 0});
  return sought;
}

std::vector<SoughtLiteral> caseless(std::vector<std::string> literals) {
  auto sought = caseful(std::move(literals));
  for (SoughtLiteral& literal : sought) literal.caseless = true;
  return sought;
}

// `given_up` may be null: then it must not be.
Places found_in(const std::vector<SoughtLiteral>& literals, std::string_view text,
                bool* given_up = nullptr) {
  const auto finder = LiteralFinder::make(literals);
  EXPECT_NE(finder, nullptr);
  if (finder == nullptr) return {};
  // At the end of an allocation, where a look beyond it is seen by a sanitizer.
  const std::vector<char> bytes(text.begin(), text.end());
  const std::string_view there(bytes.data(), bytes.size());
  Places places;
  const bool all =
      finder->find(there, [&](std::uint32_t id, std::size_t end) { places.emplace(id, end); });
  EXPECT_TRUE(all || given_up != nullptr);
  EXPECT_EQ(finder->may_occur_in(there), !places.empty() || !all) << text;
  if (given_up != nullptr) *given_up = !all;
  return places;
}

Ids ids_in(const std::vector<SoughtLiteral>& literals, std::string_view text) {
  Ids ids;
  for (const auto& [id, end] : found_in(literals, text)) ids.insert(id);
  return ids;
}

// By comparing everywhere.
Places expected_in(const std::vector<SoughtLiteral>& literals, std::string_view text) {
  const std::string folded = text::lower(text);
  Places places;
  for (const SoughtLiteral& literal : literals) {
    const std::string_view in = literal.caseless ? std::string_view(folded) : text;
    for (std::size_t at = in.find(literal.bytes); at != std::string_view::npos;
         at = in.find(literal.bytes, at + 1))
      places.emplace(literal.id, at + literal.bytes.size());
  }
  return places;
}

struct Case {
  std::vector<SoughtLiteral> literals;
  std::string text;
  Ids expected;
};

const std::vector<Case> kCases = {
    {{}, "anything", {}},
    {caseful({"viagra"}), "", {}},
    {caseful({"viagra"}), "viagr", {}},
    {caseful({"viagra"}), "viagra", {0}},
    {caseful({"viagra"}), "Viagra", {}},
    {caseful({"viagra"}), "via gra viagr", {}},
    {caseful({"viagra"}), "x viagra", {0}},
    {caseful({"viagra"}), "viagra x", {0}},
    {caseless({"viagra"}), "buy VIAgrA now", {0}},
    {caseless({"viagra"}), "buy VIAgr\xc1 now", {}},
    // Shorter than a window, and shorter than all of them.
    {caseful({"a"}), "a", {0}},
    {caseful({"a"}), "b", {}},
    {caseless({"a", "bc", "def"}), "xDEFx", {2}},
    {caseless({"a", "bc", "def"}), "ABCDEF", {0, 1, 2}},
    {caseful({"ab"}), "a", {}},
    {caseful({"abc"}), "ab", {}},
    {caseful({"abc"}), "ababc", {0}},
    {caseful({"abcd", "a long literal"}), "a long abcd", {0}},
    {caseful({"abcd", "a long literal"}), "a long literal", {1}},
    {caseful({"z", "a long literal"}), "a long literalz", {0, 1}},
    // One in the other, and twice.
    {caseful({"winner", "win", "inn"}), "winner", {0, 1, 2}},
    {caseful({"same", "same"}), "the same", {0, 1}},
    // What a window's key mixes up: bytes that differ in the bit that tells upper from lower case.
    {caseless({"@home"}), "`home", {}},
    {caseless({"[x-y]"}), "{x-y}", {}},
    {caseless({"a-b-c"}), "a\rb\rc", {}},
    {caseful({"a*b*c"}), "a\nb\nc", {}},
    // Bytes that are no ASCII have no case; NUL is a byte.
    {caseless({"\xc4rger"}), "\xc4RGER", {0}},
    {caseless({"\xc4rger"}), "\xe4rger", {}},
    {caseful({"\xff\xfe\xfd"}), "\xff\xfe\xfd", {0}},
    {caseful({std::string("a\0b", 3)}), std::string("xa\0b", 4), {0}},
    {caseful({std::string("\0\0\0\0", 4)}), std::string("\0\0\0\0\0", 5), {0}},
    {caseful({std::string("\0\0\0\0", 4)}), "    ", {}},
    // Newlines, as anchored literals of a block have them.
    {caseful({"\nfrom", "end\n"}), "\nfrom here to the end\n", {0, 1}},
    {caseful({"\nfrom", "end\n"}), "from here to the end", {}},
};

TEST(LiteralFinder, FindsWhatOccurs) {
  for (const Case& test : kCases)
    EXPECT_EQ(ids_in(test.literals, test.text), test.expected) << testing::PrintToString(test.text);
}

TEST(LiteralFinder, FindsALiteralOfEachLengthAtEachPlace) {
  const std::string literal = "abcdefghijklmnopqrstuvwxyz";
  for (std::size_t bytes = 1; bytes <= literal.size(); ++bytes) {
    auto sought = caseful({literal.substr(0, bytes)});
    const std::size_t room = bytes - windows_of(bytes, stride_of(sought)).span();
    for (std::size_t at = 0; at <= room; ++at) {
      sought[0].at = static_cast<std::uint32_t>(at);
      for (std::size_t before = 0; before < 40; ++before) {
        const std::string text = std::string(before, '.') + sought[0].bytes;
        EXPECT_EQ(found_in(sought, text), (Places{{0, text.size()}})) << before << ' ' << bytes;
        EXPECT_EQ(found_in(sought, text + std::string(40 - before, '.')),
                  (Places{{0, text.size()}}))
            << before << ' ' << bytes;
      }
    }
  }
}

TEST(LiteralFinder, TakesNoWindowsOutsideTheLiteral) {
  for (std::uint32_t at = 0; at < 20; ++at) {
    std::vector<SoughtLiteral> sought = {{0, "0123456789", false, at}};
    EXPECT_EQ(LiteralFinder::make(sought) != nullptr, at == 0) << at;  // a stride of 7: all of it
    sought.push_back({1, "abcd", false, 0});
    EXPECT_EQ(LiteralFinder::make(sought) != nullptr, at <= 6) << at;
  }
  EXPECT_EQ(LiteralFinder::make({{0, "abcd", false, 0xffffffff}}), nullptr);
  EXPECT_EQ(LiteralFinder::make({{0, "", false, 0}}), nullptr);
}

TEST(LiteralFinder, ATextFullOfWindowsIsGivenUp) {
  const auto finder = LiteralFinder::make(caseful({"sixteen letters!"}));
  std::string text = "sixteen letters!";
  while (text.size() < 100'000) text += "sixteen_sixteen_";
  std::size_t found = 0;
  EXPECT_FALSE(finder->find(text, [&](std::uint32_t, std::size_t) { ++found; }));
  EXPECT_EQ(found, 1U);
  EXPECT_TRUE(finder->may_occur_in(text.substr(16)));
  EXPECT_FALSE(finder->may_occur_in(text.substr(16, 100)));
}

TEST(LiteralFinder, PaysInLongTextsWithManyLongLiterals) {
  std::vector<std::string> literals;
  for (int i = 0; i < 39; ++i) literals.push_back("literal " + std::to_string(i));
  EXPECT_FALSE(LiteralFinder::make(caseful(literals))->pays_in_long_texts());
  literals.emplace_back("fifth");
  EXPECT_TRUE(LiteralFinder::make(caseful(literals))->pays_in_long_texts());
  for (const char* shorter : {"four", "tri", "a"}) {
    auto with = literals;
    with.emplace_back(shorter);
    EXPECT_FALSE(LiteralFinder::make(caseful(with))->pays_in_long_texts()) << shorter;
  }
}

TEST(LiteralFinder, AgreesWithComparingEverywhere) {
  std::mt19937 random(7);
  const auto any = [&random](std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random);
  };
  const std::string bytes("aAbB-\r\0\x80\xa0 ", 10);
  int compared = 0;
  for (int round = 0; round < 1000; ++round) {
    const std::size_t letters = 2 + any(bytes.size() - 1);
    const std::size_t shortest = 1 + any(9);
    const auto text = [&](std::size_t length) {
      std::string made;
      while (made.size() < length) made += bytes[any(letters)];
      return made;
    };
    std::vector<SoughtLiteral> sought;
    for (std::size_t left = 1 + any(8); left > 0; --left) {
      SoughtLiteral literal{static_cast<std::uint32_t>(sought.size()), text(shortest + any(5)),
                            any(2) == 1, 0};
      if (literal.caseless) literal.bytes = text::lower(literal.bytes);
      sought.push_back(std::move(literal));
    }
    const unsigned stride = stride_of(sought);
    for (SoughtLiteral& literal : sought) {
      const std::size_t span = windows_of(literal.bytes.size(), stride).span();
      literal.at = static_cast<std::uint32_t>(any(literal.bytes.size() - span + 1));
    }
    for (int texts = 0; texts < 20; ++texts) {
      std::string in = text(any(60));
      if (any(2) == 1) in += sought[any(sought.size())].bytes + text(any(20));
      const Places expected = expected_in(sought, in);
      bool given_up = false;
      const Places found = found_in(sought, in, &given_up);
      for (const auto& place : found) EXPECT_EQ(expected.count(place), 1U);
      if (given_up) continue;
      EXPECT_EQ(std::set(found.begin(), found.end()), std::set(expected.begin(), expected.end()))
          << testing::PrintToString(in);
      ++compared;
    }
  }
  EXPECT_GT(compared, 10'000);
}

}  // namespace
}  // namespace headgate::match
