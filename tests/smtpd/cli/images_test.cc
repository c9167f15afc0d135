#include "smtpd/cli/images.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace headgate::cli
