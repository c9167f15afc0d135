#include "engine/base/file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

namespace headgate {
namespace {

class FileTest : public ::testing::Test {
 protected:
  FileTest() {
    std::string pattern = ::testing::TempDir() + "headgate_file_XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }

  ~FileTest() override { std::system(("rm -rf " + directory_).c_str()); }

  std::string directory_;
};

TEST_F(FileTest, AtomicWriteReplaces) {
  const std::string path = directory_ + "/x";
  ASSERT_TRUE(write_file_atomically(path, "one"));
  ASSERT_TRUE(write_file_atomically(path, "two"));
  EXPECT_EQ(*read_file(path), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1);
}

TEST_F(FileTest, AtomicWriteFollowsNoLinkThatLiesInItsWay) {
  const std::string path = directory_ + "/x";
  const std::string other = directory_ + "/other";
  ASSERT_TRUE(write_file_atomically(other, "mine"));
  ASSERT_EQ(::symlink(other.c_str(), fmt::format("{}.{}.tmp", path, ::getpid()).c_str()), 0);
  ASSERT_TRUE(write_file_atomically(path, "new"));
  EXPECT_EQ(*read_file(path), "new");
  EXPECT_EQ(*read_file(other), "mine");
}

TEST_F(FileTest, ErrorsNameTheFile) {
  const auto missing = read_file(directory_ + "/nope");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::not_found);
  EXPECT_EQ(missing.error().text(), "open " + directory_ + "/nope: No such file or directory");
}

TEST_F(FileTest, LimitIsAnError) {
  const std::string path = directory_ + "/big";
  ASSERT_TRUE(write_file_atomically(path, std::string(100, 'x')));
  EXPECT_TRUE(read_file(path, 100));
  EXPECT_EQ(read_file(path, 99).error().code, Code::limit);
}

}  // namespace
}  // namespace headgate
