#include "bench/peers/peer.h"

#include "bench/peers/asked.h"
#include "bench/peers/hyperscan_rules.h"
#include "bench/peers/mail_keys.h"
#include "bench/peers/ours.h"
#include "bench/peers/pcre2_rules.h"
#include "bench/peers/posix_rules.h"
#include "compiler/compile.h"

namespace headgate::peers {
namespace {

using rules::Dialect;
using testing::ElementsAre;

std::shared_ptr<const rules::Program> program_of(const std::string& text,
                                                 Dialect dialect = Dialect::pcre) {
  return compiler::compile_text(dialect, "table", text, {}).full;
}

Hits scan(const Made& made, const std::vector<std::string_view>& texts) {
  Hits hits;
  if (made.peer == nullptr) {
    ADD_FAILURE() << made.problem;
    return hits;
  }
  OwnedSection section;
  for (const std::string_view text : texts) section.add(text);
  section.finish();
  made.peer->scan(section.view(), 0, hits);
  return hits;
}

constexpr const char* kTable =
    "/one/ A\n"
    "if /^s:/\n"
    "/two$/ B\n"
    "!/three/ C\n"
    "endif\n"
    "/two/ D\n";

const std::vector<std::string_view> kTexts = {"s: one", "s: TWO", "s: three",
                                              "s: x",   "two",    "four"};

TEST(Peers, AllThatWalkTheTableAgree) {
  const auto program = program_of(kTable);
  const Hits ours = scan(make_ours(program, KeyKind::header), kTexts);
  EXPECT_THAT(ours.by_rule, ElementsAre(1, 1, 1, 1));
  EXPECT_EQ(ours.digest, scan(make_ours(program, KeyKind::body), kTexts).digest);
  for (const Pcre2Way way : {Pcre2Way::interpreter, Pcre2Way::jit})
    EXPECT_EQ(ours.digest, scan(make_pcre2_rules(*program, way, Walk::grouped), kTexts).digest);
  const auto posix = program_of(kTable, Dialect::regexp);
  EXPECT_EQ(ours.digest, scan(make_posix_rules(*posix, Walk::grouped), kTexts).digest);
}

TEST(Peers, TheFlatWalkAsksNoGuard) {
  const auto program = program_of(kTable);
  const Hits flat = scan(make_pcre2_rules(*program, Pcre2Way::interpreter, Walk::flat), kTexts);
  EXPECT_THAT(flat.by_rule, ElementsAre(1, 2, 2));
}

TEST(Peers, EachAnswersItsDialect) {
  EXPECT_NE("", make_posix_rules(*program_of(kTable), Walk::grouped).problem);
  EXPECT_NE("", make_pcre2_rules(*program_of(kTable, Dialect::regexp), Pcre2Way::interpreter,
                                 Walk::grouped)
                    .problem);
}

TEST(Peers, HyperscanTakesTheLowestRule) {
  const auto program = program_of("/two/ A\n/one|two/ B\n/^$/ C\n");
  const Made made = make_hyperscan_rules(*program, HyperscanWay::text_by_text, {});
  EXPECT_TRUE(made.exact);
  EXPECT_THAT(scan(made, {"one", "two one", "three"}).by_rule, ElementsAre(1, 1));
}

TEST(Peers, HyperscanLeavesOutWhatItCannot) {
  const auto program = program_of("/a(?=b)/ A\n!/x/ B\n/(a)\\1(*ACCEPT)/ C\n/q/ D\n");
  const Made made = make_hyperscan_rules(*program, HyperscanWay::text_by_text, {});
  EXPECT_FALSE(made.exact);
  EXPECT_EQ(1U, made.approximate);
  EXPECT_EQ(2U, made.left_out.size());
  EXPECT_THAT(scan(made, {"q"}).by_rule, ElementsAre(0, 0, 0, 1));
}

TEST(Peers, HyperscanOverABufferFindsLinesInIt) {
  const auto program = program_of("/^two$/ A\n/one.*two/ B\n");
  const Made made = make_hyperscan_rules(*program, HyperscanWay::whole_buffer, {});
  EXPECT_THAT(scan(made, {"one", "two", "two"}).by_rule, ElementsAre(1));
}

TEST(Peers, ASlowCompilationIsEnded) {
  std::string table;
  for (int i = 0; i < 300; ++i)
    table += "/a[^x]{1,200}b.{3,150}c" + std::to_string(i) + "(e|f.*g){2,9}/ R\n";
  Bounds bounds;
  bounds.time = std::chrono::milliseconds(200);
  compiler::CompileOptions options;
  options.use_hyperscan = false;
  const auto program = compiler::compile_text(Dialect::pcre, "table", table, options).full;
  const Made made = make_hyperscan_rules(*program, HyperscanWay::text_by_text, bounds);
  EXPECT_EQ(nullptr, made.peer);
  EXPECT_EQ("compiling: not done after 0.2 s", made.problem);
}

TEST(Peers, TheScansOfItsOwnDatabasesWork) {
  const auto program = program_of("/one thing/ A\n/^subject:.*other thing/ B\n");
  for (const KeyKind kind : {KeyKind::header, KeyKind::body})
    EXPECT_EQ(0U, scan(make_own_databases(program, kind), {"subject: x", "one thing"}).texts);
}

TEST(Peers, CountsWhatTheReferenceEngineIsAsked) {
  const auto program = program_of("/one thing/ A\n!/other thing/ B\n");
  OwnedSection section;
  for (const std::string_view text : {"one thing", "other thing", "x"}) section.add(text);
  section.finish();
  Sample sample;
  sample.sections.push_back(section.view());
  const auto asked = ask_counts(*program, KeyKind::header, sample);
  ASSERT_EQ(2U, asked.size());
  EXPECT_GE(asked[0].times, 1U);
  EXPECT_LE(asked[0].times, 3U);
  EXPECT_GE(asked[1].times, 1U);  // a negated rule that wins is confirmed
  EXPECT_GT(asked[0].nanoseconds, 0);
}

TEST(Peers, AWholeMessageGoesThroughTheInspector) {
  const auto set = make_check_set(program_of("/^subject:.*x/ WARN\n"), program_of("/y/ WARN\n"));
  EXPECT_EQ(2U, inspect_message(*set, "Subject: x\n\ny\nz\n"));
  EXPECT_EQ(0U, inspect_message(*set, "Subject: y\n\nx\n"));
}

}  // namespace
}  // namespace headgate::peers
