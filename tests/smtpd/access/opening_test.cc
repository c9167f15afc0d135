#include "smtpd/access/opening.h"

#include <gtest/gtest.h>

#include "smtpd/access/access.h"
#include "smtpd/access/access_pool.h"
#include "support.h"

namespace headgate::access {
namespace {

// One text file, /t, and how often it was read.
class OneText final : public rules::ProgramSource {
 public:
  Result<rules::CompiledTable> load(rules::Dialect, const std::string& name) override {
    return fail(Code::not_found, "no programs in this test", name);
  }

  Result<std::string> read_text(const std::string& path, std::size_t,
                                const rules::TextForm&) override {
    ++reads;
    if (path != "/t") return fail(Code::not_found, "No such file or directory", path);
    return std::string("x@other.example REJECT\ny@other.example REJECT too\n");
  }

  int reads = 0;
};

std::string found(Lookup& table, std::string_view key) {
  const auto value = table.find(key);
  if (!value) return "error";
  return *value ? (*value)->value : "none";
}

TEST(Opening, SharedTablesAreReadOnce) {
  for (const bool shared : {false, true}) {
    OneText programs;
    Warnings warnings;
    SharedTables tables;
    Opening opening{programs, warnings.sink(), Waits::yes, shared ? &tables : nullptr};
    const auto one = opening.table("texthash:/t");
    const auto other = opening.table("texthash:/t");
    EXPECT_EQ(programs.reads, shared ? 1 : 2);
    EXPECT_EQ(found(*one, "x@other.example"), found(*other, "x@other.example"));
    EXPECT_EQ(one->name(), "texthash:/t");
  }
}

TEST(Opening, SharedTablesOutliveTheirOpening) {
  OneText programs;
  Warnings warnings;
  std::unique_ptr<Lookup> table;
  {
    SharedTables tables;
    table = Opening{programs, warnings.sink(), Waits::yes, &tables, true}.table("inline:{a=b}");
  }
  EXPECT_EQ(found(*table, "A"), "b");
}

// Each hears what is said at its own question only.
TEST(Opening, ASharedTableSpeaksToWhoAsks) {
  OneText programs;
  Warnings first, second;
  SharedTables tables;
  const auto one = Opening{programs, first.sink(), Waits::yes, &tables, true}.table("inline:{a=b}");
  const auto other =
      Opening{programs, second.sink(), Waits::yes, &tables, true}.table("inline:{a=b}");
  EXPECT_EQ(found(*other, "\xff"), "none");
  EXPECT_TRUE(first.texts.empty());
  EXPECT_EQ(second.texts.size(), 1U);
}

TEST(Opening, WhatCannotBeOpenedIsToldAndFails) {
  for (const bool shared : {false, true}) {
    OneText programs;
    Warnings warnings;
    SharedTables tables;
    const Opening opening{programs, warnings.sink(), Waits::yes, shared ? &tables : nullptr};
    const auto table = opening.table("texthash:/no/such");
    EXPECT_EQ(warnings.texts.size(), 1U);
    const auto value = table->find("x");
    ASSERT_FALSE(value);
    EXPECT_FALSE(must_ask_apart(value.error()));
  }
}

constexpr const char* kWaits = "tcp:127.0.0.1:1";

TEST(Opening, ATableThatWaitsIsNotAskedOnALoop) {
  OneText programs;
  Warnings warnings;
  SharedTables tables;
  const auto table = Opening{programs, warnings.sink(), Waits::apart, &tables}.table(kWaits);
  EXPECT_TRUE(table->may_wait());
  EXPECT_TRUE(table->whole_key_only());
  EXPECT_EQ(table->name(), kWaits);
  const auto value = table->find("x");
  ASSERT_FALSE(value);
  EXPECT_TRUE(must_ask_apart(value.error()));
}

Context stranger() {
  Context context;
  context.client_address = "203.0.113.9";
  context.helo_name = "client.example";
  context.sender = "a@b.example";
  context.recipient = "x@other.example";
  return context;
}

// What has not come to the table is answered at once.
TEST(Opening, OnlyWhatComesToATableThatWaitsIsAskedApart) {
  OneText programs;
  Warnings warnings;
  config::Settings settings = example_settings();
  settings.smtpd_recipient_restrictions = {"permit_mynetworks", "check_client_access",
                                           "static:{INFO seen}", "check_recipient_access", kWaits};
  settings.smtpd_relay_restrictions = {"permit_mynetworks", "check_recipient_access",
                                       "inline:{bob@=REJECT}", "reject_unauth_destination"};
  settings.local_recipient_maps.clear();
  Access access(std::make_shared<const config::Settings>(settings),
                Opening{programs, warnings.sink(), Waits::apart});
  EXPECT_TRUE(access.may_wait());
  for (const auto question : {&Access::client, &Access::helo, &Access::sender, &Access::data,
                              &Access::etrn, &Access::end_of_data}) {
    const Decision decision = (access.*question)(stranger());
    EXPECT_TRUE(decision.permits());
    EXPECT_FALSE(decision.must_ask_apart);
  }
  Context ours = stranger();
  ours.client_address = "192.0.2.7";
  EXPECT_FALSE(access.recipient(ours).must_ask_apart);
  EXPECT_TRUE(access.recipient(ours).permits());
  Context refused = stranger();
  refused.recipient = "bob@local.example";
  EXPECT_FALSE(access.recipient(refused).must_ask_apart);
  EXPECT_EQ(access.recipient(refused).refusal->code, 554);
  Context asked = stranger();
  asked.recipient = "alice@local.example";
  EXPECT_TRUE(access.recipient(asked).must_ask_apart);
  EXPECT_FALSE(access.recipient(asked).permits());  // nobody may take it for an answer
}

// Wherever the table stands.
TEST(Opening, EveryTableThatWaitsIsAskedApart) {
  using Set = void (*)(config::Settings&);
  const std::pair<Set, std::string> cases[] = {
      {[](config::Settings& s) { s.mydestination = {kWaits}; }, "alice@local.example"},
      {[](config::Settings& s) { s.virtual_mailbox_domains = {kWaits}; }, "x@other.example"},
      {[](config::Settings& s) { s.relay_domains = {kWaits}; }, "x@other.example"},
      {[](config::Settings& s) { s.local_recipient_maps = {kWaits}; }, "alice@local.example"},
      {[](config::Settings& s) { s.virtual_mailbox_maps = {kWaits}; }, "x@virtual.example"},
      {[](config::Settings& s) { s.relay_recipient_maps = {kWaits}; }, "x@relay.example"},
      {[](config::Settings& s) {
         s.smtpd_log_access_permit_actions = {kWaits};
         s.smtpd_client_restrictions = {"permit"};
       },
       "alice@local.example"},
      {[](config::Settings& s) {
         s.smtpd_sender_restrictions = {"warn_if_reject", "check_sender_access", kWaits};
       },
       "alice@local.example"},
  };
  for (const auto& [set, recipient] : cases) {
    OneText programs;
    Warnings warnings;
    config::Settings settings = example_settings();
    set(settings);
    Access access(std::make_shared<const config::Settings>(settings),
                  Opening{programs, warnings.sink(), Waits::apart});
    Context context = stranger();
    context.recipient = recipient;
    const Decision decision = access.recipient(context);
    EXPECT_TRUE(decision.must_ask_apart) << recipient;
    EXPECT_FALSE(decision.permits());
  }
}

TEST(Opening, TheCopiesOfAPoolShareWhatDoesNotWait) {
  OneText programs;
  SharedTables tables;
  config::Settings settings = example_settings();
  settings.smtpd_recipient_restrictions = {"check_recipient_access", "texthash:/t", kWaits};
  const AccessPool pool(std::make_shared<const config::Settings>(settings), programs, tables);
  EXPECT_EQ(programs.reads, 1);
}

// What a table says within a question stands in the answer, in its place; nothing of it is said at once.
TEST(Opening, WhatTablesSayStandsInTheDecision) {
  OneText programs;
  Warnings warnings;
  config::Settings settings = example_settings();
  settings.smtputf8_enable = true;
  settings.smtpd_client_restrictions = {"check_helo_access", "inline:{a=b}"};
  Access access(std::make_shared<const config::Settings>(settings),
                Opening{programs, warnings.sink()});
  Context context = stranger();
  context.recipient = "alice@local.example";
  context.helo_name = "\xff";
  const Decision decision = access.recipient(context);
  EXPECT_EQ(decision.lines_of(Line::Kind::warning).size(), 1U);
  EXPECT_TRUE(warnings.texts.empty());
}

}  // namespace
}  // namespace headgate::access
