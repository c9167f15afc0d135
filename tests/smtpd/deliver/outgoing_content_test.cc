// What the checks do to the bytes and say in the log. Header keys without blanks, so that inline: can hold them; the real
// tables, and Postfix's answers, are in checks_beside_postfix.py.
#include "smtpd/deliver/outgoing_content.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "smtpd/deliver/delivery_checks.h"
#include "tests/support/log_collector.h"
#include "tests/support/no_programs.h"
#include "tests/support/queue_file_maker.h"
#include "tests/support/scratch_directory.h"

namespace headgate::deliver {
namespace {

using testing::ElementsAre;

class OutgoingContentTest : public ::testing::Test {
 protected:
  // The whole of DATA, or "(failed)".
  std::string deliver(const std::string& content) {
    checks_ = open_delivery_checks(settings_, programs_,
                                   [this](const Diagnostic& d) { warnings_.push_back(d.text); });
    const auto file = testing_support::make_queue_file(scratch_.path("m"), content, {}, {"a@b"});
    const queue::Delivery delivery("ID", "smtp:x", file, {0}, WallTime());
    OutgoingContent outgoing(delivery, settings_, checks_.get(), downgrade_, log_);
    std::string all;
    for (;;) {
      const auto bytes = outgoing.next();
      if (!bytes) return outgoing.checks_failed() ? "(failed)" : bytes.error().text();
      if (bytes->empty()) return all;
      all += *bytes;
    }
  }

  testing_support::ScratchDirectory scratch_;
  testing_support::LogCollector log_;
  testing_support::NoPrograms programs_;
  config::Settings settings_;
  std::shared_ptr<DeliveryChecks> checks_;
  bool downgrade_ = false;
  std::vector<std::string> warnings_;
};

TEST_F(OutgoingContentTest, WithoutTablesTheContentLeavesAsItIs) {
  EXPECT_EQ(deliver("Subject: x\n\n.dot\nlast\n"), "Subject: x\r\n\r\n..dot\r\nlast\r\n.\r\n");
  EXPECT_EQ(checks_, nullptr);
  EXPECT_THAT(log_.lines(), ElementsAre());
}

TEST_F(OutgoingContentTest, ForASevenBitHopTheTablesSeeWhatIsSent) {
  downgrade_ = true;
  const std::string content = "Content-Transfer-Encoding: 8bit\nA : 1\n\ncaf\xe9\n";
  EXPECT_EQ(deliver(content),
            "A: 1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ncaf=E9\r\n.\r\n");
  settings_.smtp_header_checks = {"static:WARN"};
  settings_.smtp_body_checks = {"static:WARN"};
  deliver(content);
  EXPECT_THAT(log_.lines(),
              ElementsAre("ID: warning: header A: 1",
                          "ID: warning: header Content-Transfer-Encoding: quoted-printable",
                          "ID: warning: body caf=E9"));
}

TEST_F(OutgoingContentTest, ActionsEditAndAreLogged) {
  settings_.smtp_header_checks = {
      "inline:{X-Drop:=IGNORE, {X-Warn: = WARN why}, {X-Put: = PREPEND X-Before: 1}, "
      "{X-New: = REPLACE X-Other: 2}, {X-No: = REJECT no}}"};
  settings_.smtp_body_checks = {"inline:{drop=STRIP, {dot = REPLACE .dot}}"};
  EXPECT_EQ(deliver("X-Drop:\nX-Warn:\nX-Put:\nX-New:\nX-No:\n\ndrop\ndot\nx\n"),
            "X-Warn:\r\nX-Before: 1\r\nX-Put:\r\nX-Other: 2\r\nX-No:\r\n\r\n..dot\r\nx\r\n.\r\n");
  EXPECT_THAT(
      log_.lines(),
      ElementsAre("ID: warning: header X-Warn:: why", "ID: prepend: header X-Put:: X-Before: 1",
                  "ID: replace: header X-New:: X-Other: 2",
                  "warning: unsupported command in smtp_header_checks map: REJECT no",
                  "ID: strip: body drop", "ID: replace: body dot: .dot"));
}

TEST_F(OutgoingContentTest, OtherListsDoNotInheritTheHeaderList) {
  settings_.smtp_header_checks = {"static:IGNORE"};
  EXPECT_EQ(deliver("A: 1\nContent-Type: message/rfc822\n\nN: 1\n\nbody\n"),
            "Content-Type: message/rfc822\r\n\r\nN: 1\r\n\r\nbody\r\n.\r\n");
}

TEST_F(OutgoingContentTest, EverythingDroppedIsStillAMessage) {
  settings_.smtp_header_checks = settings_.smtp_body_checks = {"static:IGNORE"};
  std::string content = "A: 1\n\n";
  for (int i = 0; i < 40000; ++i) content += "line\n";  // several chunks of the queue file
  EXPECT_EQ(deliver(content), "\r\n.\r\n");
}

TEST_F(OutgoingContentTest, AFailedLookupStopsBeforeTheDot) {
  settings_.smtp_header_checks = {"pcre:/no/such"};
  EXPECT_EQ(deliver("A: 1\n\nx\n"), "(failed)");
  EXPECT_THAT(warnings_, ElementsAre("/no/such: no compiler in this test"));
  EXPECT_EQ(log_.lines().back(), "warning: ID: smtp header checks lookup error");
}

TEST_F(OutgoingContentTest, AnEmptyValueIsAFailedLookup) {
  settings_.smtp_body_checks = {"static:{}"};
  EXPECT_EQ(deliver("A: 1\n\nx\n"), "(failed)");
  EXPECT_THAT(log_.lines(),
              ElementsAre("warning: smtp_body_checks lookup of x returns an empty string result",
                          "warning: smtp_body_checks should return NO RESULT in case of NOT FOUND",
                          "warning: ID: smtp body checks lookup error"));
}

TEST_F(OutgoingContentTest, ALongLineIsOneKeyAChunkAndIsBrokenOnTheWire) {
  settings_.line_length_limit = 4;
  settings_.smtp_line_length_limit = 6;
  settings_.smtp_body_checks = {"inline:{bbbb=IGNORE}"};
  EXPECT_EQ(deliver("A: 1\n\naaaabbbbcccc\nbbbb\ndddddddd\n"),
            "A: 1\r\n\r\naaaacc\r\n cc\r\n\r\ndddddd\r\n dd\r\n.\r\n");
  EXPECT_THAT(log_.lines(), ElementsAre("ID: breaking line > 6 bytes with <CR><LF>SPACE"));
}

TEST(DeliveryTables, AllFourListsInOrder) {
  config::Settings settings;
  EXPECT_THAT(delivery_tables(settings), ElementsAre());
  settings.smtp_header_checks = {"pcre:a", "pcre:b"};
  settings.smtp_body_checks = {"pcre:c"};
  EXPECT_THAT(delivery_tables(settings), ElementsAre("pcre:a", "pcre:b", "pcre:c"));
}

}  // namespace
}  // namespace headgate::deliver
