#include "compiler/compile.h"

#include <gtest/gtest.h>

#include "engine/rules/evaluate.h"
#include "engine/rules/explain.h"
#include "engine/rules/program_lookup.h"

namespace headgate::compiler {
namespace {

TEST(CompilingSource, AMissingFileIsAnError) {
  CompilingSource source;
  const auto table = source.load(rules::Dialect::pcre, "no/such/table");
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code, Code::not_found);
  EXPECT_EQ(table.error().what, "open no/such/table: No such file or directory");
}

TEST(CompilingSource, InlineTablesWorkAndSayWhatIsWrong) {
  CompilingSource source;
  const auto table = source.load(rules::Dialect::regexp, "{{/(a)b/ <$1>}}");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->emergency, nullptr);
  rules::ProgramLookup lookup(table->full, "regexp:x", nullptr);
  EXPECT_EQ((*lookup.find("AB"))->value, "<A>");
  EXPECT_EQ(source.load(rules::Dialect::regexp, "{").error().code, Code::invalid);
}

// On a subject too long to rule out the match limit the scan is not believed: PCRE2 fails, so the negated rule is false.
TEST(Compile, AMatchLimitBeyondTheTrustedLengthIsSeen) {
  const auto table = compile_text(rules::Dialect::pcre, "t", "!/^x(?:.*a){3}.*b$/ NOT\n", {});
  ASSERT_LT(table.full->patterns()[0].trusted_bytes, 1500U);
  std::string hostile = "x";
  while (hostile.size() < 1500) hostile += "a b";
  hostile += "c";
  for (const auto path : {rules::Path::scan, rules::Path::confirm_only}) {
    std::vector<std::string> warnings;
    rules::ProgramLookup lookup(
        table.full, "pcre:t",
        [&](const Diagnostic& diagnostic) { warnings.push_back(diagnostic.text); }, path);
    EXPECT_FALSE(lookup.find(hostile)->has_value());
    EXPECT_EQ(warnings, std::vector<std::string>{"pcre map t, line 1: match limit exceeded"});
  }
}

TEST(Compile, GuardsAreAnsweredByTheScanAndTheWinnerByTheEngine) {
  const auto table =
      compile_text(rules::Dialect::pcre, "t", "if /^Subject:/\n/money/ REJECT\nendif\n", {});
  rules::Truth truth(*table.full, rules::Path::scan);
  rules::Trace trace;
  rules::evaluate(
      *table.full, truth, "Subject: money", [](const Diagnostic&) {}, &trace);
  ASSERT_EQ(trace.steps.size(), 2U);
  EXPECT_EQ(trace.steps[0].asked, rules::Asked::scan);
  EXPECT_EQ(trace.steps[1].asked, rules::Asked::reference);
  ASSERT_TRUE(trace.winner);
  EXPECT_EQ(trace.winner->rule->line, 2);
}

}  // namespace
}  // namespace headgate::compiler
