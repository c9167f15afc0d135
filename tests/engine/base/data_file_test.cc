#include "engine/base/data_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "engine/base/guarded_read.h"
#include "tests/support/scratch_directory.h"

namespace headgate {

namespace {

using testing_support::ScratchDirectory;
using testing_support::write_contents;

TEST(DataFileTest, bytes_are_the_file_and_outlive_it) {
  const ScratchDirectory directory;
  const std::string path = directory.path("F");
  write_contents(path, "content");
  const auto file = DataFile::open(path);
  ASSERT_TRUE(file) << file.error().text();
  std::filesystem::remove(path);
  EXPECT_EQ((*file)->bytes(), "content");
  EXPECT_EQ(*(*file)->size_now(), 7U);
  EXPECT_EQ(DataFile::open(path).error().text(), "open " + path + ": No such file or directory");
}

TEST(DataFileTest, an_empty_file_has_no_bytes) {
  const ScratchDirectory directory;
  write_contents(directory.path("F"), "");
  EXPECT_EQ((*DataFile::open(directory.path("F")))->bytes(), "");
}

TEST(DataFileTest, what_is_no_file_is_refused) {
  const ScratchDirectory directory;
  EXPECT_EQ(DataFile::open(directory.path()).error().code, Code::corrupt);
  EXPECT_EQ(DataFile::open("/dev/null").error().code, Code::corrupt);
}

TEST(DataFileTest, grows_when_it_is_mapped_again) {
  const ScratchDirectory directory;
  const std::string path = directory.path("F");
  write_contents(path, "short");
  const auto file = DataFile::open(path);
  write_contents(path, "longer than before");
  EXPECT_EQ((*(*file)->mapped_again())->bytes(), "longer than before");
}

TEST(GuardedReadTest, an_access_behind_the_end_of_the_file_is_false) {
  const ScratchDirectory directory;
  const std::string path = directory.path("F");
  write_contents(path, std::string(20000, 'x'));
  const auto file = DataFile::open(path);
  char last = 0;
  auto read = [&] { last = *static_cast<const volatile char*>(&(*file)->bytes().back()); };
  EXPECT_TRUE(guarded_read(read));
  EXPECT_EQ(last, 'x');
  ASSERT_EQ(::truncate(path.c_str(), 100), 0);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(guarded_read(read));
  write_contents(path, std::string(20000, 'y'));
  EXPECT_TRUE(guarded_read(read));
  EXPECT_EQ(last, 'y');
}

TEST(GuardedReadDeathTest, outside_of_a_read_it_is_the_end) {
  const ScratchDirectory directory;
  const std::string path = directory.path("F");
  write_contents(path, std::string(20000, 'x'));
  const auto file = DataFile::open(path);
  ASSERT_EQ(::truncate(path.c_str(), 0), 0);
  EXPECT_DEATH(
      {
        const volatile char last = *static_cast<const volatile char*>(&(*file)->bytes().back());
        (void)last;
      },
      "");
}

}  // namespace

}  // namespace headgate
