// All of Unicode beside postmap(1): map_agrees_test.py.
#include "tables/case_fold.h"

#include <gtest/gtest.h>

namespace headgate::tables {

namespace {

std::string folded(std::string_view key, Folding folding) {
  std::string memory;
  return std::string(fold_key(key, folding, memory));
}

TEST(CaseFold, ByKind) {
  struct Row {
    std::string_view key, ascii, unicode;
  };

  const Row rows[] = {
      {"", "", ""},
      {"User@Example.COM", "user@example.com", "user@example.com"},
      {"\xc3\x84 A", "\xc3\x84 a", "\xc3\xa4 a"},
      {"\xe1\xba\x9e", "\xe1\xba\x9e", "ss"},
      {"\xc4\xb0", "\xc4\xb0", "i\xcc\x87"},
      {"\xce\xa3\xcf\x82", "\xce\xa3\xcf\x82", "\xcf\x83\xcf\x83"},
      {"\xf0\x90\x90\x80Z", "\xf0\x90\x90\x80z", "\xf0\x90\x90\xa8z"},
      {"\xe2\x82\xac\xc4\x81\xc4\x80", "\xe2\x82\xac\xc4\x81\xc4\x80",
       "\xe2\x82\xac\xc4\x81\xc4\x81"},
      {"A\xff\xc3", "a\xff\xc3", "a\xff\xc3"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(folded(row.key, Folding::none), row.key);
    EXPECT_EQ(folded(row.key, Folding::ascii), row.ascii) << row.key;
    EXPECT_EQ(folded(row.key, Folding::unicode), row.unicode) << row.key;
  }
}

}  // namespace

}  // namespace headgate::tables
