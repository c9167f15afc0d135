// The engine on behalf of delivery: parameter names, limits, what is written and logged.
#include "engine/checks/agent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/checks/message_run.h"

namespace headgate::checks {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ParameterName, HasTheAgentsPrefix) {
  EXPECT_EQ(parameter_name(KeyClass::mime), "mime_header_checks");
  EXPECT_EQ(parameter_name(Agent::cleanup, KeyClass::body), "body_checks");
  EXPECT_EQ(parameter_name(Agent::smtp, KeyClass::header), "smtp_header_checks");
  EXPECT_EQ(parameter_name(Agent::smtp, KeyClass::mime), "smtp_mime_header_checks");
  EXPECT_EQ(parameter_name(Agent::smtp, KeyClass::nested), "smtp_nested_header_checks");
  EXPECT_EQ(parameter_name(Agent::smtp, KeyClass::body), "smtp_body_checks");
  for (const KeyClass c : {KeyClass::header, KeyClass::mime, KeyClass::nested})
    EXPECT_EQ(parameter_name(Agent::milter, c), "milter_header_checks");
}

Limits on_delivery() {
  Limits limits;
  limits.header_size_limit = 20;
  limits.body_checks_size_limit = 1;
  limits.mime_nesting_limit = 7;
  limits.mime_boundary_length_limit = 9;
  return delivery_limits(limits);
}

TEST(Delivery, KeepsTheParsersLimitsOnly) {
  const Limits limits = on_delivery();
  EXPECT_EQ(limits.header_size_limit, 20U);
  EXPECT_EQ(limits.mime_nesting_limit, 7U);
  EXPECT_EQ(limits.mime_boundary_length_limit, 9U);
  EXPECT_EQ(limits.body_checks_size_limit, 0U);
  EXPECT_FALSE(limits.replace_stray_cr_lf);
  EXPECT_THAT(limits.drop_headers, IsEmpty());
}

TEST(Delivery, ActsAndLogsInItsOwnWay) {
  MessageRun run;
  run.limits = on_delivery();
  run.add(KeyClass::header, {{"Subject", "REPLACE X-Subject: one\nno indent"},
                             {"X-Reject", "REJECT no"},
                             {"X-Warn", "WARN s-text"},
                             {"X-Gone", "IGNORE"}});
  run.add(KeyClass::body, {{"far", "PREPEND near"}, {"strip", "STRIP"}});
  run.run("Subject: x\nX-Reject: 1\nX-Warn: 2\nX-Gone: 3\n\nfirst\nfar\nstrip\n");
  EXPECT_EQ(run.kept, "X-Subject: one\nno indent\nX-Reject: 1\nX-Warn: 2\n\nfirst\nnear\nfar\n");
  EXPECT_THAT(
      run.log,
      ElementsAre("replace: header Subject: x: X-Subject: one?no indent [fake:header_checks:1]",
                  "warning: unsupported command in smtp_header_checks map: REJECT no",
                  "warning: header X-Warn: 2: s-text [fake:header_checks:3]",
                  "prepend: body far: near [fake:body_checks:1]",
                  "strip: body strip [fake:body_checks:2]"));
  EXPECT_EQ(run.verdict.disposition, Disposition::accept);
}

TEST(Delivery, WritesALongHeaderWhole) {
  MessageRun run;
  run.limits = on_delivery();
  const std::string header = "Subject: " + std::string(100, 'x') + "\n " + std::string(9, 'y');
  run.run(header.substr(0, header.find('\n')) + "\n\n");
  EXPECT_EQ(run.kept, header.substr(0, header.find('\n')) + "\n\n");
}

TEST(Delivery, ALookupThatFailsIsCalledSo) {
  for (const KeyClass c : {KeyClass::header, KeyClass::body}) {
    MessageRun run;
    run.limits = on_delivery();
    run.add(c, {{c == KeyClass::body ? "x" : "A", ""}});
    run.run("A: b\n\nx\n");
    EXPECT_EQ(run.verdict.disposition, Disposition::tempfail);
    ASSERT_EQ(run.log.size(), 3U);
    const std::string parameter(parameter_name(Agent::smtp, c));
    EXPECT_EQ(run.log[1],
              "warning: " + parameter + " should return NO RESULT in case of NOT FOUND");
    EXPECT_EQ(run.log[2], c == KeyClass::body ? "warning: ID: smtp body checks lookup error"
                                              : "warning: ID: smtp header checks lookup error");
  }
}

}  // namespace
}  // namespace headgate::checks
