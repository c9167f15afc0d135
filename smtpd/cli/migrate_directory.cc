// headgate migrate /etc/postfix --to DIR: main.cf, master.cf and what they name, as DIR, with a report: what carries over, what
// differs and why, what is not supported and what to do; as text or JSON, and always as DIR/migration-report.md. In the end DIR is
// given to `headgate check`. Exit: 0; 65 when something could not be carried over or a table of the new directory is wrong, 78 when
// its configuration is.
// Tested by tests/smtpd/cli/migrate_directory_test.cc.
#include <array>
#include <filesystem>
#include <ostream>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/file.h"
#include "engine/base/text.h"
#include "smtpd/cli/migrate.h"
#include "smtpd/cli/migrate_files.h"
#include "smtpd/cli/migrate_findings.h"
#include "smtpd/cli/migrate_leftovers.h"
#include "smtpd/config/source.h"

namespace headgate::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kReport = "migration-report.md";
constexpr auto kOrder = std::to_array<FindingKind>(
    {FindingKind::failed, FindingKind::unsupported, FindingKind::unknown, FindingKind::changed,
     FindingKind::differs, FindingKind::unused, FindingKind::carried});

struct CheckResult {
  int code = kExitOk;
  nlohmann::json said = nlohmann::json::array();
};

// What `headgate check -c DIR` says.
CheckResult check(Invocation& invocation, const std::string& directory) {
  std::ostringstream out, err;
  Invocation inner{{}, directory, {}, 0, true, invocation.programs, invocation.in, out, err};
  CheckResult result;
  result.code = run_check(inner);
  auto said = nlohmann::json::parse(out.str(), nullptr, false);
  if (said.is_array()) result.said = std::move(said);
  return result;
}

struct Report {
  std::string from, to;
  std::vector<MigrationFinding> findings;
  const std::vector<MigratedTable>* tables = nullptr;
  CheckResult check;

  [[nodiscard]] std::size_t count(FindingKind kind) const {
    return static_cast<std::size_t>(
        std::count_if(findings.begin(), findings.end(),
                      [kind](const MigrationFinding& f) { return f.kind == kind; }));
  }

  [[nodiscard]] bool complete() const {
    if (count(FindingKind::failed) > 0) return false;
    return std::all_of(tables->begin(), tables->end(),
                       [](const MigratedTable& table) { return table.complete(); });
  }
};

std::string one_line(const MigrationFinding& finding) {
  std::string line = finding.what;
  if (!finding.where.empty()) line += fmt::format("{}({})", line.empty() ? "" : " ", finding.where);
  if (!finding.text.empty()) line += ": " + finding.text;
  return text::printable(line);
}

std::string check_line(const CheckResult& result) {
  return result.code == kExitOk ? "no mistakes" : fmt::format("exit {}", result.code);
}

std::string as_text(const Report& report, bool markdown) {
  std::string text = fmt::format("{}{} -> {}\n", markdown ? "# " : "", report.from, report.to);
  for (const FindingKind kind : kOrder) {
    if (report.count(kind) == 0) continue;
    text += fmt::format("\n{}{} ({})\n", markdown ? "## " : "", title_of(kind), report.count(kind));
    // Names alone go in one row.
    std::string row;
    for (const MigrationFinding& finding : report.findings) {
      if (finding.kind != kind) continue;
      if (finding.text.empty())
        row += (row.empty() ? "" : ", ") + finding.what;
      else
        text += fmt::format("{}{}\n", markdown ? "- " : "  ", one_line(finding));
    }
    if (!row.empty()) text += fmt::format("{}{}\n", markdown ? "\n" : "  ", text::printable(row));
  }
  if (!report.tables->empty()) {
    text +=
        fmt::format("\n{}Tables written anew:\n{}", markdown ? "## " : "", markdown ? "```\n" : "");
    for (const MigratedTable& table : *report.tables) text += migration_as_text(table, false);
    if (markdown) text += "```\n";
  }
  text += fmt::format("\n{}headgate check -c {}: {}\n", markdown ? "## " : "", report.to,
                      check_line(report.check));
  for (const auto& said : report.check.said) {
    if (said.value("severity", "") == "info") continue;  // told above
    text += fmt::format("{}{}: {}\n", markdown ? "- " : "  ", said.value("severity", ""),
                        said.value("text", ""));
  }
  return text;
}

nlohmann::json as_json(const Report& report) {
  nlohmann::json document{
      {"from", report.from}, {"to", report.to}, {"complete", report.complete()}};
  document["findings"] = nlohmann::json::array();
  constexpr std::array<std::string_view, 7> kNames{"carried",     "changed", "differs", "unused",
                                                   "unsupported", "unknown", "failed"};
  for (const MigrationFinding& finding : report.findings) {
    document["findings"].push_back({{"kind", kNames[static_cast<std::size_t>(finding.kind)]},
                                    {"where", finding.where},
                                    {"what", finding.what},
                                    {"text", finding.text}});
  }
  document["tables"] = nlohmann::json::array();
  for (const MigratedTable& table : *report.tables)
    document["tables"].push_back(migration_as_json(table, false));
  document["check"] = {{"exit", report.check.code}, {"said", report.check.said}};
  return document;
}

bool lies_in(const fs::path& inner, const fs::path& outer) {
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

// 0, or the exit code of what stands in the way of writing there.
int prepare(Invocation& invocation, const MigrateOptions& options, const fs::path& from,
            const fs::path& to) {
  if (lies_in(to, from) || lies_in(from, to))
    return fatal(invocation, kExitUsage,
                 "migrate: one of the directories lies in the other: nothing is written");
  std::error_code error;
  fs::create_directories(to, error);
  if (error)
    return fatal(invocation, kExitIo, fmt::format("create {}: {}", to.string(), error.message()));
  if (!options.force && !fs::is_empty(to, error))
    return fatal(invocation, kExitUsage,
                 fmt::format("migrate: {} is not empty (--force writes into it)", to.string()));
  return kExitOk;
}

}  // namespace

int migrate_directory(Invocation& invocation, const MigrateOptions& options) {
  if (options.to.empty())
    return fatal(invocation, kExitUsage, "migrate: --to DIR: where shall the new one be?");
  std::error_code error;
  const fs::path from = fs::weakly_canonical(options.what, error);
  const fs::path to = fs::weakly_canonical(options.to, error);
  const auto source = config::read_source({from.string(), {}});
  if (!source)
    return fatal(invocation,
                 source.error().code == Code::invalid ? kExitBadConfiguration : kExitNoInput,
                 source.error().text());
  if (source->embedded)
    return fatal(invocation, kExitNoInput,
                 fmt::format("open {}/main.cf: there is no configuration", from.string()));
  if (const int code = prepare(invocation, options, from, to); code != kExitOk) return code;

  MigratedFiles files(invocation, options, from.string(), to.string(), *source);
  files.take_configuration("main.cf", true);
  files.take_configuration("master.cf", false);
  Report report{from.string(), to.string(), findings_of(*source), &files.tables(), {}};
  for (const Diagnostic& said : source->diagnostics)
    report.findings.push_back(
        {FindingKind::unknown, config::place(said.file, said.line), "", said.text});
  for (MigrationFinding& finding : files.findings()) report.findings.push_back(std::move(finding));
  if (const auto now = config::read_source({to.string(), {}}))
    for (MigrationFinding& finding : leftovers(*now, from.string(), to.string())) {
      std::erase_if(report.findings, [&finding](const MigrationFinding& other) {
        return other.kind == FindingKind::carried && other.what == finding.what;
      });
      report.findings.push_back(std::move(finding));
    }
  const std::string prefix = from.string() + "/";
  for (MigrationFinding& finding : report.findings)
    if (finding.where.starts_with(prefix)) finding.where.erase(0, prefix.size());
  report.check = check(invocation, to.string());

  const auto written = write_file_atomically((to / kReport).string(), as_text(report, true));
  if (!written) return fatal(invocation, kExitIo, written.error().text());
  if (invocation.json)
    invocation.out << as_json(report).dump(2, ' ', false, nlohmann::json::error_handler_t::replace)
                   << '\n';
  else
    invocation.out << as_text(report, false);
  if (report.check.code != kExitOk) return report.check.code;
  return report.complete() ? kExitOk : kExitBadTable;
}

}  // namespace headgate::cli
