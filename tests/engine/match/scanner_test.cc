#include "engine/match/scanner.h"

#include <gtest/gtest.h>
#include <hs/hs.h>

#include "engine/match/scratch.h"

namespace headgate::match {
namespace {

hs_database_t* compile(std::vector<const char*> patterns) {
  std::vector<unsigned> flags(patterns.size(), HS_FLAG_SINGLEMATCH | HS_FLAG_DOTALL);
  std::vector<unsigned> ids;
  for (unsigned i = 0; i < patterns.size(); ++i) ids.push_back(i * 70);
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  hs_compile_multi(patterns.data(), flags.data(), ids.data(), static_cast<unsigned>(ids.size()),
                   HS_MODE_BLOCK, nullptr, &database, &error);
  hs_free_compile_error(error);
  return database;
}

using Ids = std::set<unsigned>;

TEST(Scanner, TellsWhatMatches) {
  const Scanner scanner(compile({"foo", "ba+r", "^x"}));
  Scratch scratch;
  EXPECT_EQ(scanner.ids_in("a baaar", scratch), Ids{70});
  EXPECT_GT(scanner.size_bytes(), 0U);
}

TEST(Scanner, NothingMatchesAnEmptyText) {
  const Scanner scanner(compile({"foo"}));
  Scratch scratch;
  EXPECT_EQ(scanner.ids_in({}, scratch), Ids{});
}

TEST(Scanner, OneScratchServesSeveralDatabases) {
  const Scanner first(compile({"foo"}));
  const Scanner second(compile({"[a-z]{3,9}\\s+[0-9]{2,}", "bar"}));
  Scratch scratch;
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(first.ids_in("foo", scratch), Ids{0});
    EXPECT_EQ(second.ids_in("word  123", scratch), Ids{0});
  }
}

}  // namespace
}  // namespace headgate::match
