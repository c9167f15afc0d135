// SARIF 2.1.0, as code scanning services read it: a rule a kind of finding, a result a finding, a fix where a line can be given.
// What a baseline knows is a suppressed result. Columns are counted in code points; a line that is not UTF-8 has no fix, for
// JSON cannot say it. Tested by tests/smtpd/cli/lint_test.cc.
#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "engine/base/version.h"
#include "smtpd/cli/lint_report.h"

namespace headgate::cli {

namespace {

using Json = nlohmann::ordered_json;

// A path as a URI reference: relative ones stay so.
std::string uri_of(const std::string& path) {
  std::string uri = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    const bool plain =
        text::is_alnum(c) || std::string_view("/-._~").find(c) != std::string_view::npos;
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri;
}

Json text_of(std::string_view words) { return {{"text", std::string(words)}}; }

Json place(const std::string& uri, int line) {
  return {{"physicalLocation",
           {{"artifactLocation", {{"uri", uri}}}, {"region", {{"startLine", std::max(line, 1)}}}}}};
}

std::size_t code_points(std::string_view bytes) {
  return static_cast<std::size_t>(std::ranges::count_if(
      bytes, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

Json fix(const std::string& uri, int line, std::string_view now, const std::string& suggestion) {
  const Json region = {{"startLine", line},
                       {"startColumn", 1},
                       {"endLine", line},
                       {"endColumn", code_points(now) + 1}};
  return {{"description", text_of("write: " + suggestion)},
          {"artifactChanges",
           Json::array(
               {{{"artifactLocation", {{"uri", uri}}},
                 {"replacements", Json::array({{{"deletedRegion", region},
                                                {"insertedContent", text_of(suggestion)}}})}}})}};
}

Json rules_of(std::span<const rules::FindingKind> kinds) {
  Json rows = Json::array();
  for (const rules::FindingKind& kind : kinds) {
    rows.push_back(
        {{"id", std::string(kind.id)},
         {"shortDescription", text_of(kind.summary)},
         {"fullDescription", text_of(kind.help)},
         {"help", text_of(fmt::format("{}. {}", kind.summary, kind.help))},
         {"defaultConfiguration", {{"level", std::string(rules::name_of(kind.level))}}}});
  }
  return rows;
}

Json result(const LintedTable& table, std::size_t at, std::size_t rule_index) {
  const rules::Finding& finding = table.report.findings[at];
  const std::string uri = uri_of(table.file());
  Json row = {{"ruleId", finding.id},
              {"ruleIndex", rule_index},
              {"level", std::string(rules::name_of(finding.level))},
              {"message", text_of(finding.what)},
              {"locations", Json::array({place(uri, finding.line)})},
              {"partialFingerprints", {{"headgateLint/v1", table.fingerprints[at]}}}};
  if (finding.other_line != 0) {
    Json other = place(uri, finding.other_line);
    other["message"] = text_of("because of this line");
    row["relatedLocations"] = Json::array({std::move(other)});
  }
  const std::string_view now = table.line_text(finding.line);
  if (!finding.suggestion.empty() && text::valid_utf8(now) && text::valid_utf8(finding.suggestion))
    row["fixes"] = Json::array({fix(uri, finding.line, now, finding.suggestion)});
  if (table.known[at])
    row["suppressions"] =
        Json::array({{{"kind", "external"}, {"justification", "in the baseline"}}});
  return row;
}

}  // namespace

std::string lint_as_sarif(const std::vector<LintedTable>& tables,
                          std::span<const rules::FindingKind> kinds) {
  std::map<std::string, std::size_t, std::less<>> index;
  for (const rules::FindingKind& kind : kinds) index.emplace(kind.id, index.size());
  Json results = Json::array();
  for (const LintedTable& table : tables)
    for (std::size_t i = 0; i < table.report.findings.size(); ++i)
      results.push_back(result(table, i, index.at(table.report.findings[i].id)));
  const Json driver = {
      {"name", "headgate"}, {"version", std::string(kVersion)}, {"rules", rules_of(kinds)}};
  const Json out = {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                    {"version", "2.1.0"},
                    {"runs", Json::array({{{"tool", {{"driver", driver}}},
                                           {"columnKind", "unicodeCodePoints"},
                                           {"results", std::move(results)}}})}};
  return out.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace headgate::cli
