#include "smtpd/observe/log_file.h"

#include <cstdio>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/scratch_directory.h"

namespace headgate::observe {
namespace {

using testing_support::contents_of;
using testing_support::ScratchDirectory;

TEST(LogFileTest, WhatWaitsIsWrittenByItself) {
  const ScratchDirectory directory;
  const std::string path = directory.path("log");
  const auto file = LogFile::open(path);
  ASSERT_TRUE(file);
  for (int i = 0; i < 10; ++i) (*file)->write("line\n", false);
  while (contents_of(path).size() < 50) std::this_thread::yield();  // for ever, if it is not
  EXPECT_EQ(contents_of(path).size(), 50U);
}

TEST(LogFileTest, AnUrgentLineTakesTheOthersWithIt) {
  const ScratchDirectory directory;
  const std::string path = directory.path("log");
  const auto file = LogFile::open(path);
  ASSERT_TRUE(file);
  for (int i = 0; i < 10; ++i) (*file)->write("line\n", false);
  (*file)->write("warning\n", true);
  EXPECT_EQ(contents_of(path).size(), 58U);
}

TEST(LogFileTest, TheEndWritesWhatWaits) {
  const ScratchDirectory directory;
  const std::string path = directory.path("log");
  auto file = LogFile::open(path);
  ASSERT_TRUE(file);
  for (int i = 0; i < 10; ++i) (*file)->write("line\n", false);
  file->reset();
  EXPECT_EQ(contents_of(path).size(), 50U);
}

TEST(LogFileTest, AFullBufferDoesNotWait) {
  const ScratchDirectory directory;
  const std::string path = directory.path("log");
  const auto file = LogFile::open(path);
  ASSERT_TRUE(file);
  const std::string line(40000, 'x');
  (*file)->write("first\n", true);
  (*file)->write(line, false);
  (*file)->write(line, false);
  EXPECT_EQ(contents_of(path).size(), 80006U);
}

}  // namespace
}  // namespace headgate::observe
