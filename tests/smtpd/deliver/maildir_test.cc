#include "smtpd/deliver/maildir.h"

#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/queue_file_maker.h"
#include "tests/support/scratch_directory.h"

namespace headgate::deliver {
namespace {

using testing_support::contents_of;
using testing_support::make_queue_file;
using testing_support::ScratchDirectory;
using testing_support::write_contents;

TEST(Maildir, DeliversByteForByte) {
  const ScratchDirectory scratch;
  std::string content("Subject: x\n\nnul\0 cr\r\n.dot\n", 26);
  content += std::string(200000, 'y') + "\n";
  const auto file =
      make_queue_file(scratch.path("q"), content, queue::Envelope(), {"joe@x.example"});
  ASSERT_TRUE(file);
  const MaildirItem item{scratch.path("deep/mail/joe"), "1.M2P3_4.host",
                         trace_headers("s@y", "joe@x.example")};
  const auto done = deliver_to_maildir(item, *file);
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_TRUE("Return-Path: <s@y>\nX-Original-To: joe@x.example\nDelivered-To: joe@x.example\n" +
                  content ==
              contents_of(scratch.path("deep/mail/joe/new/1.M2P3_4.host")));
  EXPECT_TRUE(scratch.files("deep/mail/joe/tmp").empty());
  EXPECT_TRUE(std::filesystem::is_directory(scratch.path("deep/mail/joe/cur")));

  struct stat status {};

  ASSERT_EQ(0, ::stat(scratch.path("deep/mail/joe/new").c_str(), &status));
  EXPECT_EQ(0700u, status.st_mode & 07777u);
}

TEST(Maildir, NeverOverAnotherMessage) {
  const ScratchDirectory scratch;
  const auto file = make_queue_file(scratch.path("q"), "x\n", queue::Envelope(), {"joe@x"});
  const MaildirItem item{scratch.path("joe"), "same", ""};
  ASSERT_TRUE(deliver_to_maildir(item, *file));
  write_contents(scratch.path("joe/new/same"), "another");
  EXPECT_FALSE(deliver_to_maildir(item, *file));
  EXPECT_EQ("another", contents_of(scratch.path("joe/new/same")));
  EXPECT_TRUE(scratch.files("joe/tmp").empty());
}

TEST(Maildir, ADamagedMessageIsNotPublished) {
  const ScratchDirectory scratch;
  ASSERT_TRUE(make_queue_file(scratch.path("q"), std::string(100000, 'x') + "\n", queue::Envelope(),
                              {"joe@x"}));
  std::string bytes = contents_of(scratch.path("q"));
  bytes[90000] = 'y';
  write_contents(scratch.path("q"), bytes);
  auto file = queue::QueueFile::open(scratch.path("q"));
  ASSERT_TRUE(file);
  const auto done = deliver_to_maildir(MaildirItem{scratch.path("joe"), "a", ""}, *file);
  ASSERT_FALSE(done);
  EXPECT_EQ(Code::corrupt, done.error().code);
  EXPECT_TRUE(scratch.files("joe/new").empty());
  EXPECT_TRUE(scratch.files("joe/tmp").empty());
}

TEST(Maildir, UniqueNamesHaveNoSeparators) {
  const std::string name =
      unique_name(WallTime(std::chrono::microseconds(1'700'000'000'000042)), 7, "a/b:c");
  EXPECT_EQ("1700000000.M42P" + std::to_string(::getpid()) + "_7.a\\057b\\072c", name);
}

TEST(MailboxName, NeverLeavesItsDirectory) {
  const struct {
    const char* local;
    const char* expected;  // null = none
  } rows[] = {{"joe", "joe"},       {"Joe", "joe"},    {"joe+ext", "joe"}, {"joe.q", "joe.q"},
              {"+ext", "+ext"},     {"", nullptr},     {".", nullptr},     {"..", nullptr},
              {".hidden", nullptr}, {"a/b", nullptr},  {"/etc", nullptr},  {"a..b", nullptr},
              {"a b", nullptr},     {"a\nb", nullptr}, {"a\x7f", nullptr}, {"../../x", nullptr}};

  for (const auto& row : rows) {
    const auto name = mailbox_name(row.local, "+");
    ASSERT_EQ(row.expected != nullptr, name.has_value()) << row.local;
    if (name) {
      EXPECT_EQ(row.expected, *name);
    }
  }
  EXPECT_FALSE(mailbox_name(std::string("a\0b", 3), ""));
  EXPECT_FALSE(mailbox_name(std::string(201, 'a'), ""));
}

TEST(LocalMailbox, Places) {
  config::Settings s;
  s.mail_spool_directory = "/var/mail/";
  EXPECT_EQ("/var/mail/joe", local_mailbox(s, "Joe+x@here").directory.substr(0, 13));
  EXPECT_TRUE(local_mailbox(s, "../x@here").bounce);
  s.mail_spool_directory = "/var/mail";
  EXPECT_FALSE(local_mailbox(s, "joe@here").bounce);
  EXPECT_EQ("", local_mailbox(s, "joe@here").directory);
  s.home_mailbox = "Maildir/";
  EXPECT_TRUE(local_mailbox(s, "nobody-has-this-name@here").bounce);
  s.home_mailbox = "mbox";
  EXPECT_EQ("", local_mailbox(s, "joe@here").directory);
  EXPECT_FALSE(local_mailbox(s, "joe@here").bounce);
}

TEST(VirtualMailbox, Places) {
  config::Settings s;
  s.virtual_mailbox_base = "/srv/mail";
  EXPECT_EQ("/srv/mail/x/joe", virtual_mailbox(s, "x/joe/").directory);
  EXPECT_TRUE(virtual_mailbox(s, std::nullopt).bounce);
  for (const char* bad : {"x/joe", "../joe/", "x/../../joe/", ""}) {
    EXPECT_EQ("", virtual_mailbox(s, bad).directory) << bad;
    EXPECT_FALSE(virtual_mailbox(s, bad).bounce) << bad;
  }
  s.virtual_mailbox_base.clear();
  EXPECT_EQ("", virtual_mailbox(s, "x/joe/").directory);
}

}  // namespace
}  // namespace headgate::deliver
