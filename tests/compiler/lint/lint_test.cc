// Each kind of finding: what must be found, where, with which line to write instead; and what must not be.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "compiler/lint/catalogue.h"
#include "tests/compiler/lint/findings_of.h"

namespace headgate::lint {
namespace {

constexpr auto kPcre = front::Dialect::pcre;
constexpr auto kRegexp = front::Dialect::regexp;

struct Case {
  const char* id;
  front::Dialect dialect;
  const char* text;
  int line;                // 0: must not be found
  const char* suggestion;  // null: not looked at
};

const Case kCases[] = {
    {"unescaped-delimiter", kPcre, "/low/cost dining/ REJECT\n", 1, "/low\\/cost dining/ REJECT"},
    {"unescaped-delimiter", kRegexp, "/a/bc/ REJECT a/b\n", 1, "/a\\/bc/ REJECT a/b"},
    {"unescaped-delimiter", kPcre, "//P0B0x/i REJECT\n", 1, "/\\/P0B0x/i REJECT"},
    {"unescaped-delimiter", kPcre, "/Take-Me-0ff//i REJECT\n", 1, "/Take-Me-0ff\\//i REJECT"},
    {"unescaped-delimiter", kPcre, "/a\\/q/ REJECT\n", 0, nullptr},
    {"unescaped-delimiter", kPcre, "if /a/qb/\n/x/ REJECT\nendif\n", 1, "if /a\\/qb/"},
    {"glued-action", kPcre, "/foo/REJECT no\n", 1, "/foo/ REJECT no"},
    {"glued-action", kRegexp, "/foo/iREJECT no\n", 1, "/foo/i REJECT no"},
    {"glued-action", kPcre, "/foo/ REJECT no\n", 0, nullptr},
    {"unknown-flag", kPcre, "/foo/q REJECT\n", 1, nullptr},
    {"unknown-flag", kPcre, "/a/!/b/ REJECT\n", 1, nullptr},
    {"unknown-flag", kRegexp, "/a/!/b/ REJECT\n", 0, nullptr},
    {"obsolete-flag", kPcre, "/foo/X REJECT\n", 1, "/foo/ REJECT"},
    {"no-closing-delimiter", kPcre, "/foo bar  REJECT no\n", 1, "/foo bar/  REJECT no"},
    {"no-closing-delimiter", kPcre, "/foo bar\n", 1, ""},
    {"missing-pattern", kPcre, "!\n", 1, nullptr},
    {"bad-pattern", kPcre, "/foo(/ REJECT\n", 1, nullptr},
    {"bad-pattern", kRegexp, "/(?:a|b)c/ REJECT\n", 1, "/(a|b)c/ REJECT"},
    {"bad-pattern", kRegexp, "/[[:<:]]spam[[:>:]]/ REJECT\n", 1, "/\\<spam\\>/ REJECT"},
    {"bad-pattern", kPcre, "/[[:<:]]spam[[:>:]]/ REJECT\n", 0, nullptr},
    {"bad-substitution", kPcre, "/cash/ REJECT over $1000\n", 1, "/cash/ REJECT over $$1000"},
    {"bad-substitution", kPcre, "/(cash)/ REJECT $2 $1 $$3\n", 1, "/(cash)/ REJECT $$2 $1 $$3"},
    {"bad-substitution", kPcre, "/cash/ REJECT $0\n", 1, "/(cash)/ REJECT $1"},
    {"bad-substitution", kPcre, "!/(cash)/ REJECT $1\n", 1, "!/(cash)/ REJECT $$1"},
    {"bad-substitution", kPcre, "/(cash)/ REJECT $1 ${1}\n", 0, nullptr},
    {"no-action", kPcre, "/cash/\n", 1, nullptr},
    {"unrecognized-line", kPcre, "Subject: REJECT\n", 1, nullptr},
    {"indented-line", kPcre, "  /cash/ REJECT\n", 1, "/cash/ REJECT"},
    {"text-after-if", kPcre, "if /a/\n  /b/ REJECT\nendif\n", 1, nullptr},
    {"text-after-endif", kPcre, "if /a/\n/b/ REJECT\nendif # a\n", 3, "endif"},
    {"endif-without-if", kPcre, "/b/ REJECT\nendif\n", 2, nullptr},
    {"if-without-endif", kPcre, "if /a/\n/b/ REJECT\n", 1, nullptr},

    {"misspelt-action", kPcre, "/a/ REJCT no\n", 1, "/a/ REJECT no"},
    {"misspelt-action", kPcre, "/a/ REJECT: no\n", 1, "/a/ REJECT no"},
    {"misspelt-action", kPcre, "/a/ REJECT/i\n", 1, "/a/ REJECT"},
    {"misspelt-action", kPcre, "/a/ reject no\n", 0, nullptr},
    {"misspelt-action", kPcre, "/a/ 550 no\n", 0, nullptr},
    {"misspelt-action", kPcre, "/a@b/ info@example.com\n", 0, nullptr},
    {"unknown-action", kPcre, "/a/ REJECT\n/b/ Rule 17\n", 2, ""},
    {"unknown-action", kPcre, "/a/ relay:[10.0.0.1]\n/b/ smtp:\n", 0, nullptr},
    {"unknown-action", kPcre, "/a/ DEFER\n/b/ my_class\n", 0, nullptr},
    {"bad-action-argument", kPcre, "/a/ REDIRECT postmaster\n", 1, nullptr},
    {"bad-action-argument", kPcre, "/a/ FILTER amavis\n", 1, nullptr},
    {"bad-action-argument", kPcre, "/a/ PREPEND\n", 1, nullptr},
    {"bad-action-argument", kPcre, "/a/ PREPEND some text\n", 0, nullptr},
    {"bad-action-argument", kPcre, "/a/ REDIRECT postmaster@example.com\n", 0, nullptr},
    {"swallowed-rule", kPcre, "/a/ REJECT\n  /b/ REJECT no\n", 2, "/b/ REJECT no"},
    {"swallowed-rule", kPcre, "/a/ REJECT\n  see http://example.com/ REJECT\n", 0, nullptr},
    {"template-placeholder", kPcre, "/a/ FILTER {{ host }}:x\n", 1, nullptr},
    {"template-placeholder", kPcre, "/a/ REPLACE From: <%= @origin %>\n", 1, nullptr},
    {"template-placeholder", kPcre, "/^From:.*@MY_DOMAIN@/ OK\n", 1, nullptr},
    {"template-placeholder", kPcre, "/%%HOST%%/ OK\n", 1, nullptr},
    {"template-placeholder", kPcre, "/a${HOST}/ OK\n", 1, nullptr},
    {"template-placeholder", kPcre, "/(a{2,3}|b@c@d)/ REJECT ${1} 100%\n", 0, nullptr},
    {"leaky-reject", kPcre, "/cheap watches/ REJECT no Cheap Watches here\n", 1, nullptr},
    {"leaky-reject", kPcre, "/^Subject:.*(watch|pill)/ REJECT no $1\n", 1, nullptr},
    {"leaky-reject", kPcre, "/^Received:.*x/ REJECT bad Received: header\n", 0, nullptr},
    {"leaky-reject", kPcre, "/cheap watches/ REJECT rule 17\n", 0, nullptr},
    {"leaky-reject", kPcre, "/cheap watches/ WARN cheap watches\n", 0, nullptr},

    {"case-sensitive-flag", kPcre, "/^Subject:.*free money/i REJECT\n", 1,
     "/^Subject:.*free money/ REJECT"},
    {"case-sensitive-flag", kPcre, "/^Subject:.*FREE MONEY/i REJECT\n", 0, nullptr},
    {"case-sensitive-flag", kPcre, "/^Subject:.*[A-Z]{9} money/i REJECT\n", 0, nullptr},
    {"case-sensitive-flag", kPcre, "/free money/ REJECT\n", 0, nullptr},
    {"useless-flag", kPcre, "/a.b/s REJECT\n", 0, nullptr},
    {"useless-flag", kPcre, "/ab/s REJECT\n", 1, "/ab/ REJECT"},
    {"useless-flag", kPcre, "/ab/m REJECT\n", 1, "/ab/ REJECT"},
    {"useless-flag", kPcre, "/^ab/m REJECT\n", 0, nullptr},
    {"useless-flag", kRegexp, "/a.b/m REJECT\n", 0, nullptr},
    {"useless-flag", kPcre, "/a b/x REJECT\n", 0, nullptr},
    {"useless-flag", kPcre, "/123/i REJECT\n", 1, "/123/ REJECT"},
    {"useless-flag", kPcre, "/(a)\\1/i REJECT\n", 0, nullptr},
    {"useless-flag", kPcre, "/ab/ii REJECT\n", 1, "/ab/ REJECT"},
    {"useless-flag", kPcre, "/^ab/A REJECT\n", 1, "/^ab/ REJECT"},
    {"useless-flag", kPcre, "/ab/A REJECT\n", 0, nullptr},
    {"useless-flag", kPcre, "/(a+)/U REJECT\n", 1, "/(a+)/ REJECT"},
    {"useless-flag", kPcre, "/(a+)/U REJECT rule $1\n", 0, nullptr},
    {"odd-delimiter", kPcre, "^Subject:^ WARN\n", 1, nullptr},
    {"odd-delimiter", kPcre, "~^Subject:~ WARN\n", 0, nullptr},
    {"impossible-pattern", kPcre, "/get $1000 now/ REJECT\n", 1, "/get \\$1000 now/ REJECT"},
    {"impossible-pattern", kPcre, "/^$/ REJECT\n", 1, ""},
    {"impossible-pattern", kPcre, "/a$/ REJECT\n", 0, nullptr},
    {"impossible-pattern", kPcre, "/a$.b/m REJECT\n", 0, nullptr},
    {"impossible-pattern", kRegexp, "/it\\'s/ REJECT\n", 0, nullptr},  // foreign-syntax says why
    {"unescaped-dot", kPcre, "/^Received:.*example.com/ REJECT\n", 1,
     "/^Received:.*example\\.com/ REJECT"},
    {"unescaped-dot", kPcre, "/(www.shop.co.uk|a\\.com)/ REJECT\n", 1,
     "/(www\\.shop\\.co\\.uk|a\\.com)/ REJECT"},
    {"unescaped-dot", kPcre, "/127.0.0.1/ OK\n", 1, "/127\\.0\\.0\\.1/ OK"},
    {"unescaped-dot", kPcre, "/the end. It is/ REJECT\n", 0, nullptr},
    {"unescaped-dot", kPcre, "/example\\.com|a.*com|f.o/ REJECT\n", 0, nullptr},
    {"useless-wildcard", kPcre, "/^Received:.*/ IGNORE\n", 1, "/^Received:/ IGNORE"},
    {"useless-wildcard", kPcre, "/^.*spam/ REJECT\n", 1, "/spam/ REJECT"},
    {"useless-wildcard", kPcre, "/spam.*$/ REJECT\n", 1, "/spam/ REJECT"},
    {"useless-wildcard", kPcre, "/.*(spam)/ REJECT $1\n", 0, nullptr},
    {"useless-wildcard", kPcre, "/(spam).*/ WARN $1\n", 1, "/(spam)/ WARN $1"},
    {"useless-wildcard", kRegexp, "/(spam).*/ WARN $1\n", 0, nullptr},
    {"useless-wildcard", kPcre, "/^From:(.*)/ REPLACE From:$1\n", 0, nullptr},
    {"useless-wildcard", kPcre, "/.*a|b.*/ REJECT\n", 0, nullptr},
    {"useless-wildcard", kPcre, "/^.*a/s REJECT\n", 0, nullptr},
    {"useless-wildcard", kPcre, "/.*a/A REJECT\n", 0, nullptr},
    {"optional-end", kPcre, "/^Subject:.*viarga*/ REJECT\n", 1, "/^Subject:.*viarga/ REJECT"},
    {"optional-end", kPcre, "/ab\\s*/ REJECT\n", 0, nullptr},
    {"foreign-syntax", kRegexp, "/^\\d+$/ REJECT\n", 1, "/^[0-9]+$/ REJECT"},
    {"foreign-syntax", kRegexp, "/[\\w.]+@/ REJECT\n", 1, "/[[:alnum:]_.]+@/ REJECT"},
    {"foreign-syntax", kRegexp, "/a.+?b/ REJECT\n", 1, "/a.+b/ REJECT"},
    {"foreign-syntax", kRegexp, "/a.*?b/ REJECT\n", 0, nullptr},
    {"foreign-syntax", kRegexp, "/it\\'s/ REJECT\n", 1, "/it's/ REJECT"},
    {"foreign-syntax", kRegexp, "/\\w\\s\\b\\<a/ REJECT\n", 0, nullptr},
    {"foreign-syntax", kPcre, "/a{,3}b/ REJECT\n", 1, "/a{0,3}b/ REJECT"},
    {"foreign-syntax", kPcre, "/\\d[\\w.]+?/ REJECT\n", 0, nullptr},
    {"dialect-difference", kPcre, "/a/ OK\n/\\d/ REJECT\n/\\d\\d/ REJECT\n", 2, nullptr},
    {"dialect-difference", kPcre, "/(a|ab)c/ REJECT rule $1\n", 1, nullptr},
    {"dialect-difference", kPcre, "/(a|ab)c/ REJECT\n", 0, nullptr},
    {"dialect-difference", kPcre, "/(one|two|three)c/ REJECT rule $1\n", 0, nullptr},
    {"dialect-difference", kRegexp, "/\\<a\\>/ REJECT\n", 1, nullptr},
    {"explodes", kPcre, "/^(a+)+$/ REJECT\n", 1, nullptr},
    {"explodes", kPcre, "/^Subject:.*abc.*[0-9]/ REJECT\n", 0, nullptr},
    {"explodes", kRegexp, "/^(a+)+$/ REJECT\n", 0, nullptr},

    {"duplicate-rule", kPcre, "/a/ REJECT\n/b/ OK\n/a/ REJECT\n", 3, nullptr},
    {"duplicate-rule", kPcre, "/a/ REJECT\n/a/i REJECT\n", 0, nullptr},
    {"duplicate-rule", kPcre, "if /x/\n/a/ REJECT\nendif\n/a/ REJECT\n", 0, nullptr},
    {"duplicate-rule", kPcre, "if /x/\n/a/ REJECT\nendif\nif /x/\n/a/ REJECT\nendif\n", 5, nullptr},
    {"duplicate-pattern", kPcre, "/a/ REJECT\n/a/ OK\n", 2, nullptr},
    {"duplicate-pattern", kPcre, "/a/ REJECT\n!/a/ OK\n", 0, nullptr},
    {"shadowed-rule", kPcre, "/spam/ REJECT\n/spammer/ OK\n", 2, nullptr},
    {"shadowed-rule", kPcre, "/spammer/ REJECT\n/spam/ OK\n", 0, nullptr},
    {"shadowed-rule", kPcre, "/spam/i REJECT\n/SPAM/ OK\n", 0, nullptr},
    {"shadowed-rule", kPcre, "/spam/ REJECT\n/SPAM/i OK\n", 2, nullptr},
    {"shadowed-rule", kPcre, "/^X-/ IGNORE\n/^X-Mailer: a/ OK\n", 2, nullptr},
    {"shadowed-rule", kPcre, "if /^X-/\n/a/ IGNORE\nendif\n/^X-.*a/ OK\n", 4, nullptr},
    {"shadowed-rule", kPcre, "if /^X-/\n/a/ IGNORE\nendif\n/a/ OK\n", 0, nullptr},
    {"shadowed-rule", kPcre, "!/a/ IGNORE\n!/a|b/ OK\n", 2, nullptr},
    {"shadowed-rule", kPcre, "/a(?=b)/ IGNORE\n/ab/ OK\n", 0, nullptr},  // true, but not known
    {"shadowed-rule", kPcre, "/a/ IGNORE\n#@emergency\n/ab/ OK\n", 0, nullptr},
    {"shadowed-rule", kRegexp, "/a/!/x/ REJECT\n/ab/ OK\n", 0, nullptr},
    {"shadowed-rule", kRegexp, "/a/ REJECT\n/ab/!/x/ OK\n", 2, nullptr},
    {"shadowed-rule", kPcre, "/(x+)+y|a/ REJECT\n/ab/ OK\n", 0, nullptr},  // PCRE2 may give up
    {"shadowed-rule", kRegexp, "/(x+)+y|a/ REJECT\n/ab/ OK\n", 2, nullptr},
    {"unreachable-rule", kPcre, "/a/ OK\n/./ DUNNO\n/b/ REJECT\n/c/ REJECT\n", 3, nullptr},
    {"unreachable-rule", kPcre, "/^/ DUNNO\n/b/ REJECT\n", 2, nullptr},
    {"unreachable-rule", kPcre, "if /x/\n/./ DUNNO\nendif\n/b/ REJECT\n", 0, nullptr},
    {"impossible-guard", kPcre, "if /^From:/\nif /^Subject:/\n/x/ REJECT\nendif\nendif\n", 2,
     nullptr},
    {"impossible-guard", kPcre, "if /^From:/\nif /^Subject:/m\n/x/ REJECT\nendif\nendif\n", 0,
     nullptr},
    {"impossible-guard", kPcre, "if /^From:/\nif !/^Subject:/\n/x/ REJECT\nendif\nendif\n", 0,
     nullptr},
    {"impossible-rule", kPcre, "if /^From:/\n/^Subject: x/ REJECT\nendif\n", 2, nullptr},
    {"impossible-rule", kPcre, "if !/spam/\n/spammer/ REJECT\nendif\n", 2, nullptr},
    {"impossible-rule", kPcre, "if !/^From:/\n/^Subject: x/ REJECT\nendif\n", 0, nullptr},
};

TEST(Lint, FindsWhatIsWrongAndNothingElse) {
  for (const Case& c : kCases) {
    const auto findings = findings_of(c.dialect, c.text);
    const auto found = std::ranges::find(findings, c.id, &rules::Finding::id);
    const std::string where = std::string(c.id) + " in\n" + c.text + "found:\n" + listed(findings);
    if (c.line == 0) {
      EXPECT_TRUE(found == findings.end()) << where;
      continue;
    }
    if (found == findings.end()) {
      ADD_FAILURE() << where;
      continue;
    }
    EXPECT_EQ(found->line, c.line) << where;
    EXPECT_EQ(found->level, finding_kind(c.id).level);
    EXPECT_FALSE(found->what.empty() || found->why.empty()) << where;
    if (c.suggestion != nullptr) {
      EXPECT_EQ(found->suggestion, c.suggestion) << where;
    }
  }
}

// What needs a corpus is tested in tests/smtpd/cli/lint_test.cc.
TEST(Lint, EveryKindHasACase) {
  std::set<std::string_view> tested = {"never-hit", "always-taken"};
  for (const Case& c : kCases)
    if (c.line != 0) tested.insert(c.id);
  for (const rules::FindingKind& kind : finding_kinds()) {
    EXPECT_TRUE(tested.contains(kind.id)) << kind.id;
    EXPECT_FALSE(kind.summary.empty() || kind.help.empty()) << kind.id;
  }
}

TEST(Lint, ACleanTableIsClean) {
  const auto findings = findings_of(kPcre,
                                    "if /^Subject:/\n"
                                    "/^Subject: +Re: \\[ticket/ DUNNO\n"
                                    "/\\b(casino|lottery)\\b/ REJECT rule 17\n"
                                    "endif\n"
                                    "!/^[[:print:]]*$/ HOLD\n");
  EXPECT_TRUE(findings.empty()) << listed(findings);
}

TEST(Lint, ARuleOverSeveralLinesGetsItsFirstLineBack) {
  const auto findings = findings_of(kPcre, "/viarga*/\n  REJECT no\n");
  ASSERT_EQ(findings.size(), 1U) << listed(findings);
  EXPECT_EQ(findings[0].suggestion, "/viarga/");
}

TEST(Lint, WhatIsNoTableToLintIsAnError) {
  TableLinter linter;
  EXPECT_EQ(linter.lint("pcre:/nowhere/table").error().code, Code::not_found);
  EXPECT_EQ(linter.lint("hash:/etc/aliases").error().code, Code::invalid);
  EXPECT_EQ(linter.lint("pcre:{").error().code, Code::invalid);
  EXPECT_EQ(linter.lint("pcre").error().code, Code::invalid);
  const auto inline_table = linter.lint("pcre:{ {/a/ REJCT} }");
  ASSERT_TRUE(inline_table);
  EXPECT_EQ(inline_table->findings.size(), 1U);
}

}  // namespace
}  // namespace headgate::lint
