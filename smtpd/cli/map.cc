// headgate map: postmap(1). What is printed, the exit status (0 done or found, 1 not found or fatal) and every warning are
// postmap's of Postfix 3.7. Tested by tests/cases/postmap, tests/collide and tests/tables/map_*_test.py, all against postmap
// itself.
#include "smtpd/cli/map.h"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "smtpd/cli/images.h"
#include "smtpd/cli/map_build.h"
#include "smtpd/cli/map_list.h"
#include "smtpd/cli/map_query.h"
#include "smtpd/cli/map_remove.h"
#include "smtpd/config/load.h"

namespace headgate::cli {

namespace {

constexpr int kBuilt = 0, kFailed = 1;

int build_maps(Invocation& invocation, const MapOptions& options,
               const config::Settings& settings) {
  for (const std::string_view spec : options.tables) {
    const auto colon = spec.find(':');
    if (!build_map(invocation, options, settings, spec.substr(0, colon), spec.substr(colon + 1)))
      return kFailed;
  }
  return kBuilt;
}

}  // namespace

int run_map(Invocation& invocation, MapOptions options, const config::SettingsPtr& settings) {
  invocation.json = invocation.json || options.json;
  for (std::string& spec : options.tables) {
    if (spec.find(':') == std::string::npos) spec = settings->default_database_type + ':' + spec;
  }
  switch (options.mode) {
    case MapMode::build:
      return build_maps(invocation, options, *settings);
    case MapMode::query:
      return query_map(invocation, options, *settings);
    case MapMode::list:
      return list_map(invocation, options, *settings);
    case MapMode::remove:
      return remove_keys(invocation, options, *settings);
  }
  return kFailed;
}

int run_map(Invocation& invocation) {
  MapOptions options = parse_map_options(invocation.arguments);
  // A wrong command line is complained about before the configuration is looked at.
  if (!options.complaint.empty()) return fatal(invocation, kFailed, options.complaint);
  if (options.config_directory) invocation.config_directory = *options.config_directory;

  const std::string main_cf = invocation.config_directory + "/main.cf";
  if (!invocation.config_directory.empty() && ::access(main_cf.c_str(), R_OK) != 0) {
    const Error error = fail_errno("open", main_cf, errno).value();
    return fatal(invocation, kFailed, error.text());
  }
  config::LoadOptions load;
  load.directory = invocation.config_directory;
  load.overrides = invocation.overrides;
  auto configuration = config::load(load);
  if (!configuration) return fatal(invocation, kFailed, configuration.error().what);
  use_images_of(*configuration, invocation);
  return run_map(invocation, std::move(options), configuration->main);
}

}  // namespace headgate::cli
