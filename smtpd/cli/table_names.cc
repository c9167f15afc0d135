// Tested by tests/smtpd/cli/table_store_test.cc.
#include "smtpd/cli/table_names.h"

namespace headgate::cli {

namespace {

constexpr std::size_t kShortName = 100;

}  // namespace

std::string display_name(const std::string& type, const std::string& name) {
  return type.empty() ? name : type + ':' + name;
}

std::string short_name(const std::string& name) {
  const std::size_t brace = name.find('{');
  const bool is_inline = brace == 0 || (brace != std::string::npos && name[brace - 1] == ':');
  if (!is_inline || name.size() <= kShortName + 3) return name;
  std::size_t end = kShortName;
  while (end > 0 && (name[end] & 0xC0) == 0x80) --end;  // not within a character
  return name.substr(0, end) + "...";
}

std::string reason_of(const Error& error, const std::string& table) {
  std::string reason = error.where == table ? error.what : error.text();
  const std::string brief = short_name(table);
  if (brief == table) return reason;
  for (std::size_t at = 0; (at = reason.find(table, at)) != std::string::npos; at += brief.size())
    reason.replace(at, table.size(), brief);
  return reason;
}

}  // namespace headgate::cli
