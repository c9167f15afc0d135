// The mime and nested lists do not inherit the header list, as cleanup's do.
// Tested by tests/smtpd/deliver/outgoing_content_test.cc and, beside Postfix, checks_beside_postfix.py.
#include "smtpd/deliver/delivery_checks.h"

#include <algorithm>
#include <utility>

#include "tables/shared_table.h"

namespace headgate::deliver {

namespace {

using Specs = std::vector<std::string>;

std::size_t limit(std::int64_t value) {
  return static_cast<std::size_t>(std::max<std::int64_t>(value, 0));
}

}  // namespace

std::shared_ptr<DeliveryChecks> open_delivery_checks(const config::Settings& settings,
                                                     rules::ProgramSource& programs,
                                                     const WarningSink& warn) {
  if (delivery_tables(settings).empty()) return nullptr;
  auto checks = std::make_shared<DeliveryChecks>();
  tables::OpenOptions options;
  options.fold = false;  // as smtp(8): a key is the line as it is, for fixed-string types too
  const auto open_one = [&](const std::string& spec) -> std::unique_ptr<Lookup> {
    auto table = tables::open_shared_table(spec, programs, warn, options, DeliveryChecks::kAskers);
    if (table) return std::move(*table);
    warn(Diagnostic{Severity::error, table.error().text(), spec, 0, 0});
    return tables::unavailable_table(spec, std::move(table.error()));
  };
  const auto open = [&](const Specs& specs) {
    auto list = std::make_shared<checks::TableList>();
    for (const std::string& spec : specs) list->tables.push_back(open_one(spec));
    return list;
  };
  checks->set.header = open(settings.smtp_header_checks);
  checks->set.mime = settings.smtp_mime_header_checks == settings.smtp_header_checks
                         ? checks->set.header
                         : open(settings.smtp_mime_header_checks);
  checks->set.nested = settings.smtp_nested_header_checks == settings.smtp_header_checks
                           ? checks->set.header
                           : open(settings.smtp_nested_header_checks);
  checks->set.body = open(settings.smtp_body_checks);

  checks->limits = content_limits(settings);
  return checks;
}

checks::Limits content_limits(const config::Settings& settings) {
  checks::Limits limits;
  limits.header_size_limit = limit(settings.header_size_limit);
  limits.mime_nesting_limit = limit(settings.mime_nesting_limit);
  limits.mime_boundary_length_limit = limit(settings.mime_boundary_length_limit);
  return checks::delivery_limits(limits);
}

std::vector<std::string> delivery_tables(const config::Settings& settings) {
  Specs all;
  for (const Specs* specs : {&settings.smtp_header_checks, &settings.smtp_mime_header_checks,
                             &settings.smtp_nested_header_checks, &settings.smtp_body_checks})
    all.insert(all.end(), specs->begin(), specs->end());
  return all;
}

}  // namespace headgate::deliver
