// CompiledTableTest: a cdb or lmdb file in a directory of its own, made, and asked.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/lookup.h"
#include "tables/map_maker.h"
#include "tests/support/scratch_directory.h"

namespace headgate::tables {

using Entries = std::map<std::string, std::string>;

class CompiledTableTest : public testing::Test {
 protected:
  explicit CompiledTableTest(std::string type) : type_(std::move(type)) {}

  [[nodiscard]] std::string base() const { return directory_.path("F"); }

  [[nodiscard]] std::string file() const { return base() + '.' + type_; }

  void make(const Entries& entries, bool with_nul = false, MakeMode mode = MakeMode::create) {
    auto maker = make_map(type_, base(), {mode, 0644});
    ASSERT_TRUE(maker) << maker.error().text();
    const std::string tail(with_nul ? 1 : 0, '\0');
    for (const auto& [key, value] : entries)
      ASSERT_TRUE((*maker)->put(key + tail, value + tail, OnDuplicate::replace));
    ASSERT_TRUE((*maker)->commit());
  }

  // The value, "-" for none, "! " and why for an Error.
  static std::string ask(Lookup& table, std::string_view key) {
    const auto found = table.find(key);
    if (!found) return "! " + found.error().text();
    return *found ? (*found)->value : "-";
  }

  testing_support::ScratchDirectory directory_;
  std::vector<std::string> warnings_;

 private:
  std::string type_;
};

}  // namespace headgate::tables
