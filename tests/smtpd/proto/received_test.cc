#include "smtpd/proto/received.h"

#include <gtest/gtest.h>

namespace headgate::proto {
namespace {

using std::chrono::minutes;
using std::chrono::system_clock;

Received example() {
  Received received;
  received.helo = "client.example";
  received.client_name = "unknown";
  received.client_address = "192.0.2.1";
  received.myhostname = "mx.example";
  received.mail_name = "Postfix";
  received.protocol = "ESMTP";
  received.queue_id = "25CB4A90028";
  received.recipient = "a@b.example";
  received.time = system_clock::from_time_t(1793562575);  // 2026-11-01 19:49:35 UTC
  received.zone.offset = minutes(60);
  received.zone.name = "CET";
  return received;
}

TEST(Received, OneRecipient) {
  EXPECT_EQ(
      received_records(example()),
      (std::vector<std::string>{"Received: from client.example (unknown [192.0.2.1])",
                                "\tby mx.example (Postfix) with ESMTP id 25CB4A90028",
                                "\tfor <a@b.example>; Sun,  1 Nov 2026 20:49:35 +0100 (CET)"}));
}

TEST(Received, SeveralRecipientsNoHeloAndIpv6) {
  Received received = example();
  received.recipient.clear();
  received.helo.clear();
  received.client_name = "c.example";
  received.client_address = "2001:db8::1";
  received.zone.name.clear();
  EXPECT_EQ(received_records(received),
            (std::vector<std::string>{"Received: from c.example (c.example [IPv6:2001:db8::1])",
                                      "\tby mx.example (Postfix) with ESMTP id 25CB4A90028;",
                                      "\tSun,  1 Nov 2026 20:49:35 +0100"}));
}

// RFC 3848, RFC 6531; as Postfix: a login is shown for ESMTP only.
TEST(Received, With) {
  const std::tuple<const char*, bool, bool, const char*> rows[] = {
      {"SMTP", false, false, "with SMTP id"},     {"ESMTP", false, true, "with ESMTPA id"},
      {"SMTP", false, true, "with SMTP id"},      {"ESMTP", true, false, "with UTF8SMTP id"},
      {"ESMTP", true, true, "with UTF8SMTPA id"},
  };
  for (const auto& [protocol, utf8, authenticated, expected] : rows) {
    Received received = example();
    received.protocol = protocol;
    received.smtputf8 = utf8;
    received.authenticated = authenticated;
    EXPECT_NE(received_records(received)[1].find(expected), std::string::npos) << expected;
  }
}

TEST(Received, RecipientIsQuoted) {
  Received received = example();
  received.recipient = "a b@c";
  EXPECT_EQ(received_records(received)[2].substr(0, 14), "\tfor <\"a b\"@c>");
}

TEST(Received, Dates) {
  const auto leap = system_clock::from_time_t(951782399);  // 2000-02-28 23:59:59 UTC
  EXPECT_EQ(rfc5322_date(leap, minutes(0)), "Mon, 28 Feb 2000 23:59:59 +0000");
  EXPECT_EQ(rfc5322_date(leap, minutes(1)), "Tue, 29 Feb 2000 00:00:59 +0001");
  EXPECT_EQ(rfc5322_date(leap, minutes(-570)), "Mon, 28 Feb 2000 14:29:59 -0930");
  EXPECT_EQ(rfc5322_date(leap + std::chrono::milliseconds(999), minutes(345)),
            "Tue, 29 Feb 2000 05:44:59 +0545");
}

}  // namespace
}  // namespace headgate::proto
