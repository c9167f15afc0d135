// DeliveryChecks: the tables of smtp_header_checks, smtp_mime_header_checks, smtp_nested_header_checks and
// smtp_body_checks, opened once a configuration and asked by all deliveries.
//   Ownership shared by the deliveries that began with it.
//   Threads   its Lookups may be asked from any thread, by kAskers at once before one has to wait.
//   Errors    a table that cannot be opened is told to `warn` and fails every lookup: its mail waits, it is never let
//             through unchecked.
//   Source    postconf(5), smtp(8), "BUILT-IN CONTENT FILTERING CONTROLS"; content-checks §5.8.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/checks/check_set.h"
#include "engine/checks/inspector.h"
#include "engine/rules/program_source.h"
#include "smtpd/config/settings.h"

namespace headgate::deliver {

struct DeliveryChecks {
  checks::CheckSet set;
  checks::Limits limits;

  static constexpr std::size_t kAskers = 4;
};

// nullptr when no list names a table.
std::shared_ptr<DeliveryChecks> open_delivery_checks(const config::Settings& settings,
                                                     rules::ProgramSource& programs,
                                                     const WarningSink& warn);

// The limits of content on its way out, with or without tables.
checks::Limits content_limits(const config::Settings& settings);

// The tables that open_delivery_checks opens, as "type:name".
std::vector<std::string> delivery_tables(const config::Settings& settings);

}  // namespace headgate::deliver
