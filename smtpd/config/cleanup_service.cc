// How it works: smtpd(8) reaches its cleanup service through the socket public/NAME, so only an entry of type unix that
// is not private is found; as everywhere in master.cf, the last one of a name counts.
// Tested by tests/smtpd/config/cleanup_service_test.cc.
#include "smtpd/config/cleanup_service.h"

#include <algorithm>

#include <fmt/format.h>

#include "smtpd/config/params.h"

namespace headgate::config {

namespace {

constexpr std::string_view kCommand = "cleanup";

bool is_public_socket(const MasterEntry& entry, std::string_view name) {
  return entry.type() == "unix" && entry.fields[2] == "n" && entry.name() == name;
}

bool runs_cleanup(const MasterEntry& entry) { return entry.command == kCommand; }

}  // namespace

Result<Layer> cleanup_overrides(const std::vector<MasterEntry>& entries, const std::string& name) {
  const auto found = std::find_if(entries.rbegin(), entries.rend(), [&](const MasterEntry& entry) {
    return is_public_socket(entry, name);
  });
  if (found != entries.rend() && runs_cleanup(*found)) return found->layer();
  const bool chosen = name != default_of("cleanup_service_name");
  if (!chosen && std::none_of(entries.begin(), entries.end(), runs_cleanup)) return Layer();
  return fail(Code::invalid,
              fmt::format("cleanup_service_name = {}: master.cf has no such cleanup service, no "
                          "message could be queued: add \"{} unix n - n - 0 cleanup\"",
                          name, name));
}

std::optional<Diagnostic> overrides_without_effect(const MasterEntry& smtpd) {
  std::vector<std::string> names;
  const Layer layer = smtpd.layer();
  for (const auto& [name, setting] : layer) {
    if (is_cleanup_param(name)) names.push_back(name);
  }
  if (names.empty()) return std::nullopt;
  return Diagnostic{
      Severity::warning,
      fmt::format("{}: service {}: -o {} does nothing here: cleanup reads that, not smtpd; set it "
                  "with -o of the cleanup service (of another one for this service alone: \"NAME "
                  "unix n - n - 0 cleanup -o {}=...\" and here -o cleanup_service_name=NAME)",
                  place(smtpd.file, smtpd.line), smtpd.name(), fmt::join(names, ", "),
                  names.front()),
      smtpd.file, smtpd.line};
}

}  // namespace headgate::config
