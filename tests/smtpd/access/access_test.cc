#include "smtpd/access/access.h"

#include <gtest/gtest.h>

#include "support.h"

namespace headgate::access {
namespace {

Context stranger(std::string recipient, std::string sender = "a@b.example") {
  Context context;
  context.client_address = "203.0.113.9";
  context.protocol = "ESMTP";
  context.helo_name = "client.example";
  context.sender = std::move(sender);
  context.recipient = std::move(recipient);
  return context;
}

struct Fixture {
  config::Settings settings = example_settings();
  Warnings warnings;
  NoPrograms programs;

  Access access() {
    return {std::make_shared<const config::Settings>(settings), programs, warnings.sink()};
  }
};

// The log line of the refusal.
std::string log_of(const Decision& decision) {
  const auto lines = decision.lines_of(Line::Kind::refusal);
  return lines.size() == 1 ? lines[0] : "";
}

// "permit" or the reply.
std::string text(const Decision& decision) {
  return decision.permits() ? "permit" : decision.refusal->first_line();
}

TEST(Access, RelayAttemptsOfAStranger) {
  Fixture f;
  Access access = f.access();
  for (const std::string recipient :
       {"x@other.example", "x%other.example@local.example", "other.example!x@local.example",
        "other.example!x", "x@other.example@local.example", "x@other.example@relay.example",
        "x%o@relay.example", "x!o@relay.example", "a@b@c", "x@[203.0.113.9]", "x@[127.0.0.2]",
        "x@local.example.other.example", "x@notlocal.example", "x@xrelay.example",
        "x@other.example.", "@local.example:x@other.example", "x%bad..dom@local.example"}) {
    const Decision decision = access.recipient(stranger(recipient));
    EXPECT_EQ(text(decision), "454 4.7.1 <" + recipient + ">: Relay access denied");
  }
}

TEST(Access, OurOwnMailPasses) {
  Fixture f;
  Access access = f.access();
  for (const std::string recipient :
       {"alice", "bob@local.example", "alice@[127.0.0.1]", "x@relay.example", "x@sub.relay.example",
        "carol@virtual.example", "postmaster@local.example"}) {
    EXPECT_EQ(text(access.recipient(stranger(recipient))), "permit") << recipient;
    EXPECT_EQ(text(access.recipient(stranger(recipient, ""))), "permit") << recipient;
  }
  Context ours = stranger("x@other.example");
  ours.client_address = "192.0.2.7";
  EXPECT_EQ(text(access.recipient(ours)), "permit");
}

TEST(Access, EmptyMynetworksTrustsNobody) {
  Fixture f;
  f.settings.mynetworks.clear();
  Access access = f.access();
  for (const std::string_view address : {"127.0.0.1", "192.0.2.7", "::1", ""}) {
    Context context = stranger("x@other.example");
    context.client_address = address;
    EXPECT_EQ(text(access.recipient(context)), "454 4.7.1 <x@other.example>: Relay access denied")
        << address;
  }
}

TEST(Access, LogLine) {
  Fixture f;
  f.settings.smtpd_relay_restrictions = {"reject_unauth_destination"};
  Access access = f.access();
  const Decision decision = access.recipient(stranger("x@o"));
  EXPECT_EQ(log_of(decision),
            "reject: RCPT from unknown[203.0.113.9]: 554 5.7.1 <x@o>: Relay access denied; "
            "from=<a@b.example> to=<x@o> "
            "proto=ESMTP helo=<client.example>");
  EXPECT_NE(log_of(access.recipient(stranger("x y@o")))
                .find("<x y@o>: Relay access denied; from=<a@b.example> to=<\"x y\"@o>"),
            std::string::npos);
  const std::string longer(300, 'l');
  EXPECT_NE(log_of(access.recipient(stranger("x@o", longer + "@b.example")))
                .find("from=<" + longer + "@b.example>"),
            std::string::npos);
  Context bare = stranger("x\x01@o", "");
  bare.helo_name.reset();
  bare.protocol = "SMTP";
  EXPECT_EQ(log_of(access.recipient(bare)),
            "reject: RCPT from unknown[203.0.113.9]: 554 5.7.1 <x @o>: Relay access denied; "
            "from=<> to=<\"x?\"@o> proto=SMTP");
}

TEST(Access, MissingRelayControlDefersEverybody) {
  using List = std::vector<std::string>;
  const std::tuple<List, List, bool> cases[] = {
      // relay, recipient, served
      {{}, {}, false},
      {{"permit_mynetworks"}, {}, false},
      {{"permit", "reject_unauth_destination"}, {}, false},
      {{"warn_if_reject", "reject_unauth_destination"}, {}, false},
      {{"check_recipient_access", "inline:{x=OK}"}, {}, false},
      {{"permit"}, {"permit_mynetworks", "reject_unauth_destination"}, true},
      {{"REJECT_Unauth_Destination"}, {"permit"}, true},
      {{"defer"}, {}, true},
  };
  for (const auto& [relay, recipient, served] : cases) {
    Fixture f;
    f.settings.smtpd_relay_restrictions = relay;
    f.settings.smtpd_recipient_restrictions = recipient;
    Access access = f.access();
    const Decision decision = access.recipient(stranger("alice@local.example"));
    EXPECT_EQ(text(decision) != "451 4.3.5 Server configuration error", served)
        << testing::PrintToString(relay);
    EXPECT_EQ(f.warnings.texts.empty(), served) << testing::PrintToString(relay);
    EXPECT_NE(text(access.recipient(stranger("x@other.example"))), "permit");
  }
}

struct ListCase {
  std::vector<std::string> recipient_list;
  std::string expected;
};

TEST(Access, RecipientListForAlice) {
  const ListCase cases[] = {
      {{"permit"}, "permit"},
      {{"reject"}, "554 5.7.1 <alice@local.example>: Recipient address rejected: Access denied"},
      {{"permit", "reject"}, "permit"},
      {{"DEFER"}, "450 4.3.2 <alice@local.example>: Recipient address rejected: Try again later"},
      {{"warn_if_reject", "reject"}, "permit"},
      {{"warn_if_reject", "reject", "reject"},
       "554 5.7.1 <alice@local.example>: Recipient address rejected: Access denied"},
      {{"defer_if_permit"},
       "450 4.7.0 <alice@local.example>: Recipient address rejected: defer_if_permit requested"},
      {{"defer_if_permit", "permit"},
       "450 4.7.0 <alice@local.example>: Recipient address rejected: defer_if_permit requested"},
      {{"defer_if_permit", "reject"},
       "554 5.7.1 <alice@local.example>: Recipient address rejected: Access denied"},
      {{"defer_if_reject"}, "permit"},
      {{"defer_if_reject", "reject"},
       "450 4.7.0 <alice@local.example>: Recipient address rejected: defer_if_reject requested"},
      {{"defer_if_reject", "permit", "reject"}, "permit"},
      {{"permit_auth_destination", "reject"}, "permit"},
      {{"permit_sasl_authenticated", "permit_tls_clientcerts", "reject"},
       "554 5.7.1 <alice@local.example>: Recipient address rejected: Access denied"},
      {{"permit_inet_interfaces", "reject"},
       "554 5.7.1 <alice@local.example>: Recipient address rejected: Access denied"},
      {{"check_policy_service", "inet:127.0.0.1:9"}, "451 4.3.5 Server configuration error"},
      {{"warn_if_reject", "reject_rbl_client", "bl.example"},
       "451 4.3.5 Server configuration error"},
      {{"permit", "reject_rbl_client", "bl.example"}, "permit"},
      {{"reject_non_fqdn_recipient", "reject_non_fqdn_sender"}, "permit"},
  };
  for (const ListCase& c : cases) {
    Fixture f;
    f.settings.smtpd_recipient_restrictions = c.recipient_list;
    EXPECT_EQ(text(f.access().recipient(stranger("alice@local.example"))), c.expected)
        << testing::PrintToString(c.recipient_list);
  }
}

TEST(Access, UnknownRestrictionIsLogged) {
  Fixture f;
  f.settings.smtpd_recipient_restrictions = {"reject_rbl_client", "bl.example"};
  const Decision decision = f.access().recipient(stranger("alice@local.example"));
  EXPECT_EQ(decision.lines_of(Line::Kind::warning),
            std::vector<std::string>{"restriction \"reject_rbl_client\" is not supported yet"});
}

TEST(Access, WarnIfRejectLeavesANote) {
  Fixture f;
  f.settings.smtpd_recipient_restrictions = {"warn_if_reject", "reject"};
  const Decision decision = f.access().recipient(stranger("alice@local.example"));
  EXPECT_TRUE(decision.permits());
  const auto notes = decision.lines_of(Line::Kind::note);
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_EQ(notes[0].substr(0, 48), "reject_warning: RCPT from unknown[203.0.113.9]: ");
}

TEST(Access, OkEndsItsOwnListOnly) {
  Fixture f;
  f.settings.smtpd_client_restrictions = {"permit"};
  f.settings.smtpd_sender_restrictions = {"permit"};
  f.settings.smtpd_recipient_restrictions = {"reject"};
  Context ours = stranger("x@other.example");
  ours.client_address = "192.0.2.7";  // the relay list says permit
  EXPECT_EQ(text(f.access().recipient(ours)),
            "554 5.7.1 <x@other.example>: Recipient address rejected: Access denied");
}

TEST(Access, OrderOfLists) {
  Fixture f;
  f.settings.smtpd_client_restrictions = {"reject"};
  f.settings.smtpd_helo_restrictions = {"reject"};
  f.settings.smtpd_sender_restrictions = {"reject"};
  f.settings.smtpd_recipient_restrictions = {"reject"};
  const Context context = stranger("x@other.example");
  const std::string_view expected[] = {
      "554 5.7.1 <unknown[203.0.113.9]>: Client host rejected: Access denied",
      "554 5.7.1 <client.example>: Helo command rejected: Access denied",
      "554 5.7.1 <a@b.example>: Sender address rejected: Access denied",
      "454 4.7.1 <x@other.example>: Relay access denied",
  };
  std::vector<std::string>* lists[] = {&f.settings.smtpd_client_restrictions,
                                       &f.settings.smtpd_helo_restrictions,
                                       &f.settings.smtpd_sender_restrictions};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(text(f.access().recipient(context)), expected[i]);
    if (i < 3) lists[i]->clear();
  }
  f.settings.smtpd_relay_before_recipient_restrictions = false;
  EXPECT_EQ(text(f.access().recipient(context)),
            "554 5.7.1 <x@other.example>: Recipient address rejected: Access denied");
}

TEST(Access, DelayReject) {
  Fixture f;
  f.settings.smtpd_client_restrictions = {"reject"};
  f.settings.smtpd_helo_restrictions = {"reject"};
  f.settings.smtpd_sender_restrictions = {"reject"};
  const Context context = stranger("alice");
  EXPECT_TRUE(f.access().client(context).permits());
  EXPECT_TRUE(f.access().helo(context).permits());
  EXPECT_TRUE(f.access().sender(context).permits());
  EXPECT_FALSE(f.access().recipient(context).permits());
  f.settings.smtpd_delay_reject = false;
  EXPECT_FALSE(f.access().client(context).permits());
  EXPECT_FALSE(f.access().helo(context).permits());
  EXPECT_FALSE(f.access().sender(context).permits());
  EXPECT_TRUE(f.access().recipient(context).permits());
}

TEST(Access, HeloAndNames) {
  const std::tuple<std::string, std::string, std::string> cases[] = {
      // restriction, helo, reply
      {"reject_invalid_helo_hostname", "a..b",
       "501 5.5.2 <a..b>: Helo command rejected: Invalid name"},
      {"reject_invalid_hostname", "[1.2.3]",
       "501 5.5.2 <[1.2.3]>: Helo command rejected: invalid ip address"},
      {"reject_invalid_helo_hostname", "[192.0.2.1]", "permit"},
      {"reject_invalid_helo_hostname", "192.0.2.1", "permit"},
      {"reject_invalid_helo_hostname", "a", "permit"},
      {"reject_non_fqdn_helo_hostname", "a",
       "504 5.5.2 <a>: Helo command rejected: need fully-qualified hostname"},
      {"reject_non_fqdn_helo_hostname", "a.",
       "504 5.5.2 <a.>: Helo command rejected: need fully-qualified hostname"},
      {"reject_non_fqdn_helo_hostname", "a.b.", "permit"},
      {"reject_non_fqdn_helo_hostname", "192.0.2.1",
       "504 5.5.2 <192.0.2.1>: Helo command rejected: need fully-qualified hostname"},
      {"reject_non_fqdn_hostname", "[IPv6:::1]", "permit"},
  };
  for (const auto& [restriction, helo, expected] : cases) {
    Fixture f;
    f.settings.smtpd_helo_restrictions = {restriction};
    Context context = stranger("alice");
    context.helo_name = helo;
    EXPECT_EQ(text(f.access().recipient(context)), expected) << restriction << ' ' << helo;
    context.helo_name.reset();
    EXPECT_EQ(text(f.access().recipient(context)), "permit") << restriction;
  }
}

// Who has not said HELO, or MAIL, is not judged by its list, whatever stands there.
TEST(Access, NoListWithoutItsSubject) {
  Fixture f;
  f.settings.smtpd_helo_restrictions = {"reject"};
  Context context = stranger("alice");
  context.helo_name.reset();
  context.etrn_domain = "a.b";
  EXPECT_EQ(text(f.access().recipient(context)), "permit");
  EXPECT_EQ(text(f.access().etrn(context)), "permit");
  f.settings.smtpd_sender_restrictions = {"reject"};
  context.sender.reset();
  EXPECT_EQ(text(f.access().verify(context)), "permit");
  context.sender = "";
  EXPECT_EQ(text(f.access().recipient(context)),
            "554 5.7.1 <>: Sender address rejected: Access denied");
}

// VRFY without a sender is deferred by what the last sender's list has left, not by the client's and HELO's own.
TEST(Access, DeferralOfVerify) {
  Fixture f;
  f.settings.smtpd_client_restrictions = {"defer_if_permit"};
  Access access = f.access();
  Context context = stranger("alice");
  const Decision with_sender = access.verify(context);
  EXPECT_FALSE(with_sender.permits());
  ASSERT_TRUE(with_sender.deferral);
  context.sender.reset();
  const Decision without = access.verify(context);
  EXPECT_TRUE(without.permits());
  EXPECT_FALSE(without.deferral);
  context.deferral = with_sender.deferral;
  EXPECT_FALSE(access.verify(context).permits());
}

TEST(Access, NonFqdnAddresses) {
  Fixture f;
  f.settings.smtpd_sender_restrictions = {"reject_non_fqdn_sender"};
  f.settings.smtpd_recipient_restrictions = {"reject_non_fqdn_recipient"};
  EXPECT_EQ(text(f.access().recipient(stranger("alice@local.example", "a@b"))),
            "504 5.5.2 <a@b>: Sender address rejected: need fully-qualified address");
  EXPECT_EQ(text(f.access().recipient(stranger("alice@local.example", "a"))),
            "504 5.5.2 <a>: Sender address rejected: need fully-qualified address");
  EXPECT_EQ(text(f.access().recipient(stranger("alice"))),
            "504 5.5.2 <alice>: Recipient address rejected: need fully-qualified address");
  EXPECT_EQ(text(f.access().recipient(stranger("alice@[127.0.0.1]", ""))), "permit");
}

TEST(Access, UnlistedRecipients) {
  Fixture f;
  EXPECT_EQ(text(f.access().recipient(stranger("nobody@local.example"))),
            "550 5.1.1 <nobody@local.example>: Recipient address rejected: User unknown in local "
            "recipient table");
  EXPECT_EQ(text(f.access().recipient(stranger("x@virtual.example"))),
            "550 5.1.1 <x@virtual.example>: Recipient address rejected: User unknown in virtual "
            "mailbox table");
  f.settings.unknown_local_recipient_reject_code = 450;
  EXPECT_EQ(
      text(f.access().recipient(stranger("nobody"))),
      "450 4.1.1 <nobody>: Recipient address rejected: User unknown in local recipient table");
  f.settings.receive_override_options = {"no_unknown_recipient_checks"};
  EXPECT_EQ(text(f.access().recipient(stranger("nobody"))), "permit");
  f.settings.receive_override_options.clear();
  f.settings.smtpd_reject_unlisted_recipient = false;
  EXPECT_EQ(text(f.access().recipient(stranger("nobody"))), "permit");
  f.settings.smtpd_recipient_restrictions = {"reject_unlisted_recipient"};
  EXPECT_EQ(
      text(f.access().recipient(stranger("nobody"))),
      "450 4.1.1 <nobody>: Recipient address rejected: User unknown in local recipient table");
  f.settings.receive_override_options = {"no_unknown_recipient_checks"};
  EXPECT_EQ(text(f.access().recipient(stranger("nobody"))), "permit");
}

// Whoever asks whether our probes' sender exists is not asked about.
TEST(Access, TheSenderOfProbes) {
  Fixture f;
  f.settings.smtpd_client_restrictions = {"reject"};
  const std::tuple<std::string, std::string, bool> cases[] = {
      // address_verify_sender, recipient, taken
      {"double-bounce", "double-bounce@local.example", true},
      {"double-bounce", "Double-Bounce@LOCAL.example", true},
      {"double-bounce", "double-bounce", false},
      {"double-bounce", "double-bounce@mx.local.example", false},
      {"probe@p.example", "probe@p.example", true},
      {"probe@p.example", "double-bounce@local.example", false},
      {"", "@local.example", false},
  };
  for (const auto& [sender, recipient, taken] : cases) {
    f.settings.address_verify_sender = sender;
    EXPECT_EQ(f.access().recipient(stranger(recipient)).permits(), taken) << recipient;
    EXPECT_FALSE(f.access().verify(stranger(recipient)).permits()) << recipient;
  }
}

TEST(Access, LookupFailuresAre451) {
  Fixture users;
  users.settings.local_recipient_maps = {"texthash:/nonexistent/users"};
  EXPECT_EQ(text(users.access().recipient(stranger("alice"))),
            "451 4.3.0 <alice>: Temporary lookup failure");
  Fixture domains;
  domains.settings.relay_domains = {"texthash:/nonexistent/domains"};
  const Decision decision = domains.access().recipient(stranger("x@other.example"));
  EXPECT_EQ(text(decision), "451 4.3.0 <x@other.example>: Temporary lookup failure");
  EXPECT_EQ(decision.lines_of(Line::Kind::warning).size(), 1U);
  Fixture networks;
  networks.settings.mynetworks = {"192.0.2.1/24"};
  EXPECT_EQ(text(networks.access().recipient(stranger("alice"))),
            "451 4.3.0 <alice>: Temporary lookup failure");
  const auto said = networks.access().recipient(stranger("alice")).lines_of(Line::Kind::warning);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].find("mynetworks: non-null host address bits in \"192.0.2.1/24\""), 0U)
      << said[0];
}

TEST(Access, SoftBounceAndCodes) {
  Fixture f;
  f.settings.soft_bounce = true;
  f.settings.smtpd_recipient_restrictions = {"reject"};
  EXPECT_EQ(text(f.access().recipient(stranger("alice"))),
            "454 4.7.1 <alice>: Recipient address rejected: Access denied");
  f.settings.smtpd_recipient_restrictions = {"warn_if_reject", "reject"};
  const auto notes = f.access().recipient(stranger("alice")).lines_of(Line::Kind::note);
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_NE(notes[0].find(": 454 4.7.1 <alice>"), std::string::npos) << notes[0];
  f.settings.smtpd_recipient_restrictions = {"reject"};
  f.settings.soft_bounce = false;
  f.settings.reject_code = 521;
  EXPECT_TRUE(f.access().recipient(stranger("alice")).refusal->closes());
  f.settings.reject_code = 200;
  EXPECT_EQ(text(f.access().recipient(stranger("alice"))), "450 4.7.1 Service unavailable");
}

TEST(Access, DataAndPipelining) {
  Fixture f;
  f.settings.smtpd_data_restrictions = {"reject_unauth_pipelining"};
  f.settings.smtpd_end_of_data_restrictions = {"reject"};
  Context context = stranger("alice");
  EXPECT_EQ(text(f.access().data(context)), "permit");
  EXPECT_EQ(text(f.access().end_of_data(context)),
            "554 5.7.1 <END-OF-MESSAGE>: End-of-data rejected: Access denied");
  context.unauthorized_pipelining = true;
  EXPECT_EQ(text(f.access().data(context)),
            "503 5.5.0 <DATA>: Data command rejected: Improper use of SMTP command pipelining");
}

TEST(Access, NetworksAndOwnAddresses) {
  Fixture f;
  const Access access = f.access();
  EXPECT_TRUE(access.in_mynetworks("unknown", "192.0.2.1").value());
  EXPECT_FALSE(access.in_mynetworks("unknown", "127.0.0.1").value());
  EXPECT_TRUE(access.is_own_address("127.0.0.1"));
  EXPECT_FALSE(access.is_own_address("192.0.2.1"));
}

}  // namespace
}  // namespace headgate::access
