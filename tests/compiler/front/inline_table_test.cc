#include "compiler/front/inline_table.h"

#include <gtest/gtest.h>

namespace headgate::front {
namespace {

TEST(InlineTable, RulesAndErrors) {
  struct Row {
    const char* name;
    const char* text;
    const char* error;
  };

  const Row rows[] = {
      {"{}", "", ""},
      {"{ , }", "", ""},
      {"{{/g/ X},{ /f/ Y, Z }}", "/g/ X\n/f/ Y, Z\n", ""},
      {"{ {/a/ X} } ", "", "pcre map: syntax error after '}' in \"{ {/a/ X} } \""},
      {"{ {a} b}", "", "pcre map: no '{' at start of text in \"b\""},
      {"{ {/a/ X", "", "pcre map: missing '}' in \"{ {/a/ X\""},
      {"{{/g/ X}{/f/ Y}}", "", "pcre map: syntax error after '}' in \"{/g/ X}{/f/ Y}\""},
      {"{", "", "pcre map: missing '}' in \"{\""},
  };
  for (const Row& row : rows) {
    const auto text = inline_text(Dialect::pcre, row.name);
    EXPECT_EQ(text ? *text : "", row.text) << row.name;
    EXPECT_EQ(text ? "" : text.error().what, row.error) << row.name;
  }
  EXPECT_TRUE(is_inline("{"));
  EXPECT_FALSE(is_inline("/etc/x"));
}

}  // namespace
}  // namespace headgate::front
