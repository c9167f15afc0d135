#include "compiler/store/image_source.h"

#include <cstdlib>
#include <fstream>

#include "engine/rules/program_lookup.h"
#include "tests/compiler/store/store_fixture.h"

namespace headgate::store {
namespace {

using rules::Dialect;

class ImageSourceTest : public StoreTest {
 protected:
  std::unique_ptr<ImageSource> source() {
    auto made = std::make_unique<ImageSource>(rules::ImageSettings{},
                                              std::make_unique<InProcessBuilder>(env_), env_);
    made->configure(settings_);
    return made;
  }

  static std::string answer(const rules::CompiledTable& table, std::string_view key) {
    rules::ProgramLookup lookup(table.full, "t", nullptr);
    const auto found = lookup.find(key);
    return *found ? (*found)->value : "none";
  }

  std::string only_image() const {
    EXPECT_EQ(files().size(), 1U);
    return settings_.directory + "/" + files().at(0);
  }

  std::atomic<bool> cancelled_ = false;
};

TEST_F(ImageSourceTest, AnswersAtOnceAndWithDatabasesOnceBuilt) {
  const std::string name = table("/foo/ X\n/bad(/ Y\n");
  const auto programs = source();
  const auto cold = programs->load(Dialect::pcre, name);
  ASSERT_TRUE(cold);
  EXPECT_TRUE(cold->wants_build);
  EXPECT_TRUE(cold->full->scanners().empty());
  EXPECT_EQ(cold->full->patterns()[0].reason, "its database is not built yet");
  EXPECT_EQ(answer(*cold, "a foo"), "X");
  ASSERT_TRUE(programs->build(Dialect::pcre, name, cancelled_));
  const auto warm = programs->load(Dialect::pcre, name);
  ASSERT_TRUE(warm);
  EXPECT_FALSE(warm->wants_build);
  ASSERT_EQ(warm->full->scanners().size(), 1U);
  EXPECT_EQ(warm->full->patterns()[0].strategy, rules::Strategy::native);
  EXPECT_EQ(answer(*warm, "a foo"), "X");
  ASSERT_EQ(warm->diagnostics.size(), 1U);
  EXPECT_EQ(warm->diagnostics[0].text, cold->diagnostics[0].text);
}

TEST_F(ImageSourceTest, EqualLoadsShareTheirPrograms) {
  const std::string name = table("/foo/ X\n#@emergency\n/bar/ Y\n");
  const auto programs = source();
  const auto cold = programs->load(Dialect::pcre, name);
  const auto again = programs->load(Dialect::pcre, name);
  EXPECT_EQ(cold->full, again->full);
  EXPECT_EQ(cold->emergency, again->emergency);
  ASSERT_TRUE(programs->build(Dialect::pcre, name, cancelled_));
  const auto warm = programs->load(Dialect::pcre, name);
  EXPECT_NE(warm->full, cold->full);
  EXPECT_EQ(warm->full, programs->load(Dialect::pcre, name)->full);
}

TEST_F(ImageSourceTest, AChangedTableHasAnotherImage) {
  const std::string name = table("/foo/ X\n");
  const auto programs = source();
  ASSERT_TRUE(programs->build(Dialect::pcre, name, cancelled_));
  table("/foo/ Y\n");
  const auto changed = programs->load(Dialect::pcre, name);
  EXPECT_TRUE(changed->wants_build);
  EXPECT_EQ(answer(*changed, "foo"), "Y");
  table("/foo/ X\n");
  EXPECT_FALSE(programs->load(Dialect::pcre, name)->wants_build);
}

TEST_F(ImageSourceTest, ADamagedImageIsRefusedSaidAndBuiltAgain) {
  const std::string name = table("/foo/ X\n");
  ASSERT_TRUE(source()->build(Dialect::pcre, name, cancelled_));
  {
    std::fstream file(only_image(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(500);
    file.put('\x7f');
  }
  const std::string image = only_image();
  const auto programs = source();
  const auto cold = programs->load(Dialect::pcre, name);
  ASSERT_EQ(cold->diagnostics.size(), 1U);
  EXPECT_EQ(cold->diagnostics[0].text,
            image + ": not a usable image: its checksum differs: it is built again");
  EXPECT_TRUE(cold->wants_build);
  EXPECT_EQ(answer(*cold, "foo"), "X");
  EXPECT_TRUE(programs->load(Dialect::pcre, name)->diagnostics.empty()) << "said once";
  ASSERT_TRUE(programs->build(Dialect::pcre, name, cancelled_));
  EXPECT_FALSE(programs->load(Dialect::pcre, name)->wants_build);
}

// Even while a Program that maps the image is in use: the file is not any more what was verified.
TEST_F(ImageSourceTest, DamageDoneToAnImageInUseIsSeenByTheNextLoad) {
  const std::string name = table("/foo/ X\n");
  const auto programs = source();
  ASSERT_TRUE(programs->build(Dialect::pcre, name, cancelled_));
  const auto in_use = programs->load(Dialect::pcre, name);
  ASSERT_FALSE(in_use->wants_build);
  {
    std::fstream file(only_image(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(90);
    file.put('\x7f');
  }
  const auto reloaded = programs->load(Dialect::pcre, name);
  EXPECT_TRUE(reloaded->wants_build);
  EXPECT_EQ(reloaded->diagnostics.size(), 1U);
}

TEST_F(ImageSourceTest, WithoutADirectoryNothingIsWanted) {
  settings_.directory = "";
  const std::string name = table("/foo/ X\n");
  const auto programs = source();
  const auto loaded = programs->load(Dialect::pcre, name);
  EXPECT_FALSE(loaded->wants_build);
  EXPECT_EQ(answer(*loaded, "foo"), "X");
  EXPECT_EQ(programs->build(Dialect::pcre, name, cancelled_).error().code, Code::unavailable);
}

TEST_F(ImageSourceTest, InlineTablesAreTablesLikeOthers) {
  const std::string name = "{{/(f)oo/ <$1>}}";
  const auto programs = source();
  EXPECT_TRUE(programs->load(Dialect::regexp, name)->wants_build);
  ASSERT_TRUE(programs->build(Dialect::regexp, name, cancelled_));
  const auto warm = programs->load(Dialect::regexp, name);
  EXPECT_FALSE(warm->wants_build);
  EXPECT_EQ(answer(*warm, "FOO"), "<F>");
  EXPECT_EQ(programs->load(Dialect::regexp, "{").error().code, Code::invalid);
}

TEST_F(ImageSourceTest, ATableWithoutPatternsWantsNothing) {
  EXPECT_FALSE(source()->load(Dialect::pcre, table("# nothing\n"))->wants_build);
}

TEST_F(ImageSourceTest, FailuresAreErrorsAndTheTableGoesOnWorking) {
  const auto programs = source();
  EXPECT_EQ(programs->load(Dialect::pcre, scratch_ + "/none").error().what,
            "open " + scratch_ + "/none: No such file or directory");
  const std::string name = table("/foo/ X\n");
  settings_.directory = name + "/images";
  programs->configure(settings_);
  EXPECT_NE(programs->build(Dialect::pcre, name, cancelled_).error().what.find("Not a directory"),
            std::string::npos);
  const auto loaded = programs->load(Dialect::pcre, name);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(answer(*loaded, "foo"), "X");
}

TEST(UserImageDirectory, FollowsTheEnvironment) {
  ::setenv("XDG_CACHE_HOME", "/xdg", 1);
  EXPECT_EQ(user_image_directory(), "/xdg/headgate");
  ::setenv("XDG_CACHE_HOME", "relative", 1);
  ::setenv("HOME", "/home/me", 1);
  EXPECT_EQ(user_image_directory(), "/home/me/.cache/headgate");
  ::unsetenv("XDG_CACHE_HOME");
  ::unsetenv("HOME");
  EXPECT_EQ(user_image_directory(), "");
}

}  // namespace
}  // namespace headgate::store
