// StoreTest: a scratch directory and a clock that a test sets.
#pragma once

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "engine/base/env.h"
#include "engine/base/file.h"
#include "engine/rules/program_source.h"

namespace headgate::store {

class FakeEnv final : public Env {
 public:
  [[nodiscard]] WallTime wall() const override { return std::chrono::system_clock::now() + ahead; }

  [[nodiscard]] SteadyTime steady() const override { return std::chrono::steady_clock::now(); }

  std::uint64_t random() override { return 4; }

  std::chrono::seconds ahead{0};
};

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "store_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    scratch_ = name;
    settings_.directory = scratch_ + "/images";
  }

  void TearDown() override { std::filesystem::remove_all(scratch_); }

  std::string table(std::string_view text, const std::string& name = "table") {
    std::string path = scratch_ + "/" + name;
    EXPECT_TRUE(write_file_atomically(path, text));
    return path;
  }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(settings_.directory, none))
      names.push_back(entry.path().filename());
    return names;
  }

  std::string scratch_;
  rules::ImageSettings settings_;
  FakeEnv env_;
};

}  // namespace headgate::store
