#include "smtpd/bench/page.h"

#include "smtpd/bench/charts.h"
#include "smtpd/bench/summary.h"

namespace headgate::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

EngineRun engine(const std::string& name, double seconds) {
  EngineRun run;
  run.engine = name;
  run.texts = 1000;
  run.bytes = 60'000;
  run.whole_corpus = true;
  run.seconds = {seconds, seconds * 1.1, seconds * 0.9};
  return run;
}

TableReport table() {
  TableReport out;
  out.spec = "pcre:/etc/<table>";
  out.dialect = "pcre";
  out.rules = out.patterns = 12;
  out.engines = {engine("headgate", 0.001), engine("pcre2", 0.1)};
  EngineRun late;
  late.engine = "hyperscan";
  late.problem = "compiling: not done after 5 s";
  out.engines.push_back(late);
  out.growth = {{10, {engine("headgate", 0.0005)}}, {12, out.engines}};
  out.cost_texts = 1000;
  for (int i = 0; i < 12; ++i) {
    RuleRow row;
    row.line = i + 1;
    row.pattern = "a<b>&\"" + std::to_string(i);
    row.strategy = "native";
    row.tested = 1000;
    row.nanoseconds = 100 + i;
    out.rows.push_back(row);
  }
  out.mix = {{"native", "", 11}, {"confirm-only", "look-ahead", 1}};
  Advice good{"/^Subject:/", 4, 315, 312, true, {4.1, 4.0, 4.2}};
  Advice useless{"/^From:/", 1, 3, 3, true, {1.0, 0.9, 1.1}};
  Advice unsafe{"/^To:/", 1, 3, 3, false, {9.0, 9.0, 9.0}};
  out.advice = {good, useless, unsafe};
  return out;
}

Report report() {
  Report out;
  out.corpus.paths = {"/var/mail/x&y"};
  out.corpus.messages = 7;
  out.tables = {table()};
  return out;
}

TEST(Page, SaysHowFastAndBesideWhom) {
  const std::string page = as_page(report());
  EXPECT_THAT(page,
              HasSubstr("headgate checks 60 MB/s of body lines, 100 times as fast as Postfix's "
                        "way (0.6 MB/s)."));
  EXPECT_THAT(page, HasSubstr("not measured: compiling: not done after 5 s"));
}

TEST(Page, NothingOfATableIsMarkup) {
  const std::string page = as_page(report());
  EXPECT_THAT(page, HasSubstr("pcre:/etc/&lt;table&gt;"));
  EXPECT_THAT(page, HasSubstr("a&lt;b&gt;&amp;&quot;3"));
  EXPECT_THAT(page, Not(HasSubstr("a<b>")));
}

TEST(Page, IsSelfContained) {
  const std::string page = as_page(report());
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("src=")));
  EXPECT_THAT(page, Not(HasSubstr("<link")));
  EXPECT_THAT(page, HasSubstr("name=\"viewport\""));
  EXPECT_THAT(page, HasSubstr("@media print"));
}

TEST(Page, AdvisesOnlyWhatIsSafeAndHelps) {
  const std::string page = as_page(report());
  EXPECT_THAT(page,
              HasSubstr("the 312 rules of lines 4 to 315 all begin alike: put them between "
                        "<code>if /^Subject:/</code> and <code>endif</code>: 4.10 times as fast"));
  EXPECT_THAT(page, Not(HasSubstr("^From")));
  EXPECT_THAT(page, Not(HasSubstr("^To")));
}

TEST(Charts, HaveAxesUnitsAndLegends) {
  const TableReport one = table();
  EXPECT_THAT(throughput_chart(one), HasSubstr("MB of text a second of CPU time"));
  EXPECT_THAT(throughput_chart(one), HasSubstr("PCRE2 one by one (Postfix)"));
  EXPECT_THAT(growth_chart(one), HasSubstr("ns of CPU time a byte"));
  EXPECT_THAT(growth_chart(one), HasSubstr(">rules<"));
  EXPECT_THAT(growth_chart(one), HasSubstr(">headgate<"));
  EXPECT_THAT(cost_chart(one), HasSubstr("share of Postfix"));
  EXPECT_THAT(mix_chart(one), HasSubstr("confirm-only"));
}

TEST(Charts, NothingToDrawIsNothing) {
  const TableReport none;
  EXPECT_EQ("", throughput_chart(none));
  EXPECT_EQ("", growth_chart(none));
  EXPECT_EQ("", cost_chart(none));
  EXPECT_EQ("", mix_chart(none));
}

TEST(Summary, IsShort) {
  const std::string text = as_text(report());
  EXPECT_THAT(text, HasSubstr("7 messages"));
  EXPECT_THAT(text, HasSubstr("advice: the 312 rules of lines 4 to 315"));
  EXPECT_THAT(text, Not(HasSubstr("^From")));
}

}  // namespace
}  // namespace headgate::bench
