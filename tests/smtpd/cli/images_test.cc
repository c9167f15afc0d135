#include "smtpd/cli/images.h"

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/smtpd/cli/fake_source.h"

namespace headgate::cli {
namespace {

TEST(ImageSettings, AreTheParametersOfTheConfiguration) {
  config::Settings main;
  main.check_image_directory = "/var/spool/x/images";
  main.check_compile_time_limit = std::chrono::seconds(7);
  main.check_pattern_time_limit = std::chrono::seconds(3);
  main.check_compile_memory_limit = 123456789;
  const rules::ImageSettings images = image_settings(main);
  EXPECT_EQ(images.directory, "/var/spool/x/images");
  EXPECT_EQ(images.table_limit, std::chrono::seconds(7));
  EXPECT_EQ(images.pattern_limit, std::chrono::seconds(3));
  EXPECT_EQ(images.memory_limit, 123456789U);
}

using Overrides = std::vector<std::pair<std::string, std::string>>;

// With nothing but the embedded configuration and -o.
rules::ImageSettings settings_for(const char* subcommand, const Overrides& overrides) {
  testing_support::FakeSource programs;
  programs.image_settings.directory = "/home/x/cache";
  std::vector<std::string> arguments{subcommand};
  for (const auto& [name, value] : overrides)
    arguments.insert(arguments.end(), {"-o", name + "=" + value});
  arguments.emplace_back("pcre:{ {/x/ OK} }");
  std::istringstream in;
  std::ostringstream out, err;
  EXPECT_EQ(run(arguments, programs, in, out, err), 0) << err.str();
  return programs.image_settings;
}

TEST(ImageSettings, OfTheCommandLineHoldWithoutAConfiguration) {
  const struct {
    Overrides overrides;
    const char* directory;
    int pattern_limit;
  } rows[] = {
      {{}, "/home/x/cache", 2},
      {{{"check_pattern_time_limit", "7s"}}, "/home/x/cache", 7},
      {{{"check_image_directory", "/images"}}, "/images", 2},
      {{{"queue_directory", "/spool"}}, "/spool/images", 2},
  };

  for (const char* subcommand : {"compile", "explain"}) {
    for (const auto& row : rows) {
      const rules::ImageSettings images = settings_for(subcommand, row.overrides);
      EXPECT_EQ(images.directory, row.directory) << subcommand;
      EXPECT_EQ(images.pattern_limit, std::chrono::seconds(row.pattern_limit)) << subcommand;
    }
  }
}

}  // namespace
}  // namespace headgate::cli
