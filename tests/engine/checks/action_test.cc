#include "engine/checks/action.h"

#include <ostream>

#include <gtest/gtest.h>

namespace headgate::checks {
namespace {

using K = ActionKind;

struct Case {
  const char* value;
  K kind;
  const char* text;
  const char* warning;

  friend void PrintTo(const Case& c, std::ostream* out) { *out << '"' << c.value << '"'; }
};

class HeaderAction : public testing::TestWithParam<Case> {};

TEST_P(HeaderAction, IsParsedAsPostfixDoes) {
  const Case& c = GetParam();
  const Action action = parse_action(c.value, "header_checks", true);
  EXPECT_EQ(action.kind, c.kind);
  EXPECT_EQ(action.text, c.text);
  EXPECT_EQ(action.warning, c.warning);
}

INSTANTIATE_TEST_SUITE_P(
    Commands, HeaderAction,
    testing::Values(Case{"OK", K::dunno, "", ""}, Case{"dunno whatever", K::dunno, "whatever", ""},
                    Case{"Warn", K::warn, "", ""}, Case{"WARN \t a  b ", K::warn, "a  b ", ""},
                    Case{"warn\tx", K::warn, "x", ""}, Case{"INFO i", K::info, "i", ""},
                    Case{"IGNORE x", K::ignore, "x", ""}, Case{"STRIP", K::strip, "", ""},
                    Case{"HOLD h", K::hold, "h", ""}, Case{"PASS", K::pass, "", ""},
                    Case{"DISCARD bye", K::discard, "bye", ""},
                    Case{"REJEC", K::none, "", "unknown command in header_checks map: REJEC"},
                    Case{"REJECTED x", K::none, "",
                         "unknown command in header_checks map: REJECTED x"},
                    Case{"DELAY 1h", K::none, "", "unknown command in header_checks map: DELAY 1h"},
                    Case{" REJECT", K::none, "", "unknown command in header_checks map:  REJECT"},
                    Case{"WARN\nx", K::none, "", "unknown command in header_checks map: WARN\nx"},
                    Case{"550 no", K::none, "", "unknown command in header_checks map: 550 no"}));

INSTANTIATE_TEST_SUITE_P(
    Arguments, HeaderAction,
    testing::Values(
        Case{"FILTER smtp:[a]:1", K::filter, "smtp:[a]:1", ""},
        Case{"FILTER", K::none, "", "missing FILTER command argument in header_checks map"},
        Case{"FILTER x", K::none, "",
             "bad FILTER command x in header_checks -- need transport:destination"},
        Case{"PREPEND X-A: b", K::prepend, "X-A: b", ""},
        Case{"PREPEND X-A : b", K::prepend, "X-A : b", ""},
        Case{"PREPEND", K::none, "", "PREPEND action without text in header_checks map"},
        Case{"PREPEND no header", K::none, "",
             "bad PREPEND header text \"no header\" in header_checks map -- need \"headername: "
             "headervalue\""},
        Case{"REPLACE X-A: b", K::replace, "X-A: b", ""},
        Case{"REPLACE", K::none, "", "REPLACE action without text in header_checks map"},
        Case{"REPLACE :x", K::none, "",
             "bad REPLACE header text \":x\" in header_checks map -- need \"headername: "
             "headervalue\""},
        Case{"REDIRECT a@b", K::redirect, "a@b", ""},
        Case{"REDIRECT", K::none, "",
             "bad REDIRECT target \"\" in header_checks map -- need user@domain"},
        Case{"REDIRECT a", K::none, "",
             "bad REDIRECT target \"a\" in header_checks map -- need user@domain"},
        Case{"BCC a@b", K::bcc, "a@b", ""},
        Case{"BCC a", K::none, "",
             "bad BCC address \"a\" in header_checks map -- need user@domain"}));

INSTANTIATE_TEST_SUITE_P(
    Rejects, HeaderAction,
    testing::Values(Case{"REJECT", K::reject, "5.7.1 message content rejected", ""},
                    Case{"REJECT no way", K::reject, "5.7.1 no way", ""},
                    Case{"REJECT 5.7.9 x", K::reject, "5.7.9 x", ""},
                    Case{"REJECT 4.7.9   x", K::reject, "4.7.9 x", ""},
                    Case{"REJECT 2.0.0 x", K::reject, "4.0.0 x",
                         "bad DSN action in 2.0.0 x -- need 4.x.x or 5.x.x"},
                    Case{"REJECT 554 5.7.1 x", K::reject, "5.7.1 554 5.7.1 x", ""},
                    Case{"REJECT 5.7.1.2 x", K::reject, "5.7.1 5.7.1.2 x", ""},
                    Case{"REJECT 4", K::reject, "5.7.1 4", ""},
                    Case{"REJECT 3.1.1 x", K::reject, "5.7.1 3.1.1 x", ""},
                    Case{"REJECT 5.1234.1 x", K::reject, "5.7.1 5.1234.1 x", ""}));

TEST(BodyAction, MayPrependAnyLine) {
  EXPECT_EQ(parse_action("PREPEND no header", "body_checks", false).kind, K::prepend);
  EXPECT_EQ(parse_action("REPLACE no header", "body_checks", false).kind, K::replace);
  EXPECT_EQ(parse_action("REPLACE", "body_checks", false).warning,
            "REPLACE action without text in body_checks map");
}

TEST(LeadingDsn, NeedsThreePartsAndAnEnd) {
  EXPECT_EQ(leading_dsn("5.7.1"), "5.7.1");
  EXPECT_EQ(leading_dsn("4.123.456 x"), "4.123.456");
  for (const auto* text :
       {"", "5", "5.", "5.7", "5.7.", "5..1 x", "5.7.1x", "6.1.1 x", "5.7.1.", "x 5.7.1"}) {
    EXPECT_EQ(leading_dsn(text), "") << text;
  }
}

TEST(LogWord, NamesWhatIsLogged) {
  EXPECT_EQ(log_word(K::warn), "warning");
  EXPECT_EQ(log_word(K::reject), "reject");
  for (const K silent : {K::none, K::dunno, K::ignore}) EXPECT_EQ(log_word(silent), "");
}

}  // namespace
}  // namespace headgate::checks
