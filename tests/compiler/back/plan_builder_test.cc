// The sections of a plan, pattern by pattern: where each is looked for, and how far that is believed.
#include "compiler/back/plan_builder.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "engine/match/scratch.h"

namespace headgate::back {
namespace {

using rules::Section;
using rules::Strategy;

std::shared_ptr<const rules::Program> compiled(std::string_view table, Switches switches = {},
                                               SetCompiler* databases = nullptr) {
  compiler::CompileOptions options;
  options.switches = switches;
  options.databases = databases;
  return compiler::compile_text(rules::Dialect::pcre, "t", table, options).full;
}

// Each pattern that a section may name.
std::set<std::uint32_t> named_by(const rules::Program& program, const Section& section) {
  std::set<std::uint32_t> ids;
  for (const std::uint32_t number : section.scans) {
    const auto& owners = program.plan().scans[number].owners;
    ids.insert(owners.begin(), owners.end());
  }
  for (const rules::Gated& gated : section.gated) ids.insert(gated.pattern);
  return ids;
}

std::set<std::uint32_t> doubted_by(const Section& section) {
  std::set<std::uint32_t> ids;
  for (const rules::Doubt& doubt : section.doubts) ids.insert(doubt.pattern);
  return ids;
}

// Whatever is switched off: a pattern of a plain rule stands in `any` or in named sections, and in `block`; one that is asked
// on demand is only doubted.
void expect_complete(const rules::Program& program) {
  const auto any = named_by(program, program.plan().any);
  auto block = named_by(program, program.plan().block);
  for (const rules::RowOf& of : program.plan().block_rows) block.insert(of.pattern);
  for (std::uint32_t id = 0; id < program.patterns().size(); ++id) {
    const rules::Pattern& pattern = program.patterns()[id];
    std::size_t sections = any.count(id);
    for (const Section& named : program.plan().named)
      sections += named_by(program, named).count(id);
    if (pattern.on_demand) {
      EXPECT_EQ(any.count(id), 0U) << pattern.text;
    } else {
      EXPECT_GE(sections, 1U) << pattern.text;
      if (program.plan().blocks) {
        EXPECT_EQ(block.count(id), 1U) << pattern.text;
      }
    }
    for (const Section* section : {&program.plan().any, &program.plan().block}) {
      for (const rules::Doubt& doubt : section->doubts) {
        if (doubt.pattern == id) {
          EXPECT_LE(pattern.trusted_bytes, doubt.trusted_bytes) << pattern.text;
        }
      }
    }
  }
  for (const Section* section : {&program.plan().any, &program.plan().block})
    EXPECT_TRUE(std::is_sorted(section->doubts.begin(), section->doubts.end(),
                               [](const rules::Doubt& a, const rules::Doubt& b) {
                                 return a.trusted_bytes < b.trusted_bytes;
                               }));
}

constexpr const char* kTable =
    "/viagra/ A\n/[0-9]{4}/ B\n/x.*y.*z/ C\n/.*/ D\n/^From: bad/ E\n"
    "if /^Subject:/\n/free/ F\n/win/ G\n/cash/ H\n/loan/ I\n!/ok/ J\nendif\n"
    "if /(a+)+b/\n/viagra/ K\nendif\n/(a+)+b/ L\n/^To:/ M\n/a(?!b)c$/ N\n";

TEST(PlanBuilder, EveryPatternHasItsPlaces) {
  expect_complete(*compiled(kTable));
  for (const auto off : {&Switches::literals, &Switches::gates, &Switches::names, &Switches::also,
                         &Switches::spelled, &Switches::guards, &Switches::regexes,
                         &Switches::blocks, &Switches::rows, &Switches::finders}) {
    Switches switches;
    switches.*off = false;
    expect_complete(*compiled(kTable, switches));
  }
}

TEST(PlanBuilder, AFinderHasTheLiteralsOfItsDatabase) {
  const auto program = compiled(kTable);
  std::size_t finders = 0;
  for (const rules::Scan& scan : program->plan().scans) {
    if (scan.finder == nullptr) continue;
    ++finders;
    std::set<std::uint32_t> sought;
    for (const match::SoughtLiteral& literal : scan.finder->literals()) sought.insert(literal.id);
    for (std::uint32_t id = 0; id + 1 < scan.first.size(); ++id)
      EXPECT_EQ(sought.count(id) == 1, scan.first[id] < scan.first[id + 1]) << id;
  }
  EXPECT_GE(finders, 2U);  // of `any` and of subjects
  Switches without;
  without.finders = false;
  const auto plain = compiled(kTable, without);
  for (const rules::Scan& scan : plain->plan().scans) EXPECT_EQ(scan.finder, nullptr);
}

const rules::Pattern& pattern_of(const rules::Program& program, std::size_t rule) {
  return program.patterns()[program.rules()[rule].pattern];
}

TEST(PlanBuilder, RulesUnderANameAreLookedForAmongItsHeaders) {
  const auto program = compiled(kTable);
  const auto any = named_by(*program, program->plan().any);
  std::set<std::string> names;
  for (const Section& section : program->plan().named) names.insert(section.name);
  EXPECT_EQ(names, (std::set<std::string>{"from", "subject", "to"}));
  for (const std::size_t rule : {5U, 6U, 7U, 8U})
    EXPECT_EQ(any.count(program->rules()[rule].pattern), 0U) << rule;
  Switches no_guards;
  no_guards.guards = false;
  const auto without = compiled(kTable, no_guards);
  EXPECT_EQ(named_by(*without, without->plan().any).count(without->rules()[5].pattern), 1U);
}

TEST(PlanBuilder, OnlyANameAloneIsSureByName) {
  const auto program =
      compiled("/^Subject:/ A\n/^From: / B\n/^To:$/ C\n/^Cc:(?=x)/ D\n/^(X-A|X-B):/ E\n");
  const bool sure[] = {true, false, false, false, true};
  for (std::size_t rule = 0; rule < 5; ++rule) {
    EXPECT_EQ(pattern_of(*program, rule).strategy == Strategy::name, sure[rule]) << rule;
    if (!sure[rule]) continue;
    EXPECT_TRUE(pattern_of(*program, rule).sure) << rule;
  }
}

TEST(PlanBuilder, OnePatternUnderTwoGuardsIsTwo) {
  const auto program =
      compiled("if /^Subject:/\n/viagra/ A\nendif\nif /^From:/\n/viagra/ B\nendif\n");
  EXPECT_NE(program->rules()[0].pattern, program->rules()[1].pattern);
  expect_complete(*program);
}

TEST(PlanBuilder, WhatMayFailIsDoubted) {
  const auto program = compiled("if /(a+)+b/\n/viagra/ A\nendif\n!/(c+)+d/ B\n");
  const auto doubted = doubted_by(program->plan().any);
  for (std::uint32_t id = 0; id < program->patterns().size(); ++id) {
    const bool may_fail = program->patterns()[id].text.find(")+") != std::string::npos;
    EXPECT_EQ(doubted.count(id), may_fail ? 1U : 0U) << program->patterns()[id].text;
    EXPECT_EQ(program->patterns()[id].on_demand, may_fail);
    if (may_fail) {
      EXPECT_EQ(program->patterns()[id].trusted_bytes, 0U);
    }
  }
}

// Of each set the first is refused, as Hyperscan would.
class Refusing final : public SetCompiler {
 public:
  std::vector<Attempt> compile(const std::vector<ScanSet>& sets, Budget) override {
    std::vector<Attempt> attempts;
    for (const ScanSet& set : sets) {
      if (refused_++ % 2 == 0) {
        Attempt attempt;
        attempt.offender = 0;
        attempt.problem = "not today";
        attempts.push_back(attempt);
      } else {
        attempts.push_back(compile_set(set));
      }
    }
    return attempts;
  }

 private:
  int refused_ = 0;
};

TEST(PlanBuilder, WhatNoDatabaseTakesIsGated) {
  Refusing refusing;
  const auto program = compiled(kTable, {}, &refusing);
  expect_complete(*program);
  bool told = false;
  for (const rules::Pattern& pattern : program->patterns()) {
    told |= pattern.reason == "not today";
    if (pattern.reason == "not today") {
      EXPECT_FALSE(pattern.sure) << pattern.text;
    }
  }
  EXPECT_TRUE(told);
}

TEST(PlanBuilder, InABlockLiteralsStandAtTheirLinesEnds) {
  const auto program = compiled("/^viagra$/ A\n");
  ASSERT_EQ(pattern_of(*program, 0).strategy, Strategy::literal);
  match::Scratch scratch;
  const auto found = [&](const Section& section, std::string_view text) {
    return !program->plan().scans[section.scans.at(0)].scanner->ids_in(text, scratch)->empty();
  };
  EXPECT_TRUE(found(program->plan().any, "viagra"));
  EXPECT_TRUE(found(program->plan().block, "x\nViagra\ny\n"));
  EXPECT_FALSE(found(program->plan().block, "x\nviagra y\n"));
  EXPECT_FALSE(found(program->plan().block, "x\n viagra\n"));
}

// `s\W*o\W*m\W*a` of "soma".
std::string spaced_out(std::string_view word) {
  std::string pattern(word.substr(0, 1));
  for (const char c : word.substr(1)) pattern += std::string("\\W*") + c;
  return pattern;
}

TEST(PlanBuilder, InABlockRowsStandForWhatHasNoLiteral) {
  std::string table = "/viagra/ A\n";
  for (const std::string_view word :
       {"alerts", "adrenal", "instant", "another", "relations", "tailored", "notional", "learned",
        "entails", "lasting", "senator", "tolerant"})
    table += fmt::format("/{}/ B\n", spaced_out(word));
  const auto program = compiled(table);
  std::set<std::uint32_t> rows;
  for (const rules::RowOf& of : program->plan().block_rows) rows.insert(of.pattern);
  EXPECT_GT(rows.size(), 6U);
  EXPECT_EQ(rows.count(0), 0U);
  for (const std::uint32_t id : rows) {
    EXPECT_EQ(named_by(*program, program->plan().block).count(id), 0U);
    EXPECT_EQ(named_by(*program, program->plan().any).count(id), 1U);
  }
  Switches none;
  none.rows = false;
  EXPECT_TRUE(compiled(table, none)->plan().block_rows.empty());
  const auto one = compiled(fmt::format("/{}/ B\n", spaced_out("alerts")));
  EXPECT_TRUE(one->plan().block_rows.empty()) << "a scan for one row costs more than it saves";
}

TEST(PlanBuilder, WhatNeedsANewlineIsInNoLine) {
  const auto program = compiled("/foo\\nbar/ A\n/foo[\\nx]bar/ B\n");
  EXPECT_EQ(named_by(*program, program->plan().block), (std::set<std::uint32_t>{1}));
  EXPECT_EQ(named_by(*program, program->plan().any), (std::set<std::uint32_t>{0, 1}));
}

// PCRE2 looks for the last byte that a match must have before anything else.
TEST(PlanBuilder, ADoubtIsNoneWhereANeededByteIsMissing) {
  const auto program = compiled("/(a+)+(b+)+(a+)+;/ A\n");
  const auto& doubts = program->plan().block.doubts;
  ASSERT_EQ(doubts.size(), 1U);
  const std::string text(500, 'a');
  const auto holds = [&](const std::string& of) {
    return doubts[0].holds(of.size(), [&] { return match::symbols_of(of); });
  };
  EXPECT_FALSE(holds(text));
  EXPECT_TRUE(holds(text + "b;"));
  EXPECT_TRUE(holds(text + text + "b")) << "so far PCRE2 does not look in every version";
}

}  // namespace
}  // namespace headgate::back
