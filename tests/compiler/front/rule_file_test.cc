// What the parser keeps and where it points; the warnings' texts and order are in tests/cases/rules.
#include "compiler/front/rule_file.h"

#include <gtest/gtest.h>

namespace headgate::front {
namespace {

class FakeCompiler final : public PatternCompiler {
 public:
  tl::expected<Compiled, Fault> compile(const Pattern& pattern, Use, std::uint64_t, int) override {
    if (pattern.text == "(") return tl::unexpected(Fault{"broken", 1});
    return Compiled{next_++, 2};
  }

 private:
  std::uint32_t next_ = 0;
};

struct Read {
  RuleFile file;
  std::vector<Diagnostic> diagnostics;
};

Read read(Dialect dialect, std::string_view text) {
  Read result;
  FakeCompiler compiler;
  result.file = parse_rules(dialect, text, "t", "t", compiler, [&](const Diagnostic& diagnostic) {
    result.diagnostics.push_back(diagnostic);
  });
  return result;
}

TEST(RuleFile, KeepsWhatIsInForce) {
  const Read r = read(Dialect::pcre, "if /a/im\n!/b/x V $$\nendif\n/(/ bad\n");
  ASSERT_EQ(r.file.statements.size(), 3U);
  EXPECT_EQ(r.file.statements[0].kind, StatementKind::guard);
  EXPECT_FALSE(r.file.statements[0].pattern.flags.caseless);
  EXPECT_TRUE(r.file.statements[0].pattern.flags.multiline);
  const Statement& rule = r.file.statements[1];
  EXPECT_TRUE(rule.pattern.negated);
  EXPECT_TRUE(rule.pattern.flags.extended);
  EXPECT_EQ(rule.line, 2);
  EXPECT_EQ(rule.value_text, "V $$");
  EXPECT_EQ(rule.pattern.column, 3);
  EXPECT_EQ(r.file.statements[2].kind, StatementKind::end);
}

TEST(RuleFile, DiagnosticsPointAtTheByte) {
  const Read r = read(Dialect::pcre, "/ok/ x\n/(/ bad\n/a/q X\n");
  ASSERT_EQ(r.diagnostics.size(), 2U);
  EXPECT_EQ(r.diagnostics[0].text, "pcre map t, line 2: broken");
  EXPECT_EQ(r.diagnostics[0].line, 2);
  EXPECT_EQ(r.diagnostics[0].column, 3);
  EXPECT_EQ(r.diagnostics[1].column, 4);
  EXPECT_EQ(r.diagnostics[1].file, "t");
}

TEST(RuleFile, ASecondPatternIsForRegexpOnly) {
  const Read r = read(Dialect::regexp, "/a/!/b/x V\n");
  ASSERT_EQ(r.file.statements.size(), 1U);
  EXPECT_TRUE(r.file.statements[0].has_second);
  EXPECT_TRUE(r.file.statements[0].second.negated);
  EXPECT_TRUE(r.file.statements[0].second.flags.basic);
  EXPECT_EQ(r.file.statements[0].value_text, "V");
}

TEST(RuleFile, EmergencyMarksGoToTheNextLine) {
  const Read r = read(Dialect::pcre, "/a/ X\n#@emergency\n/b/ Y\n/c/ Z\n");
  ASSERT_EQ(r.file.statements.size(), 3U);
  EXPECT_TRUE(r.file.has_emergency_marks);
  EXPECT_FALSE(r.file.statements[0].emergency);
  EXPECT_TRUE(r.file.statements[1].emergency);
  EXPECT_FALSE(r.file.statements[2].emergency);
}

}  // namespace
}  // namespace headgate::front
