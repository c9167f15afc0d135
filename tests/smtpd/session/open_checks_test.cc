#include "smtpd/session/open_checks.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "compiler/compile.h"

namespace headgate::session {
namespace {

using checks::CheckSet;
using checks::KeyClass;
using testing::ElementsAre;
using testing::IsEmpty;

class OpenChecks : public testing::Test {
 protected:
  OpenChecks() {
    std::string pattern = testing::TempDir() + "open_checks_XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    marked_ = write("marked", "/every/ WARN every\n#@emergency\n/worm/ REJECT worm\n");
    plain_ = write("plain", "/plain/ WARN plain\n");
  }

  ~OpenChecks() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_ + "/" + name) << text;
    return "pcre:" + directory_ + "/" + name;
  }

  config::Settings settings(std::vector<std::string> specs) const {
    config::Settings out;
    out.header_checks = out.mime_header_checks = out.nested_header_checks = specs;
    return out;
  }

  static std::string answer(CheckSet& set, KeyClass key_class, std::string_view key) {
    const auto found = set.of(key_class).find(key);
    if (!found) return "error: " + found.error().what;
    return *found ? (*found)->value : "-";
  }

  static std::string answer(CheckSet& set, std::string_view key) {
    return answer(set, KeyClass::header, key);
  }

  WarningSink warn() {
    return [this](const Diagnostic& d) { warnings_.push_back(d.text); };
  }

  std::string directory_, marked_, plain_;
  compiler::CompilingSource programs_;
  std::vector<std::string> warnings_;
};

struct Choice {
  std::optional<bool> only_emergency;
  std::string_view every, worm, plain;  // what stays under stress
};

TEST_F(OpenChecks, StressKeepsWhatTheSettingSays) {
  const Choice choices[] = {{std::nullopt, "-", "REJECT worm", "WARN plain"},
                            {true, "-", "REJECT worm", "-"},
                            {false, "WARN every", "REJECT worm", "WARN plain"}};
  for (const Choice& choice : choices) {
    config::Settings calm = settings({marked_, plain_});
    calm.stress_keeps_only_emergency_checks = choice.only_emergency;
    config::Settings stressed = calm;
    stressed.stress = true;
    const ServiceChecks checks = open_service_checks(calm, stressed, programs_, warn());
    EXPECT_EQ(answer(*checks.calm, "every"), "WARN every");
    EXPECT_EQ(answer(*checks.calm, "plain"), "WARN plain");
    EXPECT_EQ(answer(*checks.stressed, "every"), choice.every);
    EXPECT_EQ(answer(*checks.stressed, "worm"), choice.worm);
    EXPECT_EQ(answer(*checks.stressed, "plain"), choice.plain);
  }
}

TEST_F(OpenChecks, ForcedStressIsStressInCalmToo) {
  config::Settings forced = settings({marked_});
  forced.stress = true;
  const ServiceChecks checks = open_service_checks(forced, forced, programs_, warn());
  EXPECT_EQ(answer(*checks.calm, "every"), "-");
}

TEST_F(OpenChecks, ForcedCalmIsCalmUnderStressToo) {
  const config::Settings forced = settings({marked_});
  const ServiceChecks checks = open_service_checks(forced, forced, programs_, warn());
  EXPECT_EQ(answer(*checks.stressed, "every"), "WARN every");
}

TEST_F(OpenChecks, EachStageHasItsOwnLists) {
  config::Settings stressed = settings({plain_});
  stressed.stress = true;
  const ServiceChecks checks =
      open_service_checks(settings({marked_}), stressed, programs_, warn());
  EXPECT_EQ(answer(*checks.calm, "plain"), "-");
  EXPECT_EQ(answer(*checks.stressed, "plain"), "WARN plain");
  EXPECT_EQ(answer(*checks.stressed, "worm"), "-");
}

TEST_F(OpenChecks, EqualListsAreShared) {
  config::Settings s = settings({plain_});
  const auto set = open_checks(s, Stage::full, programs_, warn());
  EXPECT_EQ(set->mime, set->header);
  EXPECT_EQ(set->nested, set->header);
  EXPECT_TRUE(set->body->empty());
  s.mime_header_checks = {marked_};
  s.body_checks = {plain_};
  const auto other = open_checks(s, Stage::full, programs_, warn());
  EXPECT_NE(other->mime, other->header);
  EXPECT_EQ(other->nested, other->header);
  EXPECT_EQ(answer(*other, KeyClass::mime, "worm"), "REJECT worm");
  EXPECT_EQ(answer(*other, KeyClass::body, "plain"), "WARN plain");
}

TEST_F(OpenChecks, ATableThatIsNotThereFailsItsLookups) {
  config::Settings s = settings({"pcre:" + directory_ + "/none"});
  s.stress_keeps_only_emergency_checks = true;
  for (const Stage stage : {Stage::full, Stage::emergency}) {
    warnings_.clear();
    const auto set = open_checks(s, stage, programs_, warn());
    EXPECT_THAT(warnings_, ElementsAre(testing::HasSubstr("open " + directory_ +
                                                          "/none: No such file or directory")));
    EXPECT_THAT(answer(*set, "x"),
                testing::StartsWith("error: pcre:" + directory_ + "/none is unavailable."));
  }
}

TEST_F(OpenChecks, WarningsAreGivenOnce) {
  const config::Settings s = settings({write("bad", "/(/ REJECT\n/ok/ WARN\n")});
  const ServiceChecks checks = open_service_checks(s, s, programs_, warn());
  EXPECT_EQ(warnings_.size(), 1U);
  EXPECT_EQ(answer(*checks.calm, "ok"), "WARN");
}

TEST_F(OpenChecks, TablesOfMilterHeaderChecksAreOpenedAndNotAsked) {
  config::Settings s;
  s.milter_header_checks = {plain_, "pcre:" + directory_ + "/none"};
  const ServiceChecks checks = open_service_checks(s, s, programs_, warn());
  EXPECT_THAT(warnings_, testing::Contains(testing::HasSubstr("/none: No such file")));
  ASSERT_EQ(checks.calm->milter->tables.size(), 2U);
  const auto found = checks.calm->milter->tables[0]->find("plain");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->value, "WARN plain");
  EXPECT_TRUE(checks.calm->empty()) << "a message is not asked";
}

TEST_F(OpenChecks, NothingConfiguredIsAnEmptySet) {
  const ServiceChecks checks =
      open_service_checks(config::Settings(), config::Settings(), programs_, warn());
  EXPECT_TRUE(checks.calm->empty());
  EXPECT_TRUE(checks.stressed->empty());
  EXPECT_THAT(warnings_, IsEmpty());
}

// A message that began before the stress and one that began in it are looked at on two threads.
TEST_F(OpenChecks, TheTwoSetsShareNothingThatIsWrittenTo) {
  const std::string table = write("captures", "/^X: (a*)(b*)(c*)$/ WARN $1-$2-$3\n");
  const config::Settings both = settings({table});
  const ServiceChecks checks = open_service_checks(both, both, programs_, warn());
  const auto ask = [](CheckSet& set, int times, const char* key, const char* expected) {
    int wrong = 0;
    for (int i = 0; i < times; ++i) wrong += answer(set, key) == expected ? 0 : 1;
    return wrong;
  };
  int wrong = 0;
  std::thread other(
      [&] { wrong = ask(*checks.stressed, 20000, "X: abbbccccc", "WARN a-bbb-ccccc"); });
  EXPECT_EQ(ask(*checks.calm, 20000, "X: aaaabcc", "WARN aaaa-b-cc"), 0);
  other.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace headgate::session
