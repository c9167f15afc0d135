// Tested by tests/smtpd/cli/lint_test.cc.
#include "smtpd/cli/lint_report.h"

#include <array>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/sha256.h"
#include "engine/base/text.h"

namespace headgate::cli {

namespace {

constexpr std::size_t kFingerprintDigits = 32;

// Its words, with one blank between them.
std::string normalised(std::string_view line) {
  std::string words;
  for (const std::string_view word : text::split(line, " \t\r\n\v\f")) {
    if (!words.empty()) words += ' ';
    words += word;
  }
  return words;
}

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

class TextWriter {
 public:
  explicit TextWriter(std::size_t most) : most_(most) {}

  void table(const LintedTable& table) {
    std::map<std::string, std::size_t> shown;
    for (std::size_t i = 0; i < table.report.findings.size(); ++i) {
      const rules::Finding& finding = table.report.findings[i];
      if (table.known[i]) {
        ++known_;
        continue;
      }
      ++counts_[static_cast<std::size_t>(finding.level)];
      if (most_ == 0 || ++shown[finding.id] <= most_) add(table, finding);
    }
    for (const auto& [id, count] : shown) {
      if (count > most_)
        text_ +=
            fmt::format("{}: {} more [{}] (--all shows them)\n", table.file(), count - most_, id);
    }
    rules_ += table.report.rules;
  }

  std::string finish() {
    text_ += fmt::format("{}, {}, {} in {}", counted(counts_[2], "error"),
                         counted(counts_[1], "warning"), counted(counts_[0], "note"),
                         counted(rules_, "rule"));
    if (known_ > 0) text_ += fmt::format("; {} known", known_);
    return text_ + "\n";
  }

 private:
  void add(const LintedTable& table, const rules::Finding& finding) {
    text_ += fmt::format("{}:{}: {}: {} [{}]\n", table.file(), finding.line,
                         rules::name_of(finding.level), text::printable(finding.what), finding.id);
    // Why is said once a kind: a list of a thousand would be read by nobody.
    if (told_.insert(finding.id + finding.why).second)
      text_ += fmt::format("    {}\n", text::printable(finding.why));
    if (!finding.suggestion.empty()) text_ += fmt::format("    write: {}\n", finding.suggestion);
  }

  std::size_t most_;
  std::string text_;
  std::set<std::string> told_;
  std::array<std::size_t, 3> counts_{};
  std::size_t known_ = 0, rules_ = 0;
};

}  // namespace

std::string_view LintedTable::line_text(int line) const {
  const auto at = static_cast<std::size_t>(line) - 1;  // line 0 is past all
  return at < report.lines.size() ? std::string_view(report.lines[at]) : std::string_view();
}

void add_fingerprints(LintedTable& table) {
  std::map<std::string, std::size_t> equals;
  const std::string file = std::filesystem::path(table.file()).filename().string();
  for (const rules::Finding& finding : table.report.findings) {
    const std::string words = normalised(table.line_text(finding.line));
    const std::size_t number = equals[finding.id + '\n' + words]++;
    Sha256 digest;
    for (const std::string_view part :
         {std::string_view(file), std::string_view(finding.id), std::string_view(words)})
      digest.add_counted(part);
    digest.add_counted(std::to_string(number));
    table.fingerprints.push_back(hex(digest.finish()).substr(0, kFingerprintDigits));
  }
  table.known.assign(table.report.findings.size(), false);
}

std::string lint_as_text(const std::vector<LintedTable>& tables, std::size_t most) {
  TextWriter writer(most);
  for (const LintedTable& table : tables) writer.table(table);
  return writer.finish();
}

std::string lint_as_json(const std::vector<LintedTable>& tables) {
  nlohmann::ordered_json out = {{"tables", nlohmann::ordered_json::array()}};
  for (const LintedTable& table : tables) {
    nlohmann::ordered_json findings = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < table.report.findings.size(); ++i) {
      const rules::Finding& finding = table.report.findings[i];
      nlohmann::ordered_json row = {{"rule", finding.id},
                                    {"level", rules::name_of(finding.level)},
                                    {"line", finding.line},
                                    {"what", finding.what},
                                    {"why", finding.why},
                                    {"text", std::string(table.line_text(finding.line))},
                                    {"fingerprint", table.fingerprints[i]},
                                    {"known", static_cast<bool>(table.known[i])}};
      if (finding.other_line != 0) row["other_line"] = finding.other_line;
      if (!finding.suggestion.empty()) row["suggestion"] = finding.suggestion;
      findings.push_back(std::move(row));
    }
    out["tables"].push_back({{"table", table.spec},
                             {"file", table.file()},
                             {"rules", table.report.rules},
                             {"findings", std::move(findings)}});
  }
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace headgate::cli
