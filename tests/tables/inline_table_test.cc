// The values, texts and folding are those of postmap(1) 3.7 for the same tables.
#include "tables/inline_table.h"

#include <gtest/gtest.h>

#include <string>

namespace headgate::tables {

namespace {

// The value found, "(none)", or the error's text.
std::string ask(std::string_view spec, std::string_view key, const OpenOptions& options = {}) {
  const auto colon = spec.find(':');
  const std::string_view name = spec.substr(colon + 1);
  auto table = spec.starts_with("static:") ? open_static_table(spec, name)
                                           : open_inline_table(spec, name, options);
  if (!table) return table.error().text();
  const auto found = (*table)->find(key);
  if (!found) return found.error().text();
  return *found ? (*found)->value : "(none)";
}

struct Case {
  const char* spec;
  const char* key;
  const char* answer;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.spec; }

class InlineTable : public testing::TestWithParam<Case> {};

TEST_P(InlineTable, AnswersAsPostmap) {
  EXPECT_EQ(ask(GetParam().spec, GetParam().key), GetParam().answer);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, InlineTable,
    testing::Values(Case{"inline:{a=b}", "a", "b"}, Case{"inline:{a=b,a=c}", "a", "c"},
                    Case{"inline:{A=b}", "a", "b"}, Case{"inline:{a=b}", "A", "b"},
                    Case{"inline:{{k = v w }, j=v, }", "k", "v w"},
                    Case{"inline:{{k = v } j=v}", "j", "v"},
                    Case{"inline:{k={ v w }}", "k", "{ v w }"}, Case{"inline:{a==b}", "a", "=b"},
                    Case{"inline:{j=}", "j", ""}, Case{"inline:{{\"a b\" = c}}", "\"a b\"", "c"},
                    Case{"inline:{{\"a b\" = c}}", "a b", "(none)"},
                    Case{"inline:{{x=\"a b\"}}", "x", "\"a b\""},
                    Case{"inline:{a\\b=c}", "a\\b", "c"}, Case{"static:x", "any", "x"},
                    Case{"static:{ a b }", "any", "a b"}, Case{"static: a", "any", " a"},
                    Case{"static:{{a}}", "any", "{a}"}, Case{"static:{}", "any", ""}));

INSTANTIATE_TEST_SUITE_P(
    Errors, InlineTable,
    testing::Values(
        Case{"inline:a=b", "a", "bad syntax: \"inline:a=b\"; need \"inline:{name=value...}\""},
        Case{"inline:{}", "a", "bad syntax: \"inline:{}\"; need \"inline:{name=value...}\""},
        Case{"inline:{ }", "a", "empty table: \"inline:{ }\"; need \"inline:{name=value...}\""},
        Case{"inline:{a=b}x", "a",
             "bad syntax: \"inline:{a=b}x\"; need \"inline:{name=value...}\""},
        Case{"inline:{a}", "a",
             "missing '=' after attribute name: \"inline:{a}\"; need \"inline:{name=value...}\""},
        Case{"inline:{a\"b=c}", "a",
             "unbalanced '\"': \"inline:{a\"b=c}\"; need \"inline:{name=value...}\""},
        Case{"inline:{{}}", "a",
             "no key found; expected format: key = value: \"inline:{{}}\"; need "
             "\"inline:{name=value...}\""},
        Case{"inline:{{k = v }j=v}", "a",
             "syntax error after '}' in \"{k = v }j=v\": \"inline:{{k = v }j=v}\"; need "
             "\"inline:{name=value...}\""},
        Case{"static:{a", "a", "bad static:name syntax: missing '}' in \"{a\""},
        Case{"static:{a}b", "a", "bad static:name syntax: syntax error after '}' in \"{a}b\""}));

TEST(InlineTableOptions, WithoutFoldingTheCaseCounts) {
  OpenOptions options;
  options.fold = false;
  EXPECT_EQ(ask("inline:{A=b}", "a", options), "(none)");
  EXPECT_EQ(ask("inline:{A=b}", "A", options), "b");
}

TEST(InlineTableOptions, Utf8IsCheckedOnlyWhereAsked) {
  OpenOptions options;
  EXPECT_EQ(ask("inline:{x=a\xff}", "x", options), "a\xff");
  options.utf8 = true;
  EXPECT_EQ(ask("inline:{x=a\xff}", "x", options),
            "bad UTF-8 syntax: \"inline:{x=a\xff}\"; need \"inline:{name=value...}\"");
}

}  // namespace

}  // namespace headgate::tables
