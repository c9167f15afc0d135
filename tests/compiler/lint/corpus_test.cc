// Real tables of many owners, when the shared corpus is at hand (HEADGATE_SHARED): nothing crashes, none takes long.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>

#include <gtest/gtest.h>

#include "engine/base/file.h"
#include "tests/compiler/lint/findings_of.h"

namespace headgate::lint {
namespace {

// Much more than any takes on an idle machine; what must not happen is a table that takes for ever.
constexpr std::chrono::seconds kMost{90};

TEST(Corpus, EveryTableIsLinted) {
  const char* shared = std::getenv("HEADGATE_SHARED");
  const std::string folder = shared == nullptr ? "" : std::string(shared) + "/corpus/tables/dev";
  if (folder.empty() || !std::filesystem::is_directory(folder))
    GTEST_SKIP() << "HEADGATE_SHARED names no folder with corpus/tables/dev";
  std::map<std::string, std::size_t> counts;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto text = read_file(entry.path());
    ASSERT_TRUE(text) << entry.path();
    for (const auto dialect : {front::Dialect::pcre, front::Dialect::regexp}) {
      const auto begun = std::chrono::steady_clock::now();
      const auto report = lint_rules(dialect, *text);
      ASSERT_TRUE(report) << entry.path();
      EXPECT_LT(std::chrono::steady_clock::now() - begun, kMost) << entry.path();
      for (const rules::Finding& finding : report->findings) ++counts[finding.id];
    }
  }
  for (const auto& [id, count] : counts) std::cout << id << ": " << count << "\n";
}

}  // namespace
}  // namespace headgate::lint
