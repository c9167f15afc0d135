// What dialogues cannot say: several connections of one client, and the limits of verbs that are not offered yet.
#include "smtpd/session/client_rates.h"

#include <gtest/gtest.h>

#include "tests/smtpd/session/session_house.h"
#include "tests/support/script_wire.h"

namespace headgate::session {
namespace {

class ClientRatesTest : public testing::Test {
 protected:
  // One session of the client at `address`.
  struct Visit {
    Visit(SessionHouse& house, const std::string& address)
        : session(1, "smtp", peer_at(address), house.calm),
          dialogue(wire, session, house.services()) {}

    static Peer peer_at(const std::string& address) {
      Peer peer;
      peer.address = address;
      return peer;
    }

    testing_support::ScriptWire wire{{}};
    Session session;
    Dialogue dialogue;
    CountedClient client{dialogue};
  };

  void configure(const std::string& main_cf) { ASSERT_TRUE(house_.configure(main_cf)); }

  SessionHouse house_;
};

std::string text_of(const std::optional<proto::Reply>& reply) {
  return reply ? reply->first_line() : std::string("none");
}

TEST_F(ClientRatesTest, TooManyConnectionsAtOnce) {
  configure("smtpd_client_connection_count_limit = 1\n");
  Visit first(house_, "192.0.2.7");
  EXPECT_FALSE(first.client.objection());
  {
    Visit second(house_, "192.0.2.7");
    EXPECT_EQ(text_of(second.client.objection()),
              "421 4.7.0 mx.here.example Error: too many connections from 192.0.2.7");
  }
  EXPECT_EQ(house_.log.count("warning: Connection concurrency limit exceeded: 2 from "
                             "unknown[192.0.2.7] for service smtp "
                             "(smtpd_client_connection_count_limit = 1)"),
            1);
  Visit other(house_, "192.0.2.8");
  EXPECT_FALSE(other.client.objection());
}

TEST_F(ClientRatesTest, TooManyConnectionsInAMinute) {
  configure("smtpd_client_connection_rate_limit = 2\n");
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(Visit(house_, "192.0.2.7").client.objection());
  EXPECT_EQ(text_of(Visit(house_, "192.0.2.7").client.objection()),
            "421 4.7.0 mx.here.example Error: too many connections from 192.0.2.7");
  EXPECT_EQ(house_.log.count("warning: Connection rate limit exceeded: 3 from unknown[192.0.2.7] "
                             "for service smtp (smtpd_client_connection_rate_limit = 2, "
                             "anvil_rate_time_unit = 60s)"),
            1);
  house_.env.advance(std::chrono::seconds(61));
  EXPECT_FALSE(Visit(house_, "192.0.2.7").client.objection());
}

TEST_F(ClientRatesTest, ANetworkIsOneClient) {
  configure("smtpd_client_connection_count_limit = 1\nsmtpd_client_ipv4_prefix_length = 24\n");
  Visit first(house_, "192.0.2.7"), second(house_, "192.0.2.8"), other(house_, "192.0.3.8");
  EXPECT_EQ(second.session.anvil_ident, "smtp:192.0.2.0/24");
  EXPECT_TRUE(second.client.objection());
  EXPECT_FALSE(other.client.objection());
}

TEST_F(ClientRatesTest, MynetworksIsExemptByDefaultAndNotCounted) {
  configure("smtpd_client_connection_count_limit = 1\n");
  Visit first(house_, "127.0.0.1"), second(house_, "127.0.0.1");
  EXPECT_FALSE(second.client.objection());
  EXPECT_EQ(house_.stress.anvil.entries(), 0U);
}

TEST_F(ClientRatesTest, NewTlsSessionsAndAuth) {
  configure("smtpd_client_new_tls_session_rate_limit = 1\nsmtpd_client_auth_rate_limit = 1\n");
  Visit visit(house_, "192.0.2.7");
  EXPECT_FALSE(refused_starttls(visit.dialogue));
  EXPECT_FALSE(over_new_tls_rate(visit.dialogue));
  EXPECT_FALSE(refused_starttls(visit.dialogue));
  EXPECT_EQ(text_of(over_new_tls_rate(visit.dialogue)),
            "421 4.7.0 mx.here.example Error: too many new TLS sessions from unknown[192.0.2.7]");
  EXPECT_EQ(text_of(refused_starttls(visit.dialogue)),
            "454 4.7.0 Error: too many new TLS sessions from unknown[192.0.2.7]");
  EXPECT_EQ(house_.log.count("New TLS session rate limit exceeded: 2 from unknown[192.0.2.7] for "
                             "service smtp"),
            1);
  EXPECT_EQ(house_.log.count("Refusing STARTTLS request from unknown[192.0.2.7] for service smtp"),
            1);
  EXPECT_FALSE(over_auth_rate(visit.dialogue));
  EXPECT_EQ(text_of(over_auth_rate(visit.dialogue)),
            "450 4.7.1 Error: too many AUTH commands from 192.0.2.7");
  EXPECT_EQ(house_.log.count("AUTH command rate limit exceeded: 2"), 1);
}

}  // namespace
}  // namespace headgate::session
