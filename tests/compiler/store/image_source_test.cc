#include "compiler/store/image_source.h"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "engine/base/file.h"
#include "engine/base/mapped_file.h"
#include "engine/rules/program_lookup.h"
#include "tests/compiler/back/poor_process.h"
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

  // Another byte at `offset`, whatever was there. A file system's clock goes in ticks: a change in the tick of the last use
  // is not to be seen by anybody, so it is repeated until the clock has moved.
  void damage(std::streamoff offset) const {
    const std::string path = only_image();
    const FileIdentity before = *file_identity(path);
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(offset);
    const char other = static_cast<char>(~file.get());
    do {
      file.seekp(offset);
      file.put(other);
      file.flush();
      ASSERT_TRUE(file);
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    } while (*file_identity(path) == before);
  }

  std::atomic<bool> cancelled_ = false;
};

TEST_F(ImageSourceTest, AnswersAtOnceAndWithDatabasesOnceBuilt) {
  const std::string name = table("/foo/ X\n/bad(/ Y\n");
  const auto programs = source();
  const auto cold = programs->load(Dialect::pcre, name);
  ASSERT_TRUE(cold);
  EXPECT_TRUE(cold->wants_build);
  EXPECT_TRUE(cold->full->plan().scans.empty());
  EXPECT_EQ(cold->full->patterns()[0].reason, "its database is not built yet");
  EXPECT_EQ(answer(*cold, "a foo"), "X");
  ASSERT_TRUE(programs->build(Dialect::pcre, name, cancelled_));
  const auto warm = programs->load(Dialect::pcre, name);
  ASSERT_TRUE(warm);
  EXPECT_FALSE(warm->wants_build);
  ASSERT_FALSE(warm->full->plan().scans.empty());
  EXPECT_EQ(warm->full->patterns()[0].strategy, rules::Strategy::literal);
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

class CountingBuilder final : public Builder {
 public:
  explicit CountingBuilder(const Env& env) : real_(env) {}

  Result<void> build(Dialect dialect, const std::string& name, const rules::ImageSettings& settings,
                     const std::atomic<bool>& cancelled) override {
    ++builds;
    return real_.build(dialect, name, settings, cancelled);
  }

  int builds = 0;

 private:
  InProcessBuilder real_;
};

TEST_F(ImageSourceTest, WhatAnotherServerHasBuiltIsNotBuiltAgain) {
  const std::string name = table("/foo/ X\n");
  auto counting = std::make_unique<CountingBuilder>(env_);
  CountingBuilder& builder = *counting;
  ImageSource one(settings_, std::move(counting), env_);
  const auto cold = one.load(Dialect::pcre, name);
  ASSERT_TRUE(cold->wants_build);
  ASSERT_TRUE(source()->build(Dialect::pcre, name, cancelled_));
  ASSERT_TRUE(one.build(Dialect::pcre, name, cancelled_));
  EXPECT_EQ(builder.builds, 0);
  EXPECT_FALSE(one.load(Dialect::pcre, name)->wants_build);
}

TEST_F(ImageSourceTest, WhatIsInUseIsNeverTooOld) {
  const std::string used = table("/foo/ X\n", "used"), gone = table("/bar/ X\n", "gone");
  const auto programs = source();
  ASSERT_TRUE(programs->build(Dialect::pcre, used, cancelled_));
  ASSERT_TRUE(programs->build(Dialect::pcre, gone, cancelled_));
  const auto in_use = programs->load(Dialect::pcre, used);
  ASSERT_FALSE(in_use->wants_build);
  programs->load(Dialect::pcre, gone);  // and let go
  env_.ahead = std::chrono::hours{24 * 31};
  ASSERT_TRUE(programs->build(Dialect::pcre, table("/new/ X\n", "new"), cancelled_));
  EXPECT_EQ(files().size(), 1U) << "what is new is 31 days old, too: only this clock runs ahead";
  EXPECT_EQ(programs->load(Dialect::pcre, used)->full, in_use->full) << "and is still the same";
  env_.ahead = std::chrono::hours{24 * 62};
  EXPECT_FALSE(programs->load(Dialect::pcre, used)->wants_build);
  ASSERT_TRUE(source()->build(Dialect::pcre, table("/newer/ X\n", "newer"), cancelled_));
  EXPECT_FALSE(source()->load(Dialect::pcre, used)->wants_build)
      << "loading it again was a use that other servers see";
}

// A build that the machine had no processes for is not what this table comes to: the next one may do better.
TEST_F(ImageSourceTest, WhatTheMachineCouldNotCompileIsNotPublished) {
  std::filesystem::create_directories(settings_.directory);
  std::filesystem::permissions(scratch_, std::filesystem::perms::all);
  std::filesystem::permissions(settings_.directory, std::filesystem::perms::all);
  const std::string name = "{{/(a+)+/ X}}";
  const auto programs = source();
  const auto holds = [&] {
    const auto built = InProcessBuilder(env_).build(Dialect::regexp, name, settings_, cancelled_);
    const auto loaded = programs->load(Dialect::regexp, name);
    return !built && built.error().code == Code::unavailable && !loaded &&
           loaded.error().code == Code::unavailable;
  };
  EXPECT_EQ(back::in_poor_process([] { back::limit_hard(RLIMIT_NPROC, 0); }, holds), 0);
  EXPECT_TRUE(files().empty());
  EXPECT_TRUE(programs->load(Dialect::regexp, name));
}

TEST_F(ImageSourceTest, AFullDirectoryIsTidiedBeforeABuild) {
  const std::string left = settings_.directory + "/" + std::string(64, '0') + ".image.1.2.tmp";
  ASSERT_TRUE(source()->build(Dialect::pcre, table("/foo/ X\n"), cancelled_));
  ASSERT_TRUE(write_file_atomically(left, "half"));
  env_.ahead = std::chrono::hours{2};

  class Full final : public Builder {
   public:
    Result<void> build(Dialect, const std::string& name, const rules::ImageSettings&,
                       const std::atomic<bool>&) override {
      return fail(Code::io, "No space left on device", name);
    }
  };

  ImageSource full(settings_, std::make_unique<Full>(), env_);
  EXPECT_FALSE(full.build(Dialect::pcre, table("/bar/ X\n"), cancelled_));
  EXPECT_EQ(files().size(), 1U);
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
  damage(500);
  const std::string image = only_image();
  const auto programs = source();
  const auto cold = programs->load(Dialect::pcre, name);
  ASSERT_EQ(cold->diagnostics.size(), 1U);
  EXPECT_EQ(
      cold->diagnostics[0].text,
      image +
          ": not a usable image: its checksum differs: it is not used, a new one has to be built");
  EXPECT_TRUE(cold->wants_build);
  EXPECT_EQ(answer(*cold, "foo"), "X");
  EXPECT_TRUE(programs->load(Dialect::pcre, name)->diagnostics.empty()) << "said once";
  ASSERT_TRUE(programs->build(Dialect::pcre, name, cancelled_));
  EXPECT_FALSE(programs->load(Dialect::pcre, name)->wants_build);
}

TEST_F(ImageSourceTest, AByteChangedAnywhereIsRefusedSaidAndDoesNotChangeAnAnswer) {
  const std::string name = table("/foo/ X\n");
  const auto programs = source();
  ASSERT_TRUE(programs->build(Dialect::pcre, name, cancelled_));
  const std::string image = only_image();
  const std::string good = *read_file(image);
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(~bad[at]);
    std::ofstream(image, std::ios::binary) << bad;
    const auto loaded = programs->load(Dialect::pcre, name);
    ASSERT_TRUE(loaded && loaded->wants_build) << "byte " << at;
    ASSERT_EQ(loaded->diagnostics.size(), 1U) << "byte " << at;
    ASSERT_TRUE(loaded->diagnostics[0].text.starts_with(image + ": not a usable image: "));
    ASSERT_EQ(answer(*loaded, "a foo"), "X") << "byte " << at;
    ASSERT_TRUE(files().empty()) << "byte " << at;
  }
  std::ofstream(image, std::ios::binary) << good;
  EXPECT_FALSE(programs->load(Dialect::pcre, name)->wants_build);
}

// Even while a Program that maps the image is in use: the file is not any more what was verified.
TEST_F(ImageSourceTest, DamageDoneToAnImageInUseIsSeenByTheNextLoad) {
  const std::string name = table("/foo/ X\n");
  const auto programs = source();
  ASSERT_TRUE(programs->build(Dialect::pcre, name, cancelled_));
  const auto in_use = programs->load(Dialect::pcre, name);
  ASSERT_FALSE(in_use->wants_build);
  damage(90);
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
