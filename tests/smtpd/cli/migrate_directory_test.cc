// A configuration directory, moved: what is copied, what is written differently, what the report says.
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/smtpd/cli/migrate_fixture.h"

namespace headgate::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class MigrateDirectoryTest : public MigrateTest {
 protected:
  MigrateDirectoryTest() {
    fs::create_directory(old_);
    put("old/master.cf", "2525 inet n - n - 20 smtpd\n");
  }

  // The whole of the old directory, to see that nothing is touched.
  [[nodiscard]] std::string snapshot() const {
    std::string all;
    for (const auto& entry : fs::recursive_directory_iterator(old_)) {
      all += entry.path().string() + ":";
      if (entry.is_regular_file()) all += read(entry.path().string());
      all += "\n";
    }
    return all;
  }

  int move(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {old_, "--to", new_});
    return migrate(std::move(more));
  }

  [[nodiscard]] nlohmann::json finding(const std::string& what) const {
    const auto document = nlohmann::json::parse(out_);
    for (const auto& found : document["findings"])
      if (found["what"] == what) return found;
    return {};
  }

  const std::string old_ = path("old"), new_ = path("new");
};

TEST_F(MigrateDirectoryTest, CopiesWhatIsNamedAndPassesTheCheck) {
  put("old/main.cf", "# mine\nmyhostname = mail.example.com\nmydestination = $myhostname,\n  " +
                         old_ + "/domains\nheader_checks = regexp:" + old_ +
                         "/checks/header\nbody_checks = "
                         "pcre:$config_directory/body\nmynetworks = 127.0.0.0/8, cidr:" +
                         old_ + "/nets\nnot_named = x\n");
  fs::create_directory(old_ + "/checks");
  put("old/checks/header", "/^Subject: a$/ REJECT\n");
  put("old/body", "/x/ REJECT\n");
  put("old/nets", "10.0.0.0/8 OK\n");
  put("old/domains", ("# d\nexample.com\ntexthash:" + old_ + "/more\n").c_str());
  put("old/more", "b.example x\n");
  put("old/unnamed", "secret\n");
  const std::string before = snapshot();
  EXPECT_EQ(move(), kExitOk) << out_ << err_;
  EXPECT_EQ(before, snapshot());
  EXPECT_EQ(read(new_ + "/main.cf"),
            "# mine\nmyhostname = mail.example.com\nmydestination = $myhostname,\n  "
            "$config_directory/domains\nheader_checks = regexp:$config_directory/checks/header\n"
            "body_checks = pcre:$config_directory/body\nmynetworks = 127.0.0.0/8, "
            "cidr:$config_directory/nets\nnot_named = x\n");
  EXPECT_EQ(read(new_ + "/checks/header"), "/^Subject: a$/ REJECT\n");
  EXPECT_EQ(read(new_ + "/domains"), "# d\nexample.com\ntexthash:$config_directory/more\n");
  EXPECT_EQ(read(new_ + "/more"), "b.example x\n");
  EXPECT_FALSE(fs::exists(new_ + "/unnamed"));
  EXPECT_THAT(read(new_ + "/migration-report.md"), HasSubstr("## Carries over as it is"));
  EXPECT_THAT(out_, HasSubstr("headgate check -c " + new_ + ": no mistakes"));
  EXPECT_THAT(out_, HasSubstr("not_named (main.cf, line 8): nothing reads it"));
}

TEST_F(MigrateDirectoryTest, SaysWhatDiffersAndWhatIsNotThere) {
  put("old/main.cf", "max_idle = 10s\nalias_maps = hash:/etc/aliases\nmyhostname = a.example\n");
  put("old/master.cf",
      "2525 inet n - n - 20 smtpd\n26 inet n - n - 1 postscreen\nfilter unix - n n - - pipe "
      "flags=q user=nobody argv=/bin/true\ncleanup unix n - n - 0 cleanup\n");
  EXPECT_EQ(move({"--json"}), kExitOk) << out_;
  EXPECT_EQ(finding("max_idle")["kind"], "differs");
  EXPECT_EQ(finding("max_idle")["text"], "no effect: there are no processes that retire");
  EXPECT_EQ(finding("max_idle")["where"], "main.cf, line 1");
  EXPECT_EQ(finding("alias_maps")["kind"], "unused");
  EXPECT_EQ(finding("myhostname")["kind"], "carried");
  EXPECT_EQ(finding("smtpd_forbid_bare_newline")["where"], "not set");
  EXPECT_EQ(finding("queue_directory")["kind"], "unsupported");
  EXPECT_EQ(finding("mail_spool_directory")["where"], "not set");
  EXPECT_EQ(finding("mail_spool_directory")["kind"], "unsupported");
  EXPECT_EQ(finding("26/inet postscreen")["kind"], "unsupported");
  EXPECT_EQ(finding("filter/unix pipe")["kind"], "unsupported");
  EXPECT_EQ(finding("cleanup/unix cleanup")["kind"], "carried");
  // What changes nothing here is left as it is.
  EXPECT_THAT(read(new_ + "/main.cf"), HasSubstr("alias_maps = hash:/etc/aliases\n"));
}

TEST_F(MigrateDirectoryTest, TellsOfMailboxesThatAreFiles) {
  struct Row {
    const char *settings, *what, *where;
  };

  for (const Row& row : {Row{"home_mailbox = Maildir/\n", "", ""},
                         Row{"mail_spool_directory = /var/mail/\n", "", ""},
                         Row{"home_mailbox = mbox\n", "home_mailbox", "main.cf, line 1"},
                         Row{"home_mailbox =\nmail_spool_directory = /var/spool/mail\n",
                             "mail_spool_directory", "main.cf, line 2"}}) {
    put("old/main.cf", row.settings);
    fs::remove_all(new_);
    EXPECT_EQ(move({"--json"}), kExitOk) << out_;
    nlohmann::json told = nlohmann::json::object();
    const auto document = nlohmann::json::parse(out_);
    for (const auto& found : document["findings"])
      if (found["text"].get<std::string>().starts_with("mailboxes of")) told = found;
    EXPECT_EQ(told.value("what", ""), row.what) << row.settings;
    EXPECT_EQ(told.value("where", ""), row.where) << row.settings;
  }
}

TEST_F(MigrateDirectoryTest, TranslatesTablesWhenAsked) {
  put("old/main.cf", "header_checks = regexp:" + old_ + "/good, regexp:" + old_ + "/odd\n");
  put("old/good", "/a$/ REJECT\n");
  put("old/odd", "/a$./ REJECT\n");
  EXPECT_EQ(move({"--to-pcre-like"}), kExitBadTable);
  EXPECT_EQ(read(new_ + "/main.cf"),
            "header_checks = pcre:$config_directory/good, regexp:$config_directory/odd\n");
  EXPECT_EQ(read(new_ + "/good"), "/a$/E REJECT\n");
  EXPECT_EQ(read(new_ + "/odd"), "/a$./ REJECT\n");
  EXPECT_THAT(out_, HasSubstr("(as it was): 1 pattern(s): 0 proven, 0 tested, 1 left out"));
}

TEST_F(MigrateDirectoryTest, AFileOfTwoTypesIsChangedForOne) {
  put("old/main.cf", "header_checks = regexp:" + old_ + "/t\nbody_checks = pcre:" + old_ + "/t\n");
  put("old/t", "/a$/ REJECT\n");
  EXPECT_EQ(move({"--to-pcre-like", "--json"}), kExitBadTable) << out_;
  EXPECT_EQ(finding("pcre:" + old_ + "/t")["kind"], "failed");
}

TEST_F(MigrateDirectoryTest, DatabasesBecomeCdb) {
  put("probe", "a b\n");
  if (headgate({"map", "cdb:" + path("probe")}) != kExitOk)
    GTEST_SKIP() << "headgate map does not build cdb: here";
  put("old/main.cf", "smtpd_client_restrictions = check_client_access hash:" + old_ +
                         "/access,\n  check_helo_access proxy:btree:$config_directory/helo\n"
                         "mine = hash:" +
                         old_ + "/access\n");
  put("old/access", "192.0.2.1 REJECT\n");
  put("old/helo", "bad.example REJECT\n");
  EXPECT_EQ(move(), kExitOk) << out_ << err_;
  EXPECT_EQ(
      read(new_ + "/main.cf"),
      "smtpd_client_restrictions = check_client_access cdb:$config_directory/access,\n  "
      "check_helo_access proxy:cdb:$config_directory/helo\nmine = cdb:$config_directory/access\n");
  EXPECT_EQ(headgate({"map", "-q", "192.0.2.1", "cdb:" + new_ + "/access"}), kExitOk) << err_;
  EXPECT_EQ(out_, "REJECT\n");
  EXPECT_FALSE(fs::exists(old_ + "/access.cdb"));
}

TEST_F(MigrateDirectoryTest, WhatCannotBeReadIsInTheReport) {
  put("old/main.cf", "header_checks = pcre:" + old_ + "/no, pcre:" + old_ + "/link, pcre:" + old_ +
                         "/folder\nsmtpd_client_restrictions = check_client_access hash:" + old_ +
                         "/db, check_client_access ldap:" + old_ + "/ldap.cf\n");
  put("old/real", "/a/ X\n");
  put("old/db.db", "");
  fs::create_symlink("real", old_ + "/link");
  fs::create_directory(old_ + "/folder");
  EXPECT_NE(move({"--json"}), kExitOk);
  EXPECT_EQ(finding(old_ + "/no")["kind"], "failed");
  EXPECT_EQ(finding(old_ + "/folder")["text"], "it is no file");
  EXPECT_THAT(finding(old_ + "/link")["text"].get<std::string>(),
              HasSubstr("a symbolic link to real"));
  EXPECT_THAT(finding("hash:" + old_ + "/db")["text"].get<std::string>(),
              HasSubstr("postmap -s hash:"));
  EXPECT_EQ(finding("ldap:" + old_ + "/ldap.cf")["kind"], "unsupported");
  EXPECT_FALSE(fs::is_symlink(new_ + "/link"));
}

TEST_F(MigrateDirectoryTest, KeepsPermissionsAndNamesWhatStaysByItsPlace) {
  put("old/main.cf",
      "smtpd_tls_CAfile = ${config_directory}/ca.pem\nbody_checks = pcre:" + old_ + "/b\n");
  put("old/b", "/x/ X\n");
  put("old/ca.pem", "");
  fs::permissions(old_ + "/b", fs::perms(0600));
  move({"--json"});
  EXPECT_EQ(fs::status(new_ + "/b").permissions(), fs::perms(0600));
  EXPECT_EQ(finding(new_ + "/b")["kind"], "unsupported");
  EXPECT_THAT(read(new_ + "/main.cf"), HasSubstr("smtpd_tls_CAfile = " + old_ + "/ca.pem\n"));
}

TEST_F(MigrateDirectoryTest, RefusesToWriteWhereSomethingIs) {
  put("old/main.cf", "myhostname = a.example\n");
  fs::create_directory(new_);
  put("new/file", "x");
  EXPECT_EQ(move(), kExitUsage);
  EXPECT_THAT(err_, HasSubstr("is not empty"));
  EXPECT_FALSE(fs::exists(new_ + "/main.cf"));
  EXPECT_EQ(move({"--force"}), kExitOk) << out_ << err_;
  EXPECT_EQ(migrate({old_, "--to", old_}), kExitUsage);
  EXPECT_EQ(migrate({old_, "--to", old_ + "/new"}), kExitUsage);
  EXPECT_EQ(migrate({old_}), kExitUsage);
  fs::create_directory(path("empty"));
  EXPECT_EQ(migrate({path("empty"), "--to", path("new2")}), kExitNoInput);
}

// A name that goes through `..` or through a link to a directory ends where the file really lies, in the new directory alone.
TEST_F(MigrateDirectoryTest, NeverWritesOutsideTheNewDirectory) {
  fs::create_directory(path("mail"));
  fs::create_directory(path("far"));
  fs::create_directory_symlink(old_, path("alias"));
  fs::create_directory_symlink(path("far"), old_ + "/link");
  put("mail/checks", "/a$/ REJECT up\n");
  put("far/checks", "/a$/ REJECT far\n");
  put("checks", "/a$/ REJECT behind the link\n");
  put("old/checks", "/a$/ REJECT here\n");
  put("mail/access", "a.example REJECT\n");

  struct Case {
    std::string name;
    std::string source, target;  // below the fixture's directory, and below the new one
  };

  const std::string outside = "outside" + directory_.string();
  const Case cases[] = {
      {old_ + "/../mail/checks", "mail/checks", outside + "/mail/checks"},
      {old_ + "/./checks", "old/checks", "checks"},
      {path("alias") + "/checks", "old/checks", "checks"},
      {path("alias") + "/../old/../old/checks", "old/checks", "checks"},
      {old_ + "/link/checks", "far/checks", outside + "/far/checks"},
      {old_ + "/link/../checks", "checks", outside + "/checks"},
  };
  for (const Case& c : cases) {
    fs::remove_all(new_);
    const std::string source = path(c.source.c_str());
    const std::string before = read(source);
    put("old/main.cf", "header_checks = regexp:" + c.name + "\n");
    EXPECT_EQ(move({"--to-pcre-like"}), kExitOk) << c.name << "\n" << out_;
    EXPECT_EQ(read(source), before) << c.name;
    EXPECT_EQ(read(new_ + "/main.cf"), "header_checks = pcre:$config_directory/" + c.target + "\n");
    EXPECT_THAT(read(new_ + "/" + c.target), HasSubstr("/a$/E REJECT")) << c.name;
  }
  fs::remove_all(new_);
  put("old/main.cf",
      "smtpd_client_restrictions = check_client_access hash:" + old_ + "/../mail/access\n");
  move();
  EXPECT_FALSE(fs::exists(path("mail/access.cdb")));
}

TEST_F(MigrateDirectoryTest, RefusesATargetThatLeadsBack) {
  fs::create_directory(old_ + "/sub");
  put("old/sub/checks", "/a$/ REJECT\n");
  put("old/list", "/a$/ REJECT\n");
  fs::create_directory(new_);
  fs::create_directory_symlink(old_ + "/sub", new_ + "/sub");
  fs::create_symlink(old_ + "/list", new_ + "/list");
  put("old/main.cf", "header_checks = regexp:" + old_ + "/sub/checks, regexp:" + old_ + "/list\n");
  const std::string before = snapshot();
  EXPECT_EQ(move({"--to-pcre-like", "--force", "--json"}), kExitBadTable) << out_;
  EXPECT_EQ(before, snapshot());
  EXPECT_EQ(finding(old_ + "/sub/checks")["kind"], "failed");
  EXPECT_EQ(finding(old_ + "/list")["kind"], "failed");
}

TEST_F(MigrateDirectoryTest, KeepsATableOfWhichLinesAreSkipped) {
  put("old/main.cf", "header_checks = regexp:" + old_ + "/h\n");
  put("old/h", "xa/bxx REJECT\njunk\n");
  EXPECT_EQ(move({"--to-pcre-like", "--json"}), kExitBadTable) << out_;
  EXPECT_EQ(read(new_ + "/main.cf"), "header_checks = regexp:$config_directory/h\n");
  EXPECT_EQ(read(new_ + "/h"), "xa/bxx REJECT\njunk\n");
  EXPECT_EQ(finding("junk")["kind"], "failed");
  EXPECT_EQ(finding("junk")["where"], "h, line 2");
}

TEST_F(MigrateDirectoryTest, ReportsWhatStaysBehind) {
  struct Case {
    const char* main;    // behind "@" the old directory
    const char* master;  // appended
    int code;
    const char* what;  // failed, "" for none
    const char* line;  // in the new main.cf
  };

  const Case cases[] = {
      {"kind = regexp\nbody_checks = ${kind}:@/t\n", "", kExitOk, "",
       "body_checks = regexp:$config_directory/t\n"},
      {"default_database_type = texthash\nmynetworks = ${default_database_type}:@/t\n", "", kExitOk,
       "", "mynetworks = texthash:$config_directory/t\n"},
      {"rx = pcre:@/\nheader_checks = ${rx}t\n", "", kExitBadTable, "header_checks", ""},
      {"dir = @\nheader_checks = pcre:${dir}/t\n", "", kExitOk, "",
       "header_checks = pcre:$config_directory/t\n"},
      {"word = @/t\ntype = pcre:\nheader_checks = $type$word\n", "", kExitBadTable, "header_checks",
       ""},
      {"alias_maps = texthash:@/t\nlocal_recipient_maps = $alias_maps\n", "", kExitOk, "",
       "alias_maps = texthash:$config_directory/t\n"},
      {"alias_maps = texthash:@/t\n", "", kExitOk, "", "alias_maps = texthash:"},
      {"myhostname = a.example\n", " -o mynetworks=@/t\n", kExitBadTable, "-o mynetworks", ""},
      {"myhostname = a.example\n", " -o body_checks=pcre:@/t\n", kExitOk, "", ""},
      {"smtpd_restriction_classes = mine\ntype = pcre:\nmine = check_client_access $type@/t\n", "",
       kExitBadTable, "mine", ""},
      {"local_recipient_maps = memcache:@/t\n", "", kExitBadTable, "local_recipient_maps", ""},
  };
  const auto filled = [&](std::string text) {
    for (std::size_t at = 0; (at = text.find('@', at)) != std::string::npos;)
      text.replace(at, 1, old_);
    return text;
  };
  for (const Case& c : cases) {
    fs::remove_all(new_);
    put("old/main.cf", filled(c.main));
    put("old/master.cf", filled(std::string("2525 inet n - n - 20 smtpd\n") + c.master));
    put("old/t", "/x/ REJECT\n");
    EXPECT_EQ(move({"--json"}), c.code) << c.main << out_;
    EXPECT_THAT(read(new_ + "/main.cf"), HasSubstr(c.line)) << c.main;
    if (*c.what == '\0') continue;
    EXPECT_EQ(finding(c.what)["kind"], "failed") << c.main << out_;
  }
}

TEST_F(MigrateDirectoryTest, KeepsOwners) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  put("old/main.cf", "header_checks = pcre:" + old_ +
                         "/h\nsmtpd_client_restrictions = check_client_access hash:" + old_ +
                         "/a\n");
  put("old/h", "/x/ X\n");
  put("old/a", "192.0.2.1 REJECT\n");
  for (const char* name : {"/h", "/a"}) {
    fs::permissions(old_ + name, fs::perms(0640));
    ASSERT_EQ(chown((old_ + name).c_str(), 4242, 4343), 0);
  }
  EXPECT_EQ(move(), kExitOk) << out_;
  for (const char* name : {"/h", "/a", "/a.cdb"}) {
    struct stat status {};

    ASSERT_EQ(stat((new_ + name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_uid, 4242U) << name;
    EXPECT_EQ(status.st_gid, 4343U) << name;
    EXPECT_EQ(status.st_mode & 0007U, 0U) << name;
  }
}

TEST_F(MigrateDirectoryTest, KnowsWhichTypesThereAre) {
  put("old/main.cf",
      "local_recipient_maps = ldap:/x.cf, unix:passwd.byname\n"
      "smtpd_recipient_restrictions = reject_unauth_destination, "
      "check_policy_service mysql:/private/policy\n");
  move({"--json"});
  EXPECT_EQ(finding("ldap:/x.cf")["kind"], "unsupported");
  EXPECT_TRUE(finding("unix:passwd.byname").is_null()) << out_;
  EXPECT_TRUE(finding("mysql:/private/policy").is_null()) << out_;
}

TEST_F(MigrateDirectoryTest, GroupsTablesWhenAsked) {
  put("old/main.cf",
      "header_checks = pcre:" + old_ + "/p\nmime_header_checks = regexp:" + old_ + "/r\n");
  const std::string flat = "/^Subject: a/ A\n/^Subject: b/ B\n/^Subject: c/ C\n";
  put("old/p", flat);
  put("old/r", flat);
  EXPECT_EQ(move({"--group"}), kExitOk) << out_;
  EXPECT_EQ(read(new_ + "/p"), "if /^Subject:/\n" + flat + "endif\n");
  EXPECT_EQ(read(new_ + "/r"), "if /^Subject:/\n" + flat + "endif\n");
  EXPECT_EQ(read(new_ + "/main.cf"),
            "header_checks = pcre:$config_directory/p\n"
            "mime_header_checks = regexp:$config_directory/r\n");
}

}  // namespace
}  // namespace headgate::cli
