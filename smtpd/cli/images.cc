// Tested by tests/smtpd/cli/images_test.cc.
#include "smtpd/cli/images.h"

#include <algorithm>

namespace headgate::cli {

rules::ImageSettings image_settings(const config::Settings& main) {
  rules::ImageSettings images;
  images.directory = main.check_image_directory;
  images.table_limit = main.check_compile_time_limit;
  images.pattern_limit = main.check_pattern_time_limit;
  images.memory_limit = static_cast<std::uint64_t>(main.check_compile_memory_limit);
  return images;
}

void use_images_of(const config::Config& config, Invocation& invocation) {
  rules::ImageSettings images = image_settings(*config.main);
  const bool named = std::ranges::any_of(invocation.overrides, [](const auto& override) {
    return override.first == "check_image_directory" || override.first == "queue_directory";
  });
  if (config.embedded && !named) images.directory = invocation.programs.settings().directory;
  invocation.programs.configure(images);
}

tl::expected<config::Config, int> load_with_images(Invocation& invocation) {
  auto config = config::load({invocation.config_directory, invocation.overrides});
  if (!config)
    return tl::unexpected(fatal(invocation, kExitBadConfiguration, config.error().text()));
  use_images_of(*config, invocation);
  return std::move(*config);
}

}  // namespace headgate::cli
