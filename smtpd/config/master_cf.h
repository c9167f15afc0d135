// parse_master_cf: the services, each a line of seven fields, a command and its arguments, as written and checked.
//   Errors    Code::invalid with Postfix's text ("field \"process_limit\": bad value: \"x\""), `where` is "FILE: line N".
//   Source    master(5); smtpd.md §1.4 as recorded in docs/compat.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smtpd/config/main_cf.h"

namespace headgate::config {

// The first seven fields, in order, under the names that `postconf -F` gives them.
inline constexpr std::array<std::string_view, 7> kMasterFields{
    "service", "type", "private", "unprivileged", "chroot", "wakeup", "process_limit"};

struct MasterEntry {
  std::array<std::string, 7> fields;  // as written: "-" is the default
  std::string command;                // "smtpd"
  std::vector<std::string>
      arguments;  // without the command; protecting braces taken off; -o and its value are two
  std::vector<NameValue> overrides;  // the -o settings among the arguments, in order
  std::string file;
  int line = 0;

  [[nodiscard]] const std::string& name() const { return fields[0]; }

  [[nodiscard]] const std::string& type() const { return fields[1]; }

  // Nothing when the field is "-": $default_process_limit.
  [[nodiscard]] std::optional<std::int64_t> process_limit() const;
  // The overrides as a dictionary's layer; the last one of a name wins.
  [[nodiscard]] Layer layer() const;
};

Result<std::vector<MasterEntry>> parse_master_cf(std::string_view text, const std::string& file,
                                                 const WarningSink& warn);

}  // namespace headgate::config
