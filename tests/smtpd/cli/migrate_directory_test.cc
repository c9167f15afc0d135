// A configuration directory, moved: what is copied, what is written differently, what the report says.
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
  EXPECT_EQ(finding("26/inet postscreen")["kind"], "unsupported");
  EXPECT_EQ(finding("filter/unix pipe")["kind"], "unsupported");
  EXPECT_EQ(finding("cleanup/unix cleanup")["kind"], "carried");
  // What changes nothing here is left as it is.
  EXPECT_THAT(read(new_ + "/main.cf"), HasSubstr("alias_maps = hash:/etc/aliases\n"));
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

}  // namespace
}  // namespace headgate::cli
