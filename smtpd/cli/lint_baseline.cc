// Tested by tests/smtpd/cli/lint_test.cc.
#include "smtpd/cli/lint_baseline.h"

#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/file.h"

namespace headgate::cli {

namespace {

constexpr int kVersionOfFile = 1;

}  // namespace

Result<void> apply_baseline(const std::string& path, std::vector<LintedTable>& tables) {
  TRY(text, read_file(path));
  const auto wrong = [&] { return fail(Code::invalid, "is no baseline of headgate lint", path); };
  const auto document = nlohmann::json::parse(text, nullptr, false);
  if (!document.is_object() || !document.contains("version") ||
      document["version"] != kVersionOfFile || !document.contains("findings") ||
      !document["findings"].is_array())
    return wrong();
  std::set<std::string> known;
  for (const auto& row : document["findings"]) {
    if (!row.is_object() || !row.contains("fingerprint") || !row["fingerprint"].is_string())
      return wrong();
    known.insert(row["fingerprint"].get<std::string>());
  }
  for (LintedTable& table : tables)
    for (std::size_t i = 0; i < table.fingerprints.size(); ++i)
      table.known[i] = known.contains(table.fingerprints[i]);
  return {};
}

Result<void> write_baseline(const std::string& path, const std::vector<LintedTable>& tables) {
  nlohmann::ordered_json findings = nlohmann::ordered_json::array();
  for (const LintedTable& table : tables) {
    for (std::size_t i = 0; i < table.report.findings.size(); ++i) {
      const rules::Finding& finding = table.report.findings[i];
      findings.push_back({{"fingerprint", table.fingerprints[i]},
                          {"rule", finding.id},
                          {"file", table.file()},
                          {"line", finding.line},
                          {"text", std::string(table.line_text(finding.line))}});
    }
  }
  const nlohmann::ordered_json document = {{"version", kVersionOfFile},
                                           {"findings", std::move(findings)}};
  return write_file_atomically(
      path, document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace headgate::cli
