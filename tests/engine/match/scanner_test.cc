#include "engine/match/scanner.h"

#include <gtest/gtest.h>
#include <hs/hs.h>

#include "engine/match/scratch.h"

namespace headgate::match {
namespace {

hs_database_t* compile(std::vector<const char*> patterns) {
  std::vector<unsigned> flags(patterns.size(), HS_FLAG_SINGLEMATCH | HS_FLAG_DOTALL);
  std::vector<unsigned> ids;
  for (unsigned i = 0; i < patterns.size(); ++i)
    ids.push_back(i * 70);  // in different words of the bitmap
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  hs_compile_multi(patterns.data(), flags.data(), ids.data(), static_cast<unsigned>(ids.size()),
                   HS_MODE_BLOCK, nullptr, &database, &error);
  hs_free_compile_error(error);
  return database;
}

TEST(Scanner, SetsTheBitsOfWhatMatches) {
  const Scanner scanner(compile({"foo", "ba+r", "^x"}));
  Scratch scratch;
  Candidates found;
  found.clear(141);
  ASSERT_TRUE(scanner.scan("a baaar", scratch, found));
  EXPECT_FALSE(found.has(0));
  EXPECT_TRUE(found.has(70));
  EXPECT_FALSE(found.has(140));
  EXPECT_GT(scanner.size_bytes(), 0U);
}

TEST(Scanner, AnEmptyTextHasNoCandidates) {
  const Scanner scanner(compile({"foo"}));
  Scratch scratch;
  Candidates found;
  found.clear(1);
  EXPECT_TRUE(scanner.scan({}, scratch, found));
  EXPECT_FALSE(found.has(0));
}

TEST(Scanner, OneScratchServesSeveralDatabases) {
  const Scanner first(compile({"foo"}));
  const Scanner second(compile({"[a-z]{3,9}\\s+[0-9]{2,}", "bar"}));
  Scratch scratch;
  for (int round = 0; round < 2; ++round) {
    Candidates found;
    found.clear(71);
    EXPECT_TRUE(first.scan("foo", scratch, found));
    EXPECT_TRUE(found.has(0));
    found.clear(71);
    EXPECT_TRUE(second.scan("word  123", scratch, found));
    EXPECT_TRUE(found.has(0));
    EXPECT_FALSE(found.has(70));
  }
}

}  // namespace
}  // namespace headgate::match
