// Tested by tests/tables/maps_test.cc.
#include "tables/maps.h"

#include <utility>

namespace headgate::tables {

Maps::Maps(std::span<const std::string> specs, rules::ProgramSource& programs,
           const WarningSink& warn, const OpenOptions& options) {
  for (const std::string& spec : specs) {
    auto opened = open_table(spec, programs, warn, options);
    if (opened) {
      tables_.push_back(std::move(opened->full));
      continue;
    }
    warn(Diagnostic{Severity::error, opened.error().text(), spec, 0, 0});
    tables_.push_back(unavailable_table(spec, std::move(opened.error())));
  }
}

void Maps::refuse_waiting(const WarningSink& warn) {
  for (auto& table : tables_) {
    if (!table->may_wait()) continue;
    Error error{Code::invalid, "a table that waits for another program cannot be asked here",
                table->name()};
    warn(Diagnostic{Severity::error, error.text(), table->name(), 0, 0});
    table = unavailable_table(table->name(), std::move(error));
  }
}

Result<std::optional<Found>> Maps::find(std::string_view key, KeyPart part) {
  for (const auto& table : tables_) {
    if (part == KeyPart::partial && table->whole_key_only()) continue;
    auto found = table->find(key);
    if (!found || *found) return found;
  }
  return std::nullopt;
}

}  // namespace headgate::tables
