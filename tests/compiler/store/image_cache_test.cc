#include "compiler/store/image_cache.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "compiler/back/image_writer.h"
#include "compiler/compile.h"
#include "tests/compiler/store/store_fixture.h"

namespace headgate::store {
namespace {

Digest key_of(std::uint8_t number) { return Digest{number}; }

std::string image_for(const Digest& key, std::string_view text = "/foo/ X\n") {
  return *back::write_image(compiler::compile_text(rules::Dialect::pcre, "t", text, {}), key, "");
}

class ImageCacheTest : public StoreTest {
 protected:
  ImageCache cache() { return ImageCache(settings_.directory, env_); }

  void publish(std::uint8_t number) {
    ASSERT_TRUE(cache().publish(key_of(number), image_for(key_of(number))));
  }

  void used_before(std::uint8_t number, std::chrono::seconds ago) {
    const timespec then{::time(nullptr) - ago.count(), 0};
    const timespec times[2] = {then, then};
    ASSERT_EQ(::utimensat(AT_FDCWD, cache().path_of(key_of(number)).c_str(), times, 0), 0);
  }
};

TEST_F(ImageCacheTest, FindsWhatWasPublished) {
  EXPECT_EQ(cache().find(key_of(1)).error().code, Code::not_found);
  publish(1);
  const auto found = cache().find(key_of(1));
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(found->table.full->rules().size(), 1U);
  EXPECT_EQ(found->identity, *file_identity(cache().path_of(key_of(1))));
  EXPECT_EQ(files().size(), 1U);
}

TEST_F(ImageCacheTest, ADamagedImageIsRemoved) {
  publish(1);
  std::string bytes = *read_file(cache().path_of(key_of(1)));
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_TRUE(write_file_atomically(cache().path_of(key_of(1)), bytes, 0600));
  const auto found = cache().find(key_of(1));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().text(),
            cache().path_of(key_of(1)) + ": not a usable image: its checksum differs");
  EXPECT_TRUE(files().empty());
}

TEST_F(ImageCacheTest, FindingMarksAsUsed) {
  publish(1);
  used_before(1, std::chrono::hours{24 * 40});
  ASSERT_TRUE(cache().find(key_of(1)));
  EXPECT_EQ(cache().prune({}), 0U);
}

TEST_F(ImageCacheTest, WhatWasNotUsedForLongGoes) {
  publish(1);
  publish(2);
  used_before(1, std::chrono::hours{24 * 31});
  used_before(2, std::chrono::hours{24 * 29});
  EXPECT_EQ(cache().prune({}), 1U);
  EXPECT_FALSE(cache().find(key_of(1)));
  EXPECT_TRUE(cache().find(key_of(2)));
}

TEST_F(ImageCacheTest, OfTooMuchTheLongestUnusedGoesAndNeverTheJustUsed) {
  for (std::uint8_t i = 1; i <= 3; ++i) publish(i);
  used_before(1, std::chrono::hours{2});
  used_before(2, std::chrono::hours{3});
  CacheLimits limits;
  limits.total_bytes = 2 * std::filesystem::file_size(cache().path_of(key_of(1)));
  EXPECT_EQ(cache().prune(limits), 1U);
  EXPECT_FALSE(cache().find(key_of(2)));
  limits.total_bytes = 1;
  used_before(1, std::chrono::hours{2});
  EXPECT_EQ(cache().prune(limits), 1U);
  EXPECT_TRUE(cache().find(key_of(3)));
}

TEST_F(ImageCacheTest, LeftOversOfADeadPublisherGo) {
  publish(1);
  const std::string left = cache().path_of(key_of(1)) + ".77.ab.tmp";
  ASSERT_TRUE(write_file_atomically(left, "half"));
  ASSERT_TRUE(write_file_atomically(settings_.directory + "/notes.txt", "not ours"));
  EXPECT_EQ(cache().prune({}), 0U) << "it may still be written to";
  env_.ahead = std::chrono::hours{2};
  EXPECT_EQ(cache().prune({}), 1U);
  EXPECT_EQ(files().size(), 2U);
}

TEST_F(ImageCacheTest, OtherPeoplesFilesAreLeftAlone) {
  publish(1);
  const std::string digits = std::string(64, 'a');
  for (const std::string& name :
       {std::string("holiday.image"), std::string("mail.tmp"), digits, digits + ".image.bak",
        digits + "a.image", digits.substr(1) + "A.image", digits + ".tmp", "x" + digits + ".image",
        digits + ".imagex.tmp", std::string(".image"), digits.substr(1) + ".image.1.tmp"}) {
    ASSERT_TRUE(write_file_atomically(settings_.directory + "/" + name, "not ours"));
  }
  env_.ahead = std::chrono::hours{24 * 40};
  CacheLimits limits;
  limits.total_bytes = 1;
  EXPECT_EQ(cache().prune(limits), 1U);
  EXPECT_EQ(files().size(), 11U);
}

TEST_F(ImageCacheTest, PublishersOfOneImageDoNotDisturbEachOther) {
  const std::string image = image_for(key_of(1));
  std::vector<std::thread> publishers;
  std::atomic<int> failed{0};
  for (int i = 0; i < 4; ++i) {
    publishers.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        if (!cache().publish(key_of(1), image) || !cache().find(key_of(1))) ++failed;
      }
    });
  }
  for (std::thread& publisher : publishers) publisher.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(files().size(), 1U);
}

// A full disk, as a limit on the size of files has it: write(2) fails half way.
TEST_F(ImageCacheTest, AWriteThatFailsLeavesNothingBehind) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &small);
    const auto published = cache().publish(key_of(1), std::string(5000, 'x'));
    ::_exit(!published && published.error().what.find("File too large") != std::string::npos ? 0
                                                                                             : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(files().empty());
}

TEST_F(ImageCacheTest, ADirectoryThatCannotBeMadeIsAnError) {
  settings_.directory = table("a file") + "/images";
  const auto published = cache().publish(key_of(1), image_for(key_of(1)));
  ASSERT_FALSE(published);
  EXPECT_NE(published.error().what.find("Not a directory"), std::string::npos);
  EXPECT_EQ(cache().prune({}), 0U);
}

TEST_F(ImageCacheTest, AnotherUsersDirectoryIsNeitherReadNorWrittenNorTidied) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  publish(1);
  ASSERT_EQ(::chown(cache().path_of(key_of(1)).c_str(), 65534, 65534), 0);
  ASSERT_EQ(::chown(settings_.directory.c_str(), 65534, 65534), 0);
  EXPECT_EQ(cache().find(key_of(1)).error().code, Code::not_found);
  const auto published = cache().publish(key_of(2), image_for(key_of(2)));
  ASSERT_FALSE(published);
  EXPECT_EQ(published.error().text(),
            settings_.directory +
                ": it belongs to another user (uid 65534), who could decide what is matched: chown "
                "it, or name another check_image_directory");
  env_.ahead = std::chrono::hours{24 * 40};
  EXPECT_EQ(cache().prune({}), 0U);
  EXPECT_EQ(files().size(), 1U);
}

TEST_F(ImageCacheTest, AnEmptyDirectoryInAnImagesPlaceGoesAndAFullOneIsNamed) {
  std::filesystem::create_directories(cache().path_of(key_of(1)));
  EXPECT_EQ(cache().find(key_of(1)).error().code, Code::corrupt);
  publish(1);
  std::filesystem::create_directories(cache().path_of(key_of(2)) + "/full");
  EXPECT_EQ(cache().find(key_of(2)).error().code, Code::corrupt);
  const auto published = cache().publish(key_of(2), image_for(key_of(2)));
  ASSERT_FALSE(published);
  EXPECT_TRUE(
      published.error().what.ends_with("Is a directory: remove " + cache().path_of(key_of(2))))
      << published.error().what;
}

TEST_F(ImageCacheTest, MissingParentsAreMade) {
  settings_.directory = scratch_ + "/a/b/images";
  publish(1);

  struct stat status {};

  ASSERT_EQ(::stat(settings_.directory.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700U);
}

}  // namespace
}  // namespace headgate::store
