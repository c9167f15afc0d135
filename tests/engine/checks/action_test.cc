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
  const Action action = parse_action(c.value, KeyClass::header);
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
  EXPECT_EQ(parse_action("PREPEND no header", KeyClass::body).kind, K::prepend);
  EXPECT_EQ(parse_action("REPLACE no header", KeyClass::body).kind, K::replace);
  EXPECT_EQ(parse_action("REPLACE", KeyClass::body).warning,
            "REPLACE action without text in body_checks map");
}

// ---- the other agents

struct AgentCase {
  Agent agent;
  KeyClass key_class;
  const char* value;
  K kind;
  const char* warning;

  friend void PrintTo(const AgentCase& c, std::ostream* out) { *out << '"' << c.value << '"'; }
};

class OtherAgents : public testing::TestWithParam<AgentCase> {};

TEST_P(OtherAgents, KnowFewerWords) {
  const AgentCase& c = GetParam();
  const Action action = parse_action(c.value, c.key_class, c.agent);
  EXPECT_EQ(action.kind, c.kind);
  EXPECT_EQ(action.warning, c.warning);
}

constexpr Agent kSmtp = Agent::smtp;
constexpr Agent kMilter = Agent::milter;

INSTANTIATE_TEST_SUITE_P(
    Delivery, OtherAgents,
    testing::Values(AgentCase{kSmtp, KeyClass::header, "dunno", K::dunno, ""},
                    AgentCase{kSmtp, KeyClass::header, "OK", K::dunno, ""},
                    AgentCase{kSmtp, KeyClass::header, "IGNORE", K::ignore, ""},
                    AgentCase{kSmtp, KeyClass::header, "INFO x", K::info, ""},
                    AgentCase{kSmtp, KeyClass::header, "PREPEND A: b", K::prepend, ""},
                    AgentCase{kSmtp, KeyClass::header, "REPLACE A: b", K::replace, ""},
                    AgentCase{kSmtp, KeyClass::header, "STRIP", K::strip, ""},
                    AgentCase{kSmtp, KeyClass::header, "WARN", K::warn, ""},
                    AgentCase{kSmtp, KeyClass::body, "PREPEND", K::none,
                              "PREPEND action without text in smtp_body_checks map"},
                    AgentCase{
                        kSmtp, KeyClass::mime, "REPLACE x", K::none,
                        "bad REPLACE header text \"x\" in smtp_mime_header_checks map -- need "
                        "\"headername: headervalue\""},
                    AgentCase{kSmtp, KeyClass::nested, "REJECT x", K::none,
                              "unsupported command in smtp_nested_header_checks map: REJECT x"},
                    AgentCase{kSmtp, KeyClass::header, "DISCARD", K::none,
                              "unsupported command in smtp_header_checks map: DISCARD"},
                    AgentCase{kSmtp, KeyClass::header, "BCC a@b", K::none,
                              "unsupported command in smtp_header_checks map: BCC a@b"},
                    AgentCase{kSmtp, KeyClass::header, "FILTER a:b", K::none,
                              "unsupported command in smtp_header_checks map: FILTER a:b"},
                    AgentCase{kSmtp, KeyClass::header, "HOLD", K::none,
                              "unsupported command in smtp_header_checks map: HOLD"},
                    AgentCase{kSmtp, KeyClass::header, "REDIRECT a@b", K::none,
                              "unsupported command in smtp_header_checks map: REDIRECT a@b"},
                    AgentCase{kSmtp, KeyClass::body, "PASS", K::none,
                              "unsupported command in smtp_body_checks map: PASS"},
                    AgentCase{kSmtp, KeyClass::body, "", K::none,
                              "unsupported command in smtp_body_checks map: "}));

INSTANTIATE_TEST_SUITE_P(
    Milter, OtherAgents,
    testing::Values(
        AgentCase{kMilter, KeyClass::header, "REJECT x", K::reject, ""},
        AgentCase{kMilter, KeyClass::header, "DISCARD", K::discard, ""},
        AgentCase{kMilter, KeyClass::header, "OK", K::dunno, ""},
        AgentCase{kMilter, KeyClass::header, "HOLD", K::hold, ""},
        AgentCase{kMilter, KeyClass::header, "STRIP", K::strip, ""},
        AgentCase{kMilter, KeyClass::header, "REPLACE A: b", K::replace, ""},
        AgentCase{kMilter, KeyClass::header, "BCC a", K::none,
                  "bad BCC address \"a\" in milter_header_checks map -- need user@domain"},
        AgentCase{kMilter, KeyClass::header, "FILTER", K::none,
                  "missing FILTER command argument in milter_header_checks map"},
        AgentCase{kMilter, KeyClass::header, "REDIRECT", K::none,
                  "bad REDIRECT target \"\" in milter_header_checks map -- need user@domain"},
        AgentCase{kMilter, KeyClass::header, "PASS", K::none,
                  "unsupported command in milter_header_checks map: PASS"},
        AgentCase{kMilter, KeyClass::header, "DELAY", K::none,
                  "unsupported command in milter_header_checks map: DELAY"},
        AgentCase{kMilter, KeyClass::header, "PREPEND A: b", K::prepend,
                  "the milter_header/body_checks prepend action is not implemented"},
        AgentCase{kMilter, KeyClass::header, "PREPEND A", K::none,
                  "bad PREPEND header text \"A\" in milter_header_checks map -- need "
                  "\"headername: headervalue\""}));

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
