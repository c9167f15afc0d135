// Where the configuration wants compiled tables to be kept, and what compiling one may cost.
//   Threads   pure.
#pragma once

#include "engine/rules/program_source.h"
#include "smtpd/config/settings.h"

namespace headgate::cli {

rules::ImageSettings image_settings(const config::Settings& main);

}  // namespace headgate::cli
