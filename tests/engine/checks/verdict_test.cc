// The expected lines are Postfix's own, from the mail log of a live instance.
#include "engine/checks/verdict.h"

#include <gtest/gtest.h>

namespace headgate::checks {
namespace {

constexpr std::string_view kOrigin = "localhost[127.0.0.1]";
constexpr std::string_view kEnvelope =
    " from=<me@test> to=<you@test> proto=ESMTP helo=<client.test>";

ActionTaken taken(ActionKind kind, std::string_view context, std::string_view content,
                  std::string_view text) {
  ActionTaken action;
  action.kind = kind;
  action.context = context;
  action.content = content;
  action.text = text;
  return action;
}

TEST(ActionLogText, IsPostfixs) {
  EXPECT_EQ(action_log_text(
                taken(ActionKind::reject, "header", "Subject: reject-text", "5.7.1 no way here"),
                kOrigin, kEnvelope),
            "reject: header Subject: reject-text from localhost[127.0.0.1]; from=<me@test> "
            "to=<you@test> proto=ESMTP "
            "helo=<client.test>: 5.7.1 no way here");
  EXPECT_EQ(
      action_log_text(taken(ActionKind::warn, "header", "Subject: warn0", ""), kOrigin, kEnvelope),
      "warning: header Subject: warn0 from localhost[127.0.0.1]; from=<me@test> to=<you@test> "
      "proto=ESMTP "
      "helo=<client.test>");
  EXPECT_EQ(action_log_text(
                taken(ActionKind::warn, "header", "Subject: fold a\n b\n\tc", "[fold a\n b\n\tc]"),
                kOrigin, kEnvelope),
            "warning: header Subject: fold a? b??c from localhost[127.0.0.1]; from=<me@test> "
            "to=<you@test> proto=ESMTP "
            "helo=<client.test>: [fold a? b??c]");
  EXPECT_EQ(
      action_log_text(taken(ActionKind::reject, "body", "reject 2", "5.7.1 body no"), kOrigin,
                      kEnvelope),
      "reject: body reject 2 from localhost[127.0.0.1]; from=<me@test> to=<you@test> proto=ESMTP "
      "helo=<client.test>: 5.7.1 body no");
  EXPECT_EQ(action_log_text(taken(ActionKind::info, "header", "Subject: info", "some info"),
                            "local", " from=<me@test> to=<you@test>"),
            "info: header Subject: info from local; from=<me@test> to=<you@test>: some info");
}

TEST(ActionLogText, CutsTheContentAt200Bytes) {
  const std::string content = "Subject: " + std::string(300, 'x');
  const std::string line =
      action_log_text(taken(ActionKind::info, "header", content, ""), "local", "");
  EXPECT_EQ(line, "info: header " + content.substr(0, 200) + " from local;");
}

TEST(DeliveryLogText, IsPostfixs) {
  EXPECT_EQ(delivery_log_text(taken(ActionKind::warn, "header", "Subject: warn", "s-text")),
            "warning: header Subject: warn: s-text");
  EXPECT_EQ(delivery_log_text(taken(ActionKind::replace, "body", "replace x", "re-body")),
            "replace: body replace x: re-body");
  EXPECT_EQ(delivery_log_text(taken(ActionKind::info, "body", "a\xff\nb", "")), "info: body a??b");
  EXPECT_EQ(delivery_log_text(taken(ActionKind::strip, "body", std::string(61, 'x'), "")),
            "strip: body " + std::string(60, 'x'));
}

TEST(MilterLogText, IsPostfixs) {
  EXPECT_EQ(milter_log_text(taken(ActionKind::reject, "header", "X-M: reject",
                                  "5.7.1 message content rejected"),
                            kOrigin, kEnvelope),
            "milter-header-reject: header X-M: reject from localhost[127.0.0.1]; from=<me@test> "
            "to=<you@test> proto=ESMTP helo=<client.test>: 5.7.1 message content rejected");
  EXPECT_EQ(milter_log_text(taken(ActionKind::warn, "header", std::string(61, 'x'), ""), "local",
                            " from=<a@b>"),
            "milter-header-warning: header " + std::string(60, 'x') + " from local; from=<a@b>: ");
}

}  // namespace
}  // namespace headgate::checks
