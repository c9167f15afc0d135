#include "smtpd/deliver/route.h"

#include <gtest/gtest.h>

#include "tests/support/no_programs.h"

namespace headgate::deliver {
namespace {

config::Settings base() {
  config::Settings s;
  s.myhostname = "mx.here.example";
  s.mydestination = {"here.example", "localhost"};
  s.relay_domains = {"relayed.example"};
  s.virtual_mailbox_domains = {"virtual.example"};
  s.virtual_mailbox_maps = {
      "inline:{{a@virtual.example=virtual.example/a/},{@virtual.example=all/}}"};
  s.local_transport = "local:mx.here.example";
  s.relay_transport = "relay";
  s.virtual_transport = "virtual";
  s.default_transport = "smtp";
  return s;
}

std::string routed(const config::Settings& settings, std::string_view recipient,
                   std::string filter = {}) {
  testing_support::NoPrograms programs;
  Router router(std::make_shared<const config::Settings>(settings), programs,
                [](const Diagnostic&) {});
  queue::Envelope envelope;
  envelope.content_filter = std::move(filter);
  const Route route = router.route(envelope, recipient);
  return route.transport + "|" + route.nexthop;
}

TEST(Router, Classes) {
  const config::Settings s = base();
  EXPECT_EQ("local|mx.here.example", routed(s, "joe@Here.Example"));
  EXPECT_EQ("local|mx.here.example", routed(s, "joe"));
  EXPECT_EQ("virtual|virtual.example", routed(s, "a@virtual.example"));
  EXPECT_EQ("relay|relayed.example", routed(s, "x@relayed.example"));
  EXPECT_EQ("relay|sub.relayed.example", routed(s, "x@sub.relayed.example"));
  EXPECT_EQ("smtp|notrelayed.example", routed(s, "x@notrelayed.example"));
  EXPECT_EQ("smtp|sub.here.example", routed(s, "x@sub.here.example"));
}

TEST(Router, RelayhostForAllThatIsNotOurs) {
  config::Settings s = base();
  s.relayhost = "[127.0.0.1]:2526";
  EXPECT_EQ("smtp|[127.0.0.1]:2526", routed(s, "x@far.example"));
  EXPECT_EQ("relay|[127.0.0.1]:2526", routed(s, "x@relayed.example"));
  EXPECT_EQ("local|mx.here.example", routed(s, "joe@here.example"));
  s.default_transport = "smtp:[own.example]";
  EXPECT_EQ("smtp|[own.example]", routed(s, "x@far.example"));
}

TEST(Router, ContentFilterTakesAll) {
  const config::Settings s = base();
  EXPECT_EQ("smtp|[127.0.0.1]:10025", routed(s, "joe@here.example", "smtp:[127.0.0.1]:10025"));
  EXPECT_EQ("scan|far.example", routed(s, "x@far.example", "scan:"));
  EXPECT_EQ("smtp|[127.0.0.1]:1, [127.0.0.1]:2",
            routed(s, "x@far.example", "smtp:[127.0.0.1]:1, [127.0.0.1]:2"));
}

// It used to be taken for smtp: a filter that was meant was passed by.
TEST(Router, NothingBeforeTheColonIsNoTransport) {
  config::Settings s = base();
  EXPECT_EQ("|[127.0.0.1]:10025", routed(s, "x@far.example", ":[127.0.0.1]:10025"));
  EXPECT_EQ("|far.example", routed(s, "x@far.example", ":"));
  s.default_transport = ":[own.example]";
  EXPECT_EQ("|[own.example]", routed(s, "x@far.example"));
  s.default_transport.clear();
  EXPECT_EQ("smtp|far.example", routed(s, "x@far.example"));
}

TEST(Router, ABrokenTableMakesMailWait) {
  config::Settings s = base();
  s.mydestination = {"texthash:/does/not/exist"};
  const std::string route = routed(s, "x@far.example");
  EXPECT_EQ("retry|4.3.0 ", route.substr(0, 12)) << route;
}

TEST(Router, ATableThatCannotBeOpenedIsSaid) {
  for (const bool mailboxes : {false, true}) {
    config::Settings s = base();
    (mailboxes ? s.virtual_mailbox_maps : s.relay_domains) = {"texthash:/no/such"};
    testing_support::NoPrograms programs;
    std::string said;
    const Router router(std::make_shared<const config::Settings>(s), programs,
                        [&](const Diagnostic& d) {
                          said += d.text;
                          EXPECT_EQ(Severity::error, d.severity);
                        });
    EXPECT_NE(said.find("/no/such: No such file or directory"), std::string::npos) << said;
  }
}

TEST(Router, NegatedNames) {
  config::Settings s = base();
  s.relay_domains = {"!secret.relayed.example", "relayed.example"};
  EXPECT_EQ("smtp|secret.relayed.example", routed(s, "x@secret.relayed.example"));
  EXPECT_EQ("relay|a.relayed.example", routed(s, "x@a.relayed.example"));
}

TEST(Router, VirtualMailboxes) {
  testing_support::NoPrograms programs;
  Router router(std::make_shared<const config::Settings>(base()), programs,
                [](const Diagnostic&) {});
  EXPECT_EQ("virtual.example/a/", **router.virtual_mailbox("A@virtual.example"));
  EXPECT_EQ("all/", **router.virtual_mailbox("b@virtual.example"));
  EXPECT_FALSE(*router.virtual_mailbox("b@else.example"));
}

TEST(NextHop, Forms) {
  const struct {
    const char* text;
    const char* host;
    int port;
    bool direct;
  } rows[] = {{"example.org", "example.org", 25, false},
              {"example.org:587", "example.org", 587, false},
              {"[mail.example]", "mail.example", 25, true},
              {"[127.0.0.1]:2526", "127.0.0.1", 2526, true},
              {"[::1]:25", "::1", 25, true},
              {"[IPv6:2001:db8::1]", "2001:db8::1", 25, true},
              {"[mail.example]:smtp", "mail.example", 25, true},
              {"mail.example:submission", "mail.example", 587, false}};

  for (const auto& row : rows) {
    const auto hop = parse_next_hop(row.text);
    ASSERT_TRUE(hop) << row.text;
    EXPECT_EQ(row.host, hop->host);
    EXPECT_EQ(row.port, hop->port) << row.text;
    EXPECT_EQ(row.direct, hop->direct) << row.text;
  }
  for (const char* bad : {"", "[", "[a", "[a]25", "a:0", "a:65536", "a:x", ":25", "[]:25"})
    EXPECT_FALSE(parse_next_hop(bad)) << bad;
}

TEST(Routing, ByNamesOnlyWhereNoTableIsNamed) {
  config::Settings s = base();
  const auto by_names = [&s] {
    return Routing::by_names(std::make_shared<const config::Settings>(s));
  };
  const auto destination = [&by_names](const std::string& address) {
    queue::Envelope envelope;
    envelope.recipients.resize(1);
    envelope.recipients[0].address = address;
    return by_names()->destinations(envelope, {0}).at(0);
  };
  ASSERT_TRUE(by_names());
  EXPECT_EQ("relay:relayed.example", destination("x@relayed.example"));
  EXPECT_EQ("virtual:virtual.example", destination("x@virtual.example"));
  s.relay_domains = {"!not.example", "[::1]", "relayed.example"};
  EXPECT_TRUE(by_names());
  s.relay_domains = {"relayed.example", "!cdb:/table"};
  EXPECT_FALSE(by_names());
}

}  // namespace
}  // namespace headgate::deliver
