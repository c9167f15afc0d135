// Expectations repeat the answers of a live Postfix 3.7.11 with example_settings() (virtual domain apart).
#include "smtpd/access/recipients.h"

#include <gtest/gtest.h>

#include "support.h"

namespace headgate::access {
namespace {

Recipients make(const config::Settings& settings, Warnings& warnings) {
  NoPrograms programs;
  return {std::make_shared<const config::Settings>(settings),
          {"127.0.0.1", "::1"},
          Opening{programs, warnings.sink()}};
}

TEST(Recipients, OnlyOursAndUnroutedIsAuthorised) {
  Warnings warnings;
  const Recipients recipients = make(example_settings(), warnings);
  const std::tuple<std::string_view, bool, std::string_view> cases[] = {
      // internal form, authorised, rewritten
      {"u%@local.example", false, "u@"},
      {"!u@local.example", false, "u@"},
      {"alice", true, "alice"},
      {"alice@local.example", true, "alice@local.example"},
      {"alice@LOCAL.example.", true, "alice@LOCAL.example"},
      {"alice@[127.0.0.1]", true, "alice@[127.0.0.1]"},
      {"alice@[IPv6:::1]", true, "alice@[IPv6:::1]"},
      {"alice@[127.0.0.2]", false, "alice@[127.0.0.2]"},
      {"alice%local.example@localhost", true, "alice@local.example"},
      {"alice@local.example@local.example", true, "alice@local.example"},
      {"x@relay.example", true, "x@relay.example"},
      {"x@sub.relay.example", true, "x@sub.relay.example"},
      {"x@RELAY.example.", true, "x@RELAY.example"},
      {"x y@relay.example", true, "x y@relay.example"},
      {"carol@virtual.example", true, "carol@virtual.example"},
      {"carol@sub.virtual.example", false, "carol@sub.virtual.example"},
      {"x@other.example", false, "x@other.example"},
      {"x@sub.local.example", false, "x@sub.local.example"},
      {"x%other.example@local.example", false, "x@other.example"},
      {"x%y%other.example@local.example", false, "x%y@other.example"},
      {"other.example!x@local.example", false, "x@other.example"},
      {"other.example!x", false, "x@other.example"},
      {"local.example!other.example!x", false, "x@other.example"},
      {"x@other.example@local.example", false, "x@other.example"},
      {"@other.example:x@local.example", true, "x@local.example"},
      {"@local.example:x@other.example", false, "@local.example:x@other.example"},
      {"@local.example:x%other.example@local.example", false, "x@other.example"},
      {"x@other.example@relay.example", false, "x@other.example@relay.example"},
      {"x%other@relay.example", false, "x%other@relay.example"},
      {"x!other@relay.example", false, "x!other@relay.example"},
      {"x%other.example@virtual.example", false, "x%other.example@virtual.example"},
      {"a@b@c", false, "a@b@c"},
      {"x%[192.0.2.9]@local.example", false, "x@[192.0.2.9]"},
      {"x%relay.example@local.example", true, "x@relay.example"},
      {"x%y@other.example", false, "x%y@other.example"},
      {"x%bad..dom@local.example", false, "x@bad..dom"},
  };
  for (const auto& [address, authorised, rewritten] : cases) {
    const auto resolved = recipients.resolve(address);
    ASSERT_TRUE(resolved) << address;
    EXPECT_EQ(resolved->authorised(), authorised) << address;
    EXPECT_EQ(resolved->address, rewritten) << address;
  }
  EXPECT_TRUE(warnings.texts.empty());
}

TEST(Recipients, AddressesOfOnlySeparatorsEnd) {
  Warnings warnings;
  const Recipients recipients = make(example_settings(), warnings);
  for (const char c : {'@', '!', '%', '.', ':'}) {
    const auto resolved = recipients.resolve(std::string(500, c));
    ASSERT_TRUE(resolved);
    EXPECT_NE(resolved->address_class, AddressClass::relay);
  }
}

TEST(Recipients, UnknownUsers) {
  config::Settings settings = example_settings();
  settings.recipient_delimiter = "+";
  settings.relay_recipient_maps = {"inline:{dave@relay.example=x,@sub.relay.example=x}"};
  Warnings warnings;
  const Recipients recipients = make(settings, warnings);
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"alice", ""},
      {"ALICE@local.example", ""},
      {"alice+tag@local.example", ""},
      {"alice@mx.local.example", ""},
      {"nobody@local.example", "local recipient table"},
      {"+alice@local.example", "local recipient table"},
      {"postmaster@local.example", ""},
      {"MAILER-DAEMON@local.example", ""},
      {"carol@virtual.example", ""},
      {"carol+x@virtual.example", ""},
      {"alice@virtual.example", "virtual mailbox table"},
      {"postmaster@virtual.example", "virtual mailbox table"},
      {"dave@relay.example", ""},
      {"alice@relay.example", "relay recipient table"},
      {"any@sub.relay.example", ""},
      {"any@other.example", ""},
  };
  for (const auto& [address, table] : cases) {
    const auto resolved = recipients.resolve(address);
    ASSERT_TRUE(resolved) << address;
    const auto unknown = recipients.unknown_in(*resolved);
    ASSERT_TRUE(unknown) << address;
    EXPECT_EQ(*unknown, table) << address;
  }
}

TEST(Recipients, UsersOfTheMachine) {
  config::Settings settings = example_settings();
  settings.local_recipient_maps = {"proxy:unix:passwd.byname"};
  Warnings warnings;
  const Recipients recipients = make(settings, warnings);
  EXPECT_EQ(recipients.unknown_in(*recipients.resolve("root")).value(), "");
  EXPECT_EQ(recipients.unknown_in(*recipients.resolve("no-such-user-here")).value(),
            "local recipient table");
}

TEST(Recipients, TableThatCannotBeOpenedIsNoUnknownUserAndNoKnownOne) {
  for (const char* table :
       {"nosuchtype:/etc/aliases", "hash:/nonexistent/aliases", "cdb:/nonexistent/users",
        "lmdb:/nonexistent/users", "texthash:/nonexistent/users", "unionmap:{static:x"}) {
    config::Settings settings = example_settings();
    settings.local_recipient_maps = {"inline:{alice=x}", table};
    Warnings warnings;
    const Recipients recipients = make(settings, warnings);
    EXPECT_EQ(warnings.texts.size(), 1U) << table;
    EXPECT_FALSE(recipients.unknown_in(*recipients.resolve("nobody"))) << table;
  }
}

}  // namespace
}  // namespace headgate::access
