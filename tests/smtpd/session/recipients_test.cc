// Duplicates and REDIRECT, as Postfix 3.7 queued them.
#include "smtpd/session/recipients.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headgate::session {
namespace {

using testing::ElementsAre;

std::vector<queue::Recipient> all(std::initializer_list<const char*> addresses) {
  std::vector<queue::Recipient> recipients;
  for (const char* address : addresses) {
    queue::Recipient recipient;
    recipient.address = address;
    recipients.push_back(recipient);
  }
  return recipients;
}

std::vector<std::string> addresses(const std::vector<queue::Recipient>& recipients) {
  std::vector<std::string> found;
  for (const queue::Recipient& recipient : recipients) found.push_back(recipient.address);
  return found;
}

TEST(MergeDuplicates, TheFirstStaysInAnyCaseOfLetters) {
  auto recipients = all({"a@x.example", "b@x.example", "A@x.example", "a@X.example"});
  merge_duplicates(recipients);
  EXPECT_THAT(addresses(recipients), ElementsAre("a@x.example", "b@x.example"));
}

TEST(MergeDuplicates, OtherWishesAreSomebodyElse) {
  auto recipients = all({"a@x.example", "a@x.example", "a@x.example", "a@x.example"});
  recipients[1].notify = recipients[3].notify = "NEVER";
  recipients[2].original = "rfc822;b@x.example";
  recipients.push_back(recipients[2]);
  recipients[4].original = "rfc822;B@x.example";
  merge_duplicates(recipients);
  EXPECT_EQ(recipients.size(), 3U);
}

TEST(Redirected, NamesTheFirstByDomainThenAddress) {
  struct Case {
    std::vector<queue::Recipient> recipients;
    const char* orig_to;
  };

  const Case cases[] = {
      {all({"c@z.example"}), "c@z.example"},
      {all({"c@z.example", "b@a.example"}), "b@a.example"},
      {all({"A@z.example", "B@a.example"}), "B@a.example"},
      {all({"you@dest.example", "x+y@dest.example", "third@dest.example"}), "third@dest.example"},
      {all({"postmaster", "a@b.example"}), "postmaster"},
      {all({"abc@dest.example", "Zed@Dest.example"}), "Zed@Dest.example"},
  };
  for (const Case& c : cases) {
    const queue::Recipient recipient = redirected(c.recipients, "q@r.example");
    EXPECT_EQ(recipient.address, "q@r.example");
    EXPECT_EQ(recipient.orig_to, c.orig_to);
    EXPECT_EQ(recipient.notify, "");
  }
}

TEST(Redirected, KeepsTheWishesForNotifications) {
  auto recipients = all({"b@x.example", "a@x.example"});
  recipients[1].notify = "NEVER";
  recipients[1].original = "rfc822;q@q.example";
  const auto recipient = redirected(recipients, "q@r.example");
  EXPECT_EQ(recipient.notify, "NEVER");
  EXPECT_EQ(recipient.original, "rfc822;q@q.example");
}

}  // namespace
}  // namespace headgate::session
