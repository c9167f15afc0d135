// Where the configuration wants compiled tables to be kept, and what compiling one may cost.
//   Threads   pure.
#pragma once

#include "engine/rules/program_source.h"
#include "smtpd/cli/command.h"
#include "smtpd/config/load.h"

namespace headgate::cli {

rules::ImageSettings image_settings(const config::Settings& main);

// For a subcommand that opens tables: what the server of this configuration has built is used. The embedded configuration
// is nobody's wish: images stay in the user's cache directory unless -o names another.
void use_images_of(const config::Config& config, Invocation& invocation);

// The configuration of the command line, its images in use; or the exit code, when it has a mistake and that was told.
tl::expected<config::Config, int> load_with_images(Invocation& invocation);

}  // namespace headgate::cli
