#include "engine/base/mapped_file.h"

#include <sys/stat.h>

#include <filesystem>

#include <gtest/gtest.h>

#include "engine/base/file.h"

namespace headgate {
namespace {

class MappedFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "mapped_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }

  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string file(std::string_view data) {
    std::string path = directory_ + "/f";
    EXPECT_TRUE(write_file_atomically(path, data, 0600));
    return path;
  }

  std::string directory_;
};

TEST_F(MappedFileTest, OutlivesTheFile) {
  const std::string path = file("some bytes");
  const auto mapped = MappedFile::open(path);
  ASSERT_TRUE(mapped);
  EXPECT_EQ((*mapped)->identity(), *file_identity(path));
  std::filesystem::remove(path);
  EXPECT_EQ((*mapped)->bytes(), "some bytes");
}

TEST_F(MappedFileTest, AnotherFileHasAnotherIdentity) {
  const std::string path = file("one");
  const auto before = file_identity(path);
  file("two");
  EXPECT_NE(*before, *file_identity(path));
}

TEST_F(MappedFileTest, RefusesWhatSomebodyElseCouldWrite) {
  const std::string path = file("x");
  for (const mode_t mode : {0620U, 0602U}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    EXPECT_EQ(MappedFile::open(path).error().code, Code::corrupt);
  }
}

TEST_F(MappedFileTest, RefusesLinksDirectoriesAndEmptyFiles) {
  const std::string path = file("");
  EXPECT_EQ(MappedFile::open(path).error().code, Code::corrupt);
  EXPECT_EQ(MappedFile::open(directory_).error().code, Code::corrupt);
  std::filesystem::create_symlink(path, directory_ + "/link");
  EXPECT_FALSE(MappedFile::open(directory_ + "/link"));
  EXPECT_EQ(MappedFile::open(directory_ + "/none").error().code, Code::not_found);
}

}  // namespace
}  // namespace headgate
