#include "compiler/store/cache_key.h"

#include <set>

#include <gtest/gtest.h>

namespace headgate::store {
namespace {

TEST(CacheKey, DependsOnEverythingThatDecides) {
  rules::ImageSettings limits;
  const auto key = [&](rules::Dialect dialect, const char* name, const char* text,
                       const char* environment) {
    return cache_key(dialect, name, text, limits, environment);
  };
  std::set<Digest> keys;
  keys.insert(key(rules::Dialect::pcre, "n", "text", "e"));
  keys.insert(key(rules::Dialect::pcre, "n", "text", "e"));
  EXPECT_EQ(keys.size(), 1U);
  keys.insert(key(rules::Dialect::regexp, "n", "text", "e"));
  keys.insert(key(rules::Dialect::pcre, "nt", "ext", "e"));
  keys.insert(key(rules::Dialect::pcre, "n", "tex", "e"));
  keys.insert(key(rules::Dialect::pcre, "n", "text", "f"));
  limits.pattern_limit = std::chrono::seconds{3};
  keys.insert(key(rules::Dialect::pcre, "n", "text", "e"));
  limits.memory_limit = 1U << 30;
  keys.insert(key(rules::Dialect::pcre, "n", "text", "e"));
  limits.table_limit = std::chrono::seconds{60};
  keys.insert(key(rules::Dialect::pcre, "n", "text", "e"));
  EXPECT_EQ(keys.size(), 8U);
}

TEST(CacheKey, TheDirectoryDoesNotMatter) {
  rules::ImageSettings here, there;
  there.directory = "/somewhere";
  EXPECT_EQ(cache_key(rules::Dialect::pcre, "n", "t", here, "e"),
            cache_key(rules::Dialect::pcre, "n", "t", there, "e"));
}

TEST(CacheKey, TheEnvironmentNamesTheLibraries) {
  const std::string text = environment();
  for (const char* word :
       {"headgate ", "sources ", "Hyperscan ", "PCRE2 ", "newline LF", "glibc ", "tune "}) {
    EXPECT_NE(text.find(word), std::string::npos) << word;
  }
  EXPECT_EQ(text, environment());
}

}  // namespace
}  // namespace headgate::store
