// What Postfix 3.7 answers in the same place: tests/e2e/access_test.py runs a live one beside the server.
#include <gtest/gtest.h>

#include "smtpd/access/access.h"
#include "support.h"

namespace headgate::access {
namespace {

using List = std::vector<std::string>;

Context question() {
  Context context;
  context.client_name = "mail.sub.c.example";
  context.reverse_name = "rev.c.example";
  context.client_address = "203.0.113.9";
  context.protocol = "ESMTP";
  context.helo_name = "helo.example";
  context.sender = "From+ext@B.example";
  context.recipient = "bob@local.example";
  return context;
}

struct House {
  config::Settings settings = example_settings();
  Warnings warnings;
  NoPrograms programs;

  House() { settings.recipient_delimiter = "+"; }

  Decision recipient(const List& list, const Context& context = question()) {
    settings.smtpd_recipient_restrictions = list;
    return access().recipient(context);
  }

  Access access() {
    return {std::make_shared<const config::Settings>(settings), programs, warnings.sink()};
  }
};

std::string reply(const Decision& decision) {
  return decision.permits() ? "permit" : decision.refusal->first_line();
}

// The start of each line, without what all of them end in.
std::string log(const Decision& decision) {
  std::string text;
  for (const Line& line : decision.lines) {
    if (line.kind == Line::Kind::refusal) continue;
    if (!text.empty()) text += '\n';
    text += line.text.substr(0, line.text.find("; from="));
  }
  return text;
}

// "hold filter=a:b …"
std::string shown(const Effects& effects) {
  std::string text;
  if (effects.hold) text += "hold ";
  if (effects.discard) text += "discard ";
  if (effects.filter) text += "filter=" + *effects.filter + ' ';
  if (effects.redirect) text += "redirect=" + *effects.redirect + ' ';
  for (const std::string& address : effects.bcc) text += "bcc=" + address + ' ';
  for (const std::string& header : effects.prepend) text += "prepend=" + header + ' ';
  return text;
}

TEST(TableChecks, WhoIsAsked) {
  const std::tuple<std::string, std::string, std::string> cases[] = {
      // restriction, key, the subject of the reply
      {"check_client_access", "mail.sub.c.example",
       "<mail.sub.c.example[203.0.113.9]>: Client host"},
      {"check_client_access", "c.example", "<mail.sub.c.example[203.0.113.9]>: Client host"},
      {"check_client_access", "203.0.113", "<mail.sub.c.example[203.0.113.9]>: Client host"},
      {"check_reverse_client_hostname_access", "rev.c.example",
       "<rev.c.example>: Unverified Client host"},
      {"check_reverse_client_hostname_access", "203.0.113.9",
       "<rev.c.example>: Unverified Client host"},
      {"check_helo_access", "example", "<helo.example>: Helo command"},
      {"check_sender_access", "from+ext@b.example", "<From+ext@B.example>: Sender address"},
      {"check_sender_access", "from@b.example", "<From+ext@B.example>: Sender address"},
      {"check_sender_access", "example", "<From+ext@B.example>: Sender address"},
      {"check_sender_access", "from@", "<From+ext@B.example>: Sender address"},
      {"check_recipient_access", "bob@", "<bob@local.example>: Recipient address"},
      {"CHECK_Recipient_Access", "LOCAL.example", "<bob@local.example>: Recipient address"},
      {"check_sasl_access", "joe", "<joe>: SASL login name"},
      {"check_ccert_access", "AB:CD", "<mail.sub.c.example[203.0.113.9]>: Client certificate"},
      {"check_ccert_access", "EF:01", "<mail.sub.c.example[203.0.113.9]>: Client certificate"},
  };
  for (const auto& [restriction, key, subject] : cases) {
    House house;
    Context context = question();
    context.login = "joe";
    context.certificate_fingerprint = "AB:CD";
    context.key_fingerprint = "EF:01";
    EXPECT_EQ(reply(house.recipient({restriction, "inline:{{" + key + " = 510 x}}"}, context)),
              "510 5.7.1 " + subject + " rejected: x")
        << key;
    EXPECT_EQ(reply(house.recipient({restriction, "inline:{other=510}"}, context)), "permit");
  }
}

TEST(TableChecks, WhatIsNotKnownIsNotAsked) {
  House house;
  Context bare = question();
  bare.helo_name.reset();
  for (const std::string restriction :
       {"check_helo_access", "check_etrn_access", "check_sasl_access", "check_ccert_access"})
    EXPECT_EQ(reply(house.recipient({restriction, "static:REJECT"}, bare)), "permit")
        << restriction;
  EXPECT_EQ(log(house.recipient({"check_ccert_access", "static:REJECT"}, bare)),
            "check_ccert_access is requested, but \"smtpd_tls_ask_ccert = no\"");
}

TEST(TableChecks, TheNullSenderHasAKeyOfItsOwn) {
  House house;
  Context context = question();
  context.sender = "";
  EXPECT_EQ(reply(house.recipient({"check_sender_access", "inline:{<>=REJECT}"}, context)),
            "554 5.7.1 <>: Sender address rejected: Access denied");
  house.settings.smtpd_null_access_lookup_key = "";
  EXPECT_EQ(reply(house.recipient({"check_sender_access", "static:REJECT"}, context)), "permit");
  house.settings.smtpd_null_access_lookup_key = "null";
  EXPECT_EQ(reply(house.recipient({"check_sender_access", "inline:{null=REJECT}"}, context)),
            "554 5.7.1 <>: Sender address rejected: Access denied");
}

// Tables see what the address resolves to.
TEST(TableChecks, AddressesAreResolved) {
  const std::pair<std::string, std::string> cases[] = {
      {"alice", "alice@local.example"},
      {"x%other.example@local.example", "x@other.example"},
      {"b.example!a", "a@b.example"},
      {"x@b.example.", "x@b.example"},
  };
  for (const auto& [address, key] : cases) {
    House house;
    Context context = question();
    context.sender = address;
    EXPECT_EQ(
        reply(house.recipient({"check_sender_access", "inline:{" + key + "=REJECT}"}, context)),
        "554 5.7.1 <" + address + ">: Sender address rejected: Access denied");
  }
}

// The next server might take user%other@domain for a route.
TEST(TableChecks, ARecipientThatIsARouteIsNotPermitted) {
  for (const std::string value : {"OK", "permit", "12"}) {
    for (const auto& [address, expected] :
         std::initializer_list<std::pair<std::string, bool>>{{"x@other.example", true},
                                                             {"x%y@other.example", false},
                                                             {"x!y@other.example", false},
                                                             {"x@y@other.example", false},
                                                             {"u%@local.example", false}}) {
      House house;
      house.settings.smtpd_relay_restrictions = {"check_recipient_access", "static:" + value,
                                                 "reject"};
      Context context = question();
      context.recipient = address;
      EXPECT_EQ(house.recipient({}, context).permits(), expected) << value << ' ' << address;
      context.recipient = "alice@local.example";
      context.sender = address;
      house.settings.smtpd_relay_restrictions = {"check_sender_access", "static:" + value,
                                                 "reject"};
      EXPECT_TRUE(house.recipient({}, context).permits());
    }
  }
}

struct ResultCase {
  std::string value, reply, log, effects;
};

constexpr std::string_view kTable = "inline:{{bob@local.example = ";

// Each word, as bob's entry in check_recipient_access.
TEST(TableChecks, Results) {
  const std::string who = "<bob@local.example>: Recipient address";
  const std::string rcpt = ": RCPT from mail.sub.c.example[203.0.113.9]: ";
  const ResultCase cases[] = {
      {"OK", "permit", "", ""},
      {"ok whatever", "permit", "", ""},
      {"relay", "permit", "", ""},
      {"521", "permit", "", ""},
      {"DUNNO x", "permit", "", ""},
      {"reject", "554 5.7.1 " + who + " rejected: Access denied", "", ""},
      {"REJECT 5.7.9", "554 5.7.9 " + who + " rejected: Access denied", "", ""},
      {"Reject  2.7.9  no  way", "554 5.7.9 " + who + " rejected: no  way", "", ""},
      {"REJECT 5.7.9x", "554 5.7.1 " + who + " rejected: 5.7.9x", "", ""},
      {"DEFER", "450 4.7.1 " + who + " rejected: Access denied", "", ""},
      {"DEFER later", "450 4.7.1 " + who + " rejected: later", "", ""},
      {"DEFER_IF_PERMIT", "450 4.7.1 " + who + " rejected: Service unavailable", "", ""},
      {"DEFER_IF_PERMIT 5.6.7 x", "450 4.6.7 " + who + " rejected: x", "", ""},
      {"DEFER_IF_REJECT x", "permit", "", ""},
      {"450 x", "450 4.7.1 " + who + " rejected: x", "", ""},
      {"599 4.99.999 x", "599 5.99.999 " + who + " rejected: x", "", ""},
      {"550 5.1.8 x", "550 5.1.2 " + who + " rejected: x",
       "mapping DSN status 5.1.8 into Recipient address status 5.1.2", ""},
      {"600 x", "451 4.3.5 Server configuration error", "unknown smtpd restriction: \"600\"", ""},
      {"5500 x", "451 4.3.5 Server configuration error", "unknown smtpd restriction: \"5500\"", ""},
      {"INFO", "permit", "info" + rcpt, ""},
      {"info some text", "permit", "info" + rcpt + "some text", ""},
      {"WARN t", "permit", "warn" + rcpt + "t", ""},
      {"HOLD", "permit", "hold" + rcpt + who + " triggers HOLD action", "hold "},
      {"hold now", "permit", "hold" + rcpt + who + " now", "hold "},
      {"DISCARD", "permit", "discard" + rcpt + who + " triggers DISCARD action", "discard "},
      {"DISCARD it", "permit", "discard" + rcpt + who + " it", "discard "},
      {"FILTER a:b", "permit", "filter" + rcpt + who + " triggers FILTER a:b", "filter=a:b "},
      {"REDIRECT x@y", "permit", "redirect" + rcpt + who + " triggers REDIRECT x@y",
       "redirect=x@y "},
      {"BCC x@y", "permit", "bcc" + rcpt + who + " triggers BCC x@y", "bcc=x@y "},
      {"PREPEND X-Foo: bar", "permit", "", "prepend=X-Foo: bar "},
      {"reject_unauth_destination, reject", "554 5.7.1 " + who + " rejected: Access denied", "",
       ""},
      {"permit_mynetworks", "permit", "", ""},
      {"warn_if_reject reject", "permit",
       "reject_warning" + rcpt + "554 5.7.1 " + who + " rejected: Access denied", ""},
      {"permit reject", "permit", "restriction `reject' after `permit' is ignored", ""},
      {"check_client_access foo", "451 4.3.5 Server configuration error",
       "restriction check_client_access: bad argument \"foo\": need maptype:mapname", ""},
      {"check_client_access", "451 4.3.5 Server configuration error",
       "restriction check_client_access: bad argument \"check_client_access\": need "
       "maptype:mapname",
       ""},
      {"reject_rbl_client bl.example", "451 4.3.5 Server configuration error",
       "restriction \"reject_rbl_client\" is not supported yet", ""},
      {"PASS", "451 4.3.5 Server configuration error", "unknown smtpd restriction: \"PASS\"", ""},
      {"12a", "451 4.3.5 Server configuration error", "unknown smtpd restriction: \"12a\"", ""},
  };
  for (const ResultCase& c : cases) {
    House house;
    const Decision decision =
        house.recipient({"check_recipient_access", std::string(kTable) + c.value + "}}"});
    EXPECT_EQ(reply(decision), c.reply) << c.value;
    EXPECT_EQ(log(decision), c.log) << c.value;
    EXPECT_EQ(shown(decision.effects), c.effects) << c.value;
  }
}

// Where the table stands in the complaint.
TEST(TableChecks, ResultsThatMeanNothing) {
  const std::tuple<std::string, std::string, std::string> cases[] = {
      {"FILTER", "permit", " entry \"bob@local.example\" has FILTER entry without value"},
      {"FILTER a", "permit", " entry \"bob@local.example\" requires transport:destination"},
      {"BCC", "permit", " entry \"bob@local.example\" requires user@domain target"},
      {"REDIRECT x", "permit", " entry \"bob@local.example\" requires user@domain target"},
      {"PREPEND", "permit", " entry \"bob@local.example\" requires header: text"},
      {"PREPEND X Foo: bar", "permit", " entry \"bob@local.example\" requires header: text"},
      {",", "permit", " entry , has empty value"},
      {"RELAY:", "451 4.3.5 Server configuration error",
       " has entry with lookup table: RELAY:\n"
       "do not specify lookup tables inside SMTPD access maps\n"
       "define a restriction class and specify its name instead."},
  };
  for (const auto& [value, expected, complaint] : cases) {
    House house;
    const std::string table = std::string(kTable) + value + "}}";
    const Decision decision = house.recipient({"check_recipient_access", table});
    EXPECT_EQ(reply(decision), expected) << value;
    EXPECT_EQ(log(decision), "access table " + table + complaint) << value;
    EXPECT_EQ(shown(decision.effects), "") << value;
  }
}

TEST(TableChecks, AFailedLookupIsNeverNotFound) {
  const std::string refused =
      "451 4.3.5 <bob@local.example>: Recipient address rejected: Server configuration error";
  House house;
  const Decision missing = house.recipient({"check_recipient_access", "texthash:/no/such"});
  EXPECT_EQ(reply(missing), refused);
  const std::string lines = log(missing);
  EXPECT_NE(lines.find("texthash:/no/such lookup error for \"bob@local.example\""),
            std::string::npos)
      << lines;
  const Decision empty =
      house.recipient({"check_recipient_access", "inline:{{bob@local.example=}}"});
  EXPECT_EQ(reply(empty), refused);
  EXPECT_EQ(log(empty),
            "inline:{{bob@local.example=}} lookup of bob@local.example returns an empty string "
            "result\ninline:{{bob@local.example=}} should return NO RESULT in case of NOT FOUND");
  EXPECT_EQ(reply(house.recipient({"warn_if_reject", "check_recipient_access", "texthash:/no/such",
                                   "reject_unauth_destination"})),
            "permit");
}

TEST(TableChecks, AnUnverifiedNameMustNotPermit) {
  for (const std::string value : {"OK", "permit", "250"}) {
    House house;
    const Decision decision =
        house.recipient({"check_reverse_client_hostname_access", "static:" + value});
    EXPECT_EQ(reply(decision), "451 4.3.5 Server configuration error") << value;
    EXPECT_EQ(log(decision),
              "restriction check_reverse_client_hostname_access returns OK for rev.c.example\n"
              "this is not allowed for security reasons\n"
              "use DUNNO instead of OK if you want to make an exception");
  }
}

// It is the message that is thrown away; nobody is permitted by it.
TEST(TableChecks, AnUnverifiedNameMayDiscard) {
  House house;
  const Decision decision =
      house.recipient({"check_reverse_client_hostname_access", "static:DISCARD", "reject"});
  EXPECT_EQ(reply(decision), "permit");
  EXPECT_EQ(shown(decision.effects), "discard ");
  EXPECT_EQ(decision.lines_of(Line::Kind::warning), List{});
}

TEST(TableChecks, ListsOfTables) {
  const std::string yes =
      "554 5.7.1 <bob@local.example>: Recipient address rejected: Access denied";
  const std::string host =
      "554 5.7.1 <mail.sub.c.example[203.0.113.9]>: Client host rejected: Access denied";
  const std::pair<List, std::string> cases[] = {
      {{"inline:{bob@local.example=REJECT}"}, yes},  // of the list's own kind
      {{"check_recipient_access", "inline:{x=REJECT}", "inline:{local.example=REJECT}"}, yes},
      {{"warn_if_reject", "inline:{bob@=REJECT}"}, "permit"},
      {{"warn_if_reject", "check_client_access", "static:REJECT", "check_client_access",
        "static:REJECT"},
       host},
      {{"check_client_access", "static:DUNNO", "reject"}, yes},
      {{"check_client_access", "static:OK", "reject"}, "permit"},
      // A partial key's DUNNO ends the search of that table.
      {{"check_client_access", "inline:{c.example=DUNNO,203=REJECT}"}, "permit"},
      {{"check_client_access", "inline:{c.example=DUNNO,203=REJECT}", "check_client_access",
        "inline:{203=REJECT}"},
       host},
      {{"check_client_access", "cidr:{{203.0.113.0/24 REJECT}}"}, host},
      {{"check_recipient_access"}, "451 4.3.5 Server configuration error"},
      {{"check_recipient_access", "permit"}, "451 4.3.5 Server configuration error"},
      {{"reject_rbl_client", "bl.example"}, "451 4.3.5 Server configuration error"},
      {{"check_sender_mx_access", "inline:{a=b}"}, "451 4.3.5 Server configuration error"},
  };
  for (const auto& [list, expected] : cases) {
    House house;
    EXPECT_EQ(reply(house.recipient(list)), expected) << testing::PrintToString(list);
  }
}

TEST(TableChecks, ABareTableIsOfItsList) {
  House house;
  house.settings.smtpd_client_restrictions = {"inline:{{c.example=510 c}}"};
  EXPECT_EQ(reply(house.access().recipient(question())),
            "510 5.7.1 <mail.sub.c.example[203.0.113.9]>: Client host rejected: c");
  house.settings.smtpd_client_restrictions = {};
  house.settings.smtpd_helo_restrictions = {"inline:{{helo.example=510 h}}"};
  EXPECT_EQ(reply(house.access().recipient(question())),
            "510 5.7.1 <helo.example>: Helo command rejected: h");
  house.settings.smtpd_helo_restrictions = {};
  house.settings.smtpd_data_restrictions = {"inline:{a=b}"};
  const Decision decision = house.access().data(question());
  EXPECT_EQ(reply(decision), "451 4.3.5 Server configuration error");
  EXPECT_EQ(log(decision),
            "specify one of (check_client_access, check_reverse_client_hostname_access, "
            "check_helo_access, check_sender_access, check_recipient_access, check_etrn_access) "
            "before Data command restriction \"inline:{a=b}\"");
  Context etrn = question();
  etrn.etrn_domain = "a.b";
  etrn.where = "ETRN";
  house.settings.smtpd_etrn_restrictions = {"inline:{{b=510 e}}"};
  EXPECT_EQ(reply(house.access().etrn(etrn)), "510 5.7.1 <a.b>: Etrn command rejected: e");
}

TEST(TableChecks, ParentDomains) {
  House house;
  house.settings.parent_domain_matches_subdomains = {"relay_domains"};
  EXPECT_EQ(reply(house.recipient({"check_client_access", "inline:{c.example=REJECT}"})), "permit");
  EXPECT_EQ(reply(house.recipient({"check_client_access", "inline:{.c.example=REJECT}"})),
            "554 5.7.1 <mail.sub.c.example[203.0.113.9]>: Client host rejected: Access denied");
}

TEST(TableChecks, RestrictionClasses) {
  House house;
  house.settings.restriction_classes = {
      {"strict", {"reject_unauth_destination", "reject"}},
      {"around", {"around"}},
      {"a", {"b"}},
      {"b", {"a"}},
  };
  EXPECT_EQ(reply(house.recipient({"strict"})),
            "554 5.7.1 <bob@local.example>: Recipient address rejected: Access denied");
  EXPECT_EQ(reply(house.recipient({"warn_if_reject", "strict"})), "permit");
  EXPECT_EQ(reply(house.recipient({"check_client_access", "static:strict"})),
            "554 5.7.1 <mail.sub.c.example[203.0.113.9]>: Client host rejected: Access denied");
  EXPECT_EQ(reply(house.recipient({"Strict"})), "451 4.3.5 Server configuration error");
  const Decision around = house.recipient({"around"});
  EXPECT_EQ(reply(around), "451 4.3.5 Server configuration error");
  EXPECT_EQ(log(around), "restriction class \"around\" causes unreasonable recursion");
  EXPECT_EQ(reply(house.recipient({"a"})), "451 4.3.5 Server configuration error");
  const Decision loop = house.recipient({"check_sender_access", "static:check"});
  EXPECT_EQ(log(loop), "unknown smtpd restriction: \"check\"");
  house.settings.restriction_classes = {{"loop", {"check_client_access", "static:loop"}}};
  const Decision looping = house.recipient({"loop"});
  EXPECT_EQ(reply(looping), "451 4.3.5 Server configuration error");
  EXPECT_EQ(log(looping), "access table static:loop entry loop causes unreasonable recursion");
}

// A bare table in a class is of the list in which the class stands.
TEST(TableChecks, ABareTableInAClass) {
  House house;
  house.settings.restriction_classes = {
      {"by_table", {"inline:{ {bob@ = 511 class}, {helo.example = 512 class} }"}}};
  EXPECT_EQ(reply(house.recipient({"check_client_access", "static:by_table"})),
            "511 5.7.1 <bob@local.example>: Recipient address rejected: class");
  house.settings.smtpd_helo_restrictions = {"by_table"};
  EXPECT_EQ(reply(house.recipient({})), "512 5.7.1 <helo.example>: Helo command rejected: class");
}

TEST(TableChecks, DeferIf) {
  const std::string x = "450 4.7.1 <mail.sub.c.example[203.0.113.9]>: Client host rejected: x";
  const std::pair<List, std::string> cases[] = {
      {{"check_client_access", "static:{DEFER_IF_REJECT x}", "reject"}, x},
      {{"warn_if_reject", "check_client_access", "static:{DEFER_IF_REJECT x}", "reject"}, x},
      {{"check_client_access", "static:{DEFER_IF_PERMIT x}", "permit"}, x},
      {{"check_client_access", "static:{DEFER_IF_PERMIT x}", "check_client_access",
        "static:{DEFER_IF_PERMIT y}"},
       x},
      {{"check_client_access", "static:{DEFER_IF_REJECT y}", "check_client_access",
        "static:{DEFER_IF_PERMIT x}", "reject"},
       x},
      {{"warn_if_reject", "check_client_access", "static:{DEFER_IF_PERMIT x}"}, "permit"},
  };
  for (const auto& [list, expected] : cases) {
    House house;
    EXPECT_EQ(reply(house.recipient(list)), expected) << testing::PrintToString(list);
  }
}

// The relay and the recipient restrictions are one stage, and who does not exist is refused in it.
TEST(TableChecks, DeferIfRejectSoftensItsStage) {
  const std::string x = "450 4.7.1 <mail.sub.c.example[203.0.113.9]>: Client host rejected: x";
  House house;
  house.settings.smtpd_relay_restrictions = {"check_client_access", "static:{DEFER_IF_REJECT x}",
                                             "reject_unauth_destination"};
  EXPECT_EQ(reply(house.recipient({"reject"})), x);
  Context context = question();
  context.recipient = "nobody@local.example";
  EXPECT_EQ(reply(house.recipient({}, context)), x);
  house.settings.smtpd_relay_restrictions = {"check_client_access", "static:{DEFER_IF_PERMIT x}",
                                             "reject_unauth_destination"};
  EXPECT_EQ(reply(house.recipient({}, context)), x);
  house.settings.smtpd_relay_restrictions = {"reject_unauth_destination"};
  house.settings.smtpd_client_restrictions = {"check_client_access", "static:{DEFER_IF_REJECT x}"};
  EXPECT_EQ(reply(house.recipient({"reject"})),
            "554 5.7.1 <bob@local.example>: Recipient address rejected: Access denied");
}

// Without smtpd_delay_reject the flag goes from command to command; only the recipient is refused.
TEST(TableChecks, DeferIfPermitIsCarriedOn) {
  House house;
  house.settings.smtpd_delay_reject = false;
  house.settings.smtpd_client_restrictions = {"check_client_access", "static:{DEFER_IF_PERMIT x}"};
  Access access = house.access();
  Context context = question();
  Decision decision = access.client(context);
  EXPECT_TRUE(decision.permits());
  ASSERT_TRUE(decision.deferral);
  context.deferral = decision.deferral;
  decision = access.sender(context);
  EXPECT_TRUE(decision.permits());
  ASSERT_TRUE(decision.deferral);
  EXPECT_EQ(reply(access.recipient(context)),
            "450 4.7.1 <mail.sub.c.example[203.0.113.9]>: Client host rejected: x");
}

TEST(TableChecks, EffectsNeedAMessage) {
  Context early = question();
  early.sender.reset();
  Context etrn = question();
  etrn.sender.reset();
  etrn.where = "ETRN";
  etrn.etrn_domain = "a.b";
  const std::pair<std::string, std::string> words[] = {
      {"HOLD", ""}, {"DISCARD", ""}, {"FILTER", "a:b"}, {"REDIRECT", "a@b"}, {"BCC", "a@b"}};
  for (const auto& [word, argument] : words) {
    House house;
    const std::string table = "static:{" + word + ' ' + argument + '}';
    const Decision before = house.recipient({"check_client_access", table}, early);
    EXPECT_EQ(shown(before.effects), "");
    EXPECT_EQ(log(before).substr(0, log(before).find("; proto")),
              "access table " + table + ": with smtpd_delay_reject=no, action " + word +
                  " is always skipped in Client host or Helo command restrictions");
    house.settings.smtpd_recipient_restrictions = {};
    house.settings.smtpd_etrn_restrictions = {"check_client_access", table};
    EXPECT_EQ(log(house.access().etrn(etrn)), "access table " + table + ": action " + word +
                                                  " is unavailable in smtpd_etrn_restrictions");
  }
  House house;
  house.settings.smtpd_end_of_data_restrictions = {"check_client_access", "static:{PREPEND X: y}"};
  Context end = question();
  end.where = "END-OF-MESSAGE";
  EXPECT_EQ(log(house.access().end_of_data(end)),
            "access table static:{PREPEND X: y}: action PREPEND must be used before "
            "smtpd_end_of_data_restrictions");
}

TEST(TableChecks, EffectsAddUp) {
  House house;
  const Decision decision = house.recipient(
      {"check_client_access", "static:{FILTER a:b}", "check_client_access", "static:{FILTER c:d}",
       "check_client_access", "static:{BCC a@b}", "check_client_access", "static:{BCC c@d}",
       "check_client_access", "static:HOLD", "check_client_access", "static:HOLD", "reject"});
  EXPECT_EQ(shown(decision.effects), "hold filter=c:d bcc=a@b bcc=c@d ");
  EXPECT_EQ(decision.lines_of(Line::Kind::note).size(), 5U);  // held once
  EXPECT_FALSE(decision.permits());
  Context held = question();
  held.holding = true;
  EXPECT_EQ(log(house.recipient({"check_client_access", "static:HOLD"}, held)), "");
}

// Nothing is asked any more about a message that is thrown away.
TEST(TableChecks, DiscardEndsAllLists) {
  House house;
  house.settings.smtpd_client_restrictions = {"check_client_access", "static:DISCARD"};
  Context context = question();
  context.recipient = "nobody@elsewhere.example";
  EXPECT_EQ(reply(house.recipient({"reject"}, context)), "permit");
  house.settings.smtpd_client_restrictions = {};
  EXPECT_NE(reply(house.recipient({"reject"}, context)), "permit");
  context.discarding = true;
  EXPECT_EQ(reply(house.recipient({"reject"}, context)), "permit");
}

TEST(TableChecks, Codes) {
  House house;
  house.settings.access_map_reject_code = 521;
  house.settings.access_map_defer_code = 421;
  EXPECT_EQ(reply(house.recipient({"check_helo_access", "static:REJECT"})),
            "521 5.7.1 <helo.example>: Helo command rejected: Access denied");
  EXPECT_TRUE(house.recipient({"check_helo_access", "static:DEFER"}).refusal->closes());
  house.settings.access_map_reject_code = 250;
  const Decision decision = house.recipient({"check_helo_access", "static:REJECT"});
  EXPECT_EQ(reply(decision), "450 4.7.1 Service unavailable");
  EXPECT_EQ(log(decision),
            "SMTP reply code configuration error: 250 5.7.1 <helo.example>: Helo command rejected: "
            "Access denied");
}

TEST(TableChecks, EnhancedCodesFitWhatIsJudged) {
  const std::tuple<std::string, std::string_view, std::string_view> cases[] = {
      // restriction, X.1.0 to X.1.9 become
      {"check_sender_access", "1.0 1.7 1.8 1.7 1.7 1.0 1.7 1.7 1.8 1.0", "2.1"},
      {"check_recipient_access", "1.0 1.1 1.2 1.3 1.4 1.5 1.6 1.3 1.2 1.0", "2.1"},
      {"check_helo_access", "0.0 0.0 0.0 0.0 0.0 0.0 0.0 0.0 0.0 0.0", "2.1"},
  };
  for (const auto& [restriction, becomes, other] : cases) {
    for (std::size_t i = 0; i < 10; ++i) {
      House house;
      const std::string dsn = "5.1." + std::to_string(i);
      const Decision decision = house.recipient({restriction, "static:{550 " + dsn + " x}"});
      EXPECT_EQ(decision.refusal->dsn, "5." + std::string(becomes.substr(i * 4, 3)))
          << restriction << dsn;
    }
    House house;
    EXPECT_EQ(house.recipient({restriction, "static:{450 5.2.1 x}"}).refusal->dsn,
              "4." + std::string(other));
  }
}

TEST(TableChecks, PermitsAreLogged) {
  House house;
  house.settings.smtpd_log_access_permit_actions = {"!relay", "static:all"};
  house.settings.mynetworks = {"203.0.113.9"};
  house.settings.smtpd_relay_restrictions = {"reject_unauth_destination"};
  const std::string rcpt = "permit: RCPT from mail.sub.c.example[203.0.113.9]: action=";
  const std::pair<List, std::string> cases[] = {
      {{"check_helo_access", "static:{ok text}"},
       rcpt + "ok for Helo command=helo.example from static:{ok text}"},
      {{"check_helo_access", "static:12"},
       rcpt + "12 for Helo command=helo.example from static:12"},
      {{"check_helo_access", "static:RELAY"}, ""},
      {{"check_helo_access", "static:permit"}, rcpt + "permit for Helo command=helo.example "},
      {{"permit_auth_destination"},
       rcpt + "permit_auth_destination for Recipient address=bob@local.example "},
      {{"permit_mynetworks"},
       rcpt + "permit_mynetworks for Client host=mail.sub.c.example[203.0.113.9] "},
      {{"defer_if_permit", "permit"}, ""},
  };
  for (const auto& [list, expected] : cases)
    EXPECT_EQ(log(house.recipient(list)), expected) << testing::PrintToString(list);
}

TEST(TableChecks, StartWarnsOfWhatWillFail) {
  House house;
  house.settings.restriction_classes = {{"known", {"permit"}}};
  house.settings.smtpd_client_restrictions = {
      "known",          "reject_rbl_client", "bl.example",       "foo", "check_helo_access",
      "warn_if_reject", "check_helo_access", "texthash:/no/such"};
  const Access access = house.access();
  ASSERT_EQ(house.warnings.texts.size(), 4U) << testing::PrintToString(house.warnings.texts);
  EXPECT_EQ(house.warnings.texts[0],
            "restriction \"reject_rbl_client\" is not supported yet (docs/compat.md): every "
            "request that reaches it gets 451");
  EXPECT_EQ(house.warnings.texts[1],
            "restriction \"foo\" is unknown: every request that reaches it gets 451");
  EXPECT_EQ(house.warnings.texts[2],
            "restriction \"check_helo_access\" needs a table, type:name, behind it: every request "
            "that reaches it gets 451");
}

}  // namespace
}  // namespace headgate::access
