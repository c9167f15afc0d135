// Replies were compared with a live Postfix 3.7.11 (smtputf8_enable=no assumed where it matters).
#include "smtpd/proto/command.h"

#include <gtest/gtest.h>

#include "smtpd/proto/dsn_params.h"

namespace headgate::proto {
namespace {

// "250" when the line parses, else the reply's first line.
std::string answer(std::string_view line, const ParseRules& rules = {}) {
  const auto parsed = Request(line).parse(rules);
  return parsed ? "250" : parsed.error().first_line();
}

TEST(Command, RepliesOfPostfix) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "500 5.5.2 Error: bad syntax"},
      {"   ", "500 5.5.2 Error: bad syntax"},
      {"FOO", "500 5.5.2 Error: command not recognized"},
      {"HELO", "501 Syntax: HELO hostname"},
      {"EHLO", "501 Syntax: EHLO hostname"},
      {"HELO <", "250"},
      {"MAIL", "501 5.5.4 Syntax: MAIL FROM:<address>"},
      {"MAIL FROM", "501 5.5.4 Syntax: MAIL FROM:<address>"},
      {"MAIL FROM:", "501 5.5.4 Syntax: MAIL FROM:<address>"},
      {"MAIL FROM :<a>", "501 5.5.4 Syntax: MAIL FROM:<address>"},
      {"MAIL FROM:<a@b", "501 5.1.7 Bad sender address syntax"},
      {"MAIL FROM:<a@b>x", "501 5.1.7 Bad sender address syntax"},
      {"MAIL FROM:<>", "250"},
      {"MAIL FROM: a@b", "250"},
      {"mail from:a@b", "250"},
      {"   MAIL   FROM:<a@b>   body=8bitmime  ", "250"},
      {"MAIL FROM:<\"a b\"@c>", "250"},
      {"MAIL FROM:<a@b> foo", "555 5.5.4 Unsupported option: foo"},
      {"MAIL FROM:<a@b> BODY=x", "555 5.5.4 Unsupported option: BODY=x"},
      {"MAIL FROM:<a@b> BODY=7bit body=8bitmime", "250"},
      {"MAIL FROM:<a@b> XVERP", "555 5.5.4 Unsupported option: XVERP"},
      {"MAIL FROM:<a@b> SMTPUTF8", "555 5.5.4 Unsupported option: SMTPUTF8"},
      {"MAIL FROM:<a@b> AUTH", "555 5.5.4 Unsupported option: AUTH"},
      {"MAIL FROM:<a@b> AUTH=<>", "250"},
      {"MAIL FROM:<a@b> AUTH=x AUTH=y", "503 5.5.4 Error: multiple AUTH= options"},
      {"MAIL FROM:<a@b> SIZE=", "501 5.5.4 Bad message size syntax"},
      {"MAIL FROM:<a@b> SIZE=+1", "501 5.5.4 Bad message size syntax"},
      {"MAIL FROM:<a@b> SIZE=1000", "250"},
      {"MAIL FROM:<a@b> SIZE=1001", "552 5.3.4 Message size exceeds fixed limit"},
      {"MAIL FROM:<a@b> SIZE=1001 foo", "555 5.5.4 Unsupported option: foo"},
      {"MAIL FROM:<a@b> SIZE=9223372036854775807", "552 5.3.4 Message size exceeds fixed limit"},
      {"MAIL FROM:<a@b> SIZE=9223372036854775808",
       "552 5.3.4 Message size exceeds file system imposed limit"},
      {"MAIL FROM:<a@b> RET=x", "501 5.5.4 Bad RET parameter syntax"},
      {"MAIL FROM:<a@b> RET=FULL RET=HDRS", "501 5.5.4 Bad RET parameter syntax"},
      {"MAIL FROM:<a@b> RET=hdrs ENVID=a+2Bb", "250"},
      {"MAIL FROM:<a@b> ENVID=", "501 5.5.4 Bad ENVID parameter syntax"},
      {"MAIL FROM:<a@b> ENVID=+zz", "501 5.5.4 Bad ENVID parameter syntax"},
      {"MAIL FROM:<a@b> ENVID=a+07", "501 5.5.4 Bad ENVID parameter syntax"},
      {"MAIL FROM:<a@b> ENVID=a ENVID=b", "501 5.5.4 Bad ENVID parameter syntax"},
      {"RCPT", "501 5.5.4 Syntax: RCPT TO:<address>"},
      {"RCPT alice", "501 5.5.4 Syntax: RCPT TO:<address>"},
      {"RCPT TO<alice>", "501 5.5.4 Syntax: RCPT TO:<address>"},
      {"RCPT TO:<>", "501 5.1.3 Bad recipient address syntax"},
      {"RCPT TO:<alice>", "250"},
      {"RCPT TO:<alice><bob>", "501 5.1.3 Bad recipient address syntax"},
      {"RCPT TO:<a@b>NOTIFY=NEVER", "501 5.1.3 Bad recipient address syntax"},
      {"RCPT TO:<a@b> BODY=8BITMIME", "555 5.5.4 Unsupported option: BODY=8BITMIME"},
      {"RCPT TO:<a@b> NOTIFY=x", "501 5.5.4 Error: Bad NOTIFY parameter syntax"},
      {"RCPT TO:<a@b> NOTIFY=", "501 5.5.4 Error: Bad NOTIFY parameter syntax"},
      {"RCPT TO:<a@b> NOTIFY=never,failure", "501 5.5.4 Error: Bad NOTIFY parameter syntax"},
      {"RCPT TO:<a@b> NOTIFY=success;failure", "501 5.5.4 Error: Bad NOTIFY parameter syntax"},
      {"RCPT TO:<a@b> NOTIFY=,success,success", "250"},
      {"RCPT TO:<a@b> notify=never notify=never", "501 5.5.4 Error: Bad NOTIFY parameter syntax"},
      {"RCPT TO:<a@b> ORCPT=x", "501 5.5.4 Error: Bad ORCPT parameter syntax"},
      {"RCPT TO:<a@b> ORCPT=;x", "501 5.5.4 Error: Bad ORCPT parameter syntax"},
      {"RCPT TO:<a@b> ORCPT=rfc822;a+zz", "501 5.5.4 Error: Bad ORCPT parameter syntax"},
      {"RCPT TO:<a@b> ORCPT=rfc822;", "250"},
      {"DATA", "250"},
      {"DATA x", "501 5.5.4 Syntax: DATA"},
      {"RSET", "250"},
      {"RSET x", "501 5.5.4 Syntax: RSET"},
      {"NOOP x y", "250"},
      {"QUIT now", "250"},
      {"HELP", "250"},
      {"VRFY", "501 5.5.4 Syntax: VRFY address"},
      {"VRFY alice", "250"},
      {"VRFY a b", "501 5.1.3 Bad recipient address syntax"},
      {"ETRN", "500 Syntax: ETRN domain"},
      {"ETRN a b", "500 Syntax: ETRN domain"},
      {"ETRN @x", "250"},
      {"ETRN a..b", "501 Error: invalid parameter syntax"},
      {"STARTTLS x", "501 5.5.4 Syntax: STARTTLS"},
      {"AUTH PLAIN x", "503 5.5.1 Error: authentication not enabled"},
      {"BDAT 5 LAST", "250"},
      {"BDAT 05 last", "250"},
      {"BDAT 9223372036854775807", "250"},
      {"BDAT 9223372036854775808", "521 5.5.4 Syntax: BDAT count [LAST]"},
      {"BDAT", "521 5.5.4 Syntax: BDAT count [LAST]"},
      {"BDAT LAST", "521 5.5.4 Syntax: BDAT count [LAST]"},
      {"BDAT 5 LAST x", "521 5.5.4 Syntax: BDAT count [LAST]"},
      {"BDAT 5 FOO", "521 5.5.4 Syntax: BDAT count [LAST]"},
      {"BDAT -1", "521 5.5.4 Syntax: BDAT count [LAST]"},
      {"BDAT +5", "521 5.5.4 Syntax: BDAT count [LAST]"},
      {"BDAT 5x", "521 5.5.4 Syntax: BDAT count [LAST]"},
      {"XCLIENT NAME=x", "250"},
      {"XCLIENT", "501 5.5.4 Syntax: XCLIENT attribute=value..."},
      {"XFORWARD IDENT=x SOURCE=z", "501 5.5.4 Bad SOURCE syntax: z"},
  };
  ParseRules rules;
  rules.message_size_limit = 1000;
  for (const auto& [line, expected] : cases) EXPECT_EQ(answer(line, rules), expected) << line;
}

TEST(Command, RulesSwitchFeatures) {
  ParseRules rules;
  rules.vrfy_disabled = true;
  rules.dsn_disabled = true;
  rules.help = false;
  rules.smtputf8 = true;
  EXPECT_EQ(answer("VRFY a", rules), "502 5.5.1 VRFY command is disabled");
  EXPECT_EQ(answer("MAIL FROM:<a> RET=FULL", rules), "501 5.7.1 DSN support is disabled");
  EXPECT_EQ(answer("RCPT TO:<a> NOTIFY=NEVER", rules), "501 5.7.1 DSN support is disabled");
  EXPECT_EQ(answer("HELP", rules), "500 5.5.2 Error: command not recognized");
  EXPECT_EQ(answer("MAIL FROM:<a> smtputf8", rules), "250");
  rules.vrfy_disabled = false;
  EXPECT_EQ(answer("VRFY", rules), "501 5.5.4 Syntax: VRFY address [SMTPUTF8]");
  EXPECT_EQ(answer("VRFY alice smtputf8", rules), "250");
}

TEST(Command, BdatClosesWhereItsChunkCannotBeRead) {
  for (const char* line : {"BDAT x", "BDAT 5 FOO"}) {
    const auto parsed = Request(line).parse({});
    ASSERT_FALSE(parsed);
    EXPECT_TRUE(parsed.error().closes());
  }
  ParseRules rules;
  rules.chunking_disabled = true;
  EXPECT_EQ(answer("BDAT 5", rules), "521 5.5.1 Error: command not implemented");
}

TEST(Command, BdatValues) {
  const auto parsed = Request("bdat 86 Last").parse({});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(std::get<Bdat>(*parsed).size_bytes, 86U);
  EXPECT_TRUE(std::get<Bdat>(*parsed).last);
}

TEST(Command, MailValues) {
  const auto parsed =
      Request("MAIL FROM:<a@b> SIZE=42 BODY=8BITMIME RET=hdrs ENVID=x+3Dy AUTH=z").parse({});
  ASSERT_TRUE(parsed);
  const auto& mail = std::get<Mail>(*parsed);
  EXPECT_EQ(mail.sender, "a@b");
  EXPECT_EQ(mail.size, 42U);
  EXPECT_EQ(mail.body, Body::eight_bit_mime);
  EXPECT_EQ(mail.ret, "HDRS");
  EXPECT_EQ(mail.envid, "x=y");
  EXPECT_TRUE(mail.has_auth);
}

TEST(Command, RcptValues) {
  const auto parsed =
      Request("RCPT TO:<\"a b\"@c> notify=delay,success ORCPT=rfc822;x+40y").parse({});
  ASSERT_TRUE(parsed);
  const auto& rcpt = std::get<Rcpt>(*parsed);
  EXPECT_EQ(rcpt.recipient, "a b@c");
  EXPECT_EQ(rcpt.given, "<\"a b\"@c>");
  EXPECT_EQ(rcpt.notify, "SUCCESS,DELAY");
  EXPECT_EQ(rcpt.orcpt, "rfc822;x@y");
  EXPECT_FALSE(rcpt.postmaster);
  EXPECT_TRUE(std::get<Rcpt>(*Request("RCPT TO:<PostMaster>").parse({})).postmaster);
  EXPECT_FALSE(std::get<Rcpt>(*Request("RCPT TO:<postmaster@x>").parse({})).postmaster);
}

TEST(Command, HelloNameIsSafeInHeadersAndLogs) {
  EXPECT_EQ(std::get<Hello>(*Request("EHLO a b").parse({})).name, "a?b");
  EXPECT_EQ(std::get<Hello>(*Request("EHLO x\r(y);<z>\x80").parse({})).name, "x??y?\?\?z??");
  EXPECT_TRUE(std::get<Hello>(*Request("ehlo x").parse({})).extended);
  EXPECT_FALSE(std::get<Hello>(*Request("helo x").parse({})).extended);
}

TEST(Command, VerbTable) {
  EXPECT_EQ(Request("mAiL").verb(), Verb::mail);
  EXPECT_EQ(Request("mailx").verb(), Verb::unknown);
  EXPECT_EQ(Request("unknown").verb(), Verb::unknown);
  EXPECT_EQ(row(Verb::unknown).counter, "unknown");
  EXPECT_EQ(row(Verb::rcpt).name, "RCPT");
  EXPECT_TRUE(row(Verb::rset).junk);
  EXPECT_FALSE(row(Verb::rset).ends_group);
  EXPECT_FALSE(row(Verb::mail).junk);
}

TEST(Command, HeadersAreNoCommands) {
  for (const std::string_view line : {"Subject: x", "From:x", "foo:bar"})
    EXPECT_TRUE(Request(line).looks_like_header()) << line;
  for (const std::string_view line : {":x", "FOO", "", "A B: x"})
    EXPECT_FALSE(Request(line).looks_like_header()) << line;
}

TEST(DsnParams, XtextRoundTrip) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(decode_xtext(encode_xtext(all)), all);
  EXPECT_EQ(decode_xtext("a+2"), std::nullopt);
  EXPECT_EQ(encode_xtext("a+=b c"), "a+2B+3Db+20c");
}

}  // namespace
}  // namespace headgate::proto
