#include "smtpd/config/expand.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headgate::config {
namespace {

using testing::ElementsAre;

std::optional<std::string_view> lookup(std::string_view name) {
  static const std::map<std::string, std::string, std::less<>> kValues{
      {"d", "abc"},
      {"e", ""},
      {"n9", "9"},
      {"n10", "10"},
      {"rec", "$rec"},
      {"a1", "$b1"},
      {"b1", "<$d>"},
      {"compatibility_level", "3.7"},
      {"deep", "${d?{${d?{x}}}}"},
      {"ping", "x$pong"},
      {"pong", "y$ping"},
  };
  const auto found = kValues.find(name);
  if (found == kValues.end()) return std::nullopt;
  return found->second;
}

struct ExpandCase {
  const char* input;
  const char* expected;
};

// Each answer is postconf's own (3.7.11); postconf_test.py asks it again.
TEST(Expand, Values) {
  const ExpandCase cases[] = {
      {"", ""},
      {"plain text", "plain text"},
      {"$d.x", "abc.x"},
      {"$(d)", "abc"},
      {"${d}", "abc"},
      {"${ d }", "abc"},
      {"$d$$x", "abc$x"},
      {"$$d", "$d"},
      {"$a1", "<abc>"},
      {"$d-$n9", "abc-9"},
      {"[$undefined]", "[]"},
      {"${d?yes:no}", "yes:no"},
      {"${e?yes:no}", ""},
      {"${d?{yes}:no}", "yes"},
      {"${d?{yes}:{no}}", "yes"},
      {"${e?{yes}:{no}}", "no"},
      {"${e?{yes}:no}", "no"},
      {"${e:no}", "no"},
      {"${e:{no}}", "no"},
      {"${undefined:{no}}", "no"},
      {"${undefined?{y}}", ""},
      {"${d:no}", ""},
      {"${d? {yes} : {no} }", "yes"},
      {"${d ? {yes} : {no}}", "yes"},
      {"[${d? yes }]", "[ yes ]"},
      {"[${d? {yes } : { no}}]", "[yes ]"},
      {"${d:}", ""},
      {"${d?}", ""},
      {"${d?{a}:}", "a"},
      {"${e?{a}:}", ""},
      {"${d?{a{b}c}}", "a{b}c"},
      {"${d?a}b}", "ab}"},
      {"${d?(x)}", "(x)"},
      {"$(d?(x))", "(x)"},
      {"$(d?{x})", "x"},
      {"${d?{$d}}{$e}", "abc{}"},
      {"${e?{$rec}:{$d}}", "abc"},
      {"$deep", "x"},
      {"${{$d} == {abc}}", "true"},
      {"${{$d} == {abx}}", ""},
      {"${{$d} == {abc} ? {y} : {n}}", "y"},
      {"${{$d} == {abc} ? y : n}", " y : n"},
      {"${{$d}=={abc}?{y}:n }", "y"},
      {"${{$d} != {abc} ?{y}:{n}}", "n"},
      {"${{$n9} < {$n10} ? {y}:{n}}", "y"},
      {"${{$n9} < {1x} ? {y}:{n}}", "n"},
      {"${{01} == {1} ? {y}:{n}}", "y"},
      {"${{a}<= {b}?{1}}", "1"},
      {"${{a} >= {b}?{1}:{0}}", "0"},
      {"${{b} > {a}?{1}:{0}}", "1"},
      {"${{} == {} ? {y}:{n}}", "y"},
      {"${{ a } == {a} ? {y}:{n}}", "n"},
      {"${{a} == {b} : {n}}", "n"},
      {"${{a} == {a} : {n}}", ""},
      {"${{3.10} >level {3.6} ? {y}:{n}}", "y"},
      {"${{3.10} > {3.6} ? {y}:{n}}", "n"},
      {"${{3} ==level {3.0} ? {y}:{n}}", "y"},
      {"${{$compatibility_level} <level {3.6} ? {no} : {yes}}", "yes"},
      {"${stress?10}${stress:300}s", "300s"},
      {"${stress?{10}:{300}}s", "300s"},
      {"${stress?hash:/path}", ""},
      {"${d?hash:/path}", "hash:/path"},
      {"${per?{$per}:{${stress?{yes}:{no}}}}", "no"},
  };
  for (const ExpandCase& c : cases) {
    const auto result = expand(c.input, lookup);
    ASSERT_TRUE(result) << c.input << ": " << result.error().text();
    EXPECT_EQ(*result, c.expected) << c.input;
  }
}

TEST(Expand, Errors) {
  const ExpandCase cases[] = {
      {"${d", "truncated macro reference: \"${d\""},
      {"$(d}", "truncated macro reference: \"$(d}\""},
      {"${d?{a}", "truncated macro reference: \"${d?{a}\""},
      {"${}", "empty macro name: \"${}\""},
      {"a$", "empty macro name: \"a$\""},
      {"a$ b", "empty macro name: \"a$ b\""},
      {"$.x", "empty macro name: \"$.x\""},
      {"${d-x}", "attribute name syntax error at: \"...d>>>-x\""},
      {"${d>x}", "attribute name syntax error at: \"...d>>>>x\""},
      {"${$d}", "attribute name syntax error at: \"...>>>$d\""},
      {"${d?{a}b}", "\":\" expected at: \"...a}>>>b\""},
      {"${d?{a}{b}}", "\":\" expected at: \"...a}>>>{b}\""},
      {"${d?{a}:{b}c}", "unexpected input at: \"...b}>>>c\""},
      {"${{a} == {a}x}", "\"?\" or \":\" expected at: \"...a}>>>x\""},
      {"${{a} ==foo {a}}", "bad operator suffix at: \"...==>>>foo\""},
      {"${{a} ==}", "\"{expression}\" expected at: \"...{a} ==>>>\""},
      {"${{a} = {a} ? {y}:{n}}",
       "\"==\" or \"!=\"\" or \"<\"\" or \"<=\"\" or \">=\"\" or \">\" expected at: \"...a}>>>= "
       "{a} ? {y}:{n}\""},
      {"${{a}}",
       "\"==\" or \"!=\"\" or \"<\"\" or \"<=\"\" or \">=\"\" or \">\" expected at: \"...a}>>>\""},
      {"${{a} <level {3.0}}", "malformed compatibility level syntax: \"a\""},
      {"${{99999999999999999999} > {1}}", "mac_exp_eval: bad conversion: 99999999999999999999"},
      {"$rec", "unreasonable macro call nesting: \"rec\""},
  };
  for (const ExpandCase& c : cases) {
    const auto result = expand(c.input, lookup);
    ASSERT_FALSE(result) << c.input << " gave " << *result;
    EXPECT_EQ(result.error().code, Code::invalid);
    EXPECT_EQ(result.error().what, c.expected) << c.input;
  }
}

TEST(Expand, MutualRecursionEnds) {
  const auto result = expand("$ping", lookup);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().what, testing::StartsWith("unreasonable macro call nesting"));
}

TEST(Expand, DoublingIsCutOff) {
  std::map<std::string, std::string, std::less<>> values{{"v0", std::string(1000, 'x')}};
  for (int i = 1; i < 60; ++i) values[fmt::format("v{}", i)] = fmt::format("$v{0}$v{0}", i - 1);
  const auto result = expand("$v59", [&](std::string_view name) -> std::optional<std::string_view> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional<std::string_view>(found->second);
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::limit);
}

std::string nested(int depth, std::string_view open, std::string_view middle,
                   std::string_view close) {
  std::string text;
  for (int i = 0; i < depth; ++i) text += open;
  text += middle;
  for (int i = 0; i < depth; ++i) text += close;
  return text;
}

constexpr const char* kNestings[][3] = {
    {"${d?{", "x", "}}"}, {"${e:{", "x", "}}"}, {"${{a} == {a} ? {", "x", "}}"}};

// The innermost literal counts too; with an empty one a level more goes through.
TEST(Expand, DepthIsCountedAsPostfixCounts) {
  for (const auto& [open, middle, close] : kNestings) {
    EXPECT_EQ(expand(nested(100, open, middle, close), lookup), "x");
    EXPECT_EQ(expand(nested(101, open, "", close), lookup), "");
    const auto result = expand(nested(101, open, middle, close), lookup);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().what, "unreasonable macro call nesting: \"x\"");
    EXPECT_FALSE(expand(nested(102, open, "", close), lookup));
  }
  // What is compared counts anew.
  EXPECT_EQ(expand(nested(150, "${{", "a", "} == {a} ? {a} : {b}}"), lookup), "a");
}

// It ended the stack.
TEST(Expand, DeepTextIsAnError) {
  constexpr int kDeep = 10000;
  std::vector<std::string> texts{nested(kDeep, "${{", "a", "} == {a}}")};
  for (const auto& [open, middle, close] : kNestings)
    texts.push_back(nested(kDeep, open, middle, close));
  for (const std::string& text : texts) {
    EXPECT_FALSE(expand(text, lookup)) << text.substr(0, 20);
    const auto visited = visit_names(text, [](std::string_view) {});
    ASSERT_FALSE(visited) << text.substr(0, 20);
    EXPECT_EQ(visited.error().code, Code::limit);
  }
  const auto itself = expand("$x", [](std::string_view) { return "${{$x} == {a}}"; });
  ASSERT_FALSE(itself);  // postconf: a segmentation fault
  EXPECT_EQ(itself.error().code, Code::limit);
}

TEST(VisitNames, SeesEveryArm) {
  std::vector<std::string> names;
  const auto visit = [&](std::string_view name) { names.emplace_back(name); };
  ASSERT_TRUE(visit_names("$a ${b?{$c}:{$d}} ${{$e} == {x} ? $f} $$g $(h)", visit));
  EXPECT_THAT(names, ElementsAre("a", "b", "c", "d", "e", "f", "h"));
}

TEST(VisitNames, ReportsSyntax) {
  EXPECT_FALSE(visit_names("${a?{${}}}", [](std::string_view) {}));
}

}  // namespace
}  // namespace headgate::config
