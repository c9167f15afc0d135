// Tested by tests/smtpd/cli/images_test.cc.
#include "smtpd/cli/images.h"

namespace headgate::cli {

rules::ImageSettings image_settings(const config::Settings& main) {
  rules::ImageSettings images;
  images.directory = main.check_image_directory;
  images.table_limit = main.check_compile_time_limit;
  images.pattern_limit = main.check_pattern_time_limit;
  images.memory_limit = static_cast<std::uint64_t>(main.check_compile_memory_limit);
  return images;
}

void use_images_of(const config::Config& config, rules::ProgramSource& programs) {
  if (!config.embedded) programs.configure(image_settings(*config.main));
}

}  // namespace headgate::cli
