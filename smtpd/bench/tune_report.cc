// Tested by tests/smtpd/bench/tune_test.cc.
#include "smtpd/bench/tune_report.h"

#include <fmt/format.h>

#include "smtpd/bench/json.h"

namespace headgate::bench {

namespace {

std::string size_of(std::uint64_t bytes) {
  const auto size = static_cast<double>(bytes);
  return bytes < 1'000'000 ? fmt::format("{:.1f} KB", size / 1e3)
                           : fmt::format("{:.1f} MB", size / 1e6);
}

std::string_view texts_of(peers::KeyKind kind) {
  return kind == peers::KeyKind::body ? "body lines" : "headers";
}

std::string row(const Tried& tried, bool kept) {
  if (tried.nanoseconds.empty()) {
    return fmt::format("  {:<32} not measured: {}{}\n", tried.name,
                       tried.problem.empty() ? "stopped by the limit" : tried.problem,
                       kept ? "  kept" : "");
  }
  const peers::Spread spread = tried.spread();
  return fmt::format(
      "  {:<32} {:>7.3f} ns a byte  {:>7.3f}..{:<7.3f} {:>4} databases {:>9} bytes {:>4} rows  "
      "built in {:.1f} s{}\n",
      tried.name, spread.median, spread.least, spread.most, tried.databases, tried.database_bytes,
      tried.rows, tried.build_seconds, kept ? "  kept" : "");
}

}  // namespace

std::string as_text(const TuneReport& report) {
  std::string text = fmt::format(
      "{}: measured on {} {}{} ({}), tried on {} others ({}), {} of them matched\n", report.spec,
      report.measured_texts, texts_of(report.kind),
      report.kind_guessed ? " (by the look of its patterns)" : "", size_of(report.measured_bytes),
      report.tried_texts, size_of(report.tried_bytes), report.hits);
  for (std::size_t i = 0; i < report.tried.size(); ++i)
    text += row(report.tried[i], i == report.kept);
  return text;
}

nlohmann::ordered_json as_facts(const TuneReport& report) {
  nlohmann::ordered_json tried = nlohmann::ordered_json::array();
  for (const Tried& one : report.tried) {
    const peers::Spread spread = one.spread();
    tried.push_back({{"name", one.name},
                     {"measured", one.measured},
                     {"problem", one.problem},
                     {"databases", one.databases},
                     {"database_bytes", one.database_bytes},
                     {"rows", one.rows},
                     {"build_seconds", one.build_seconds},
                     {"rounds", one.nanoseconds.size()},
                     {"ns_a_byte", spread.median},
                     {"least", spread.least},
                     {"most", spread.most}});
  }
  return {{"keys", name_of(report.kind)},
          {"keys_guessed", report.kind_guessed},
          {"measured_texts", report.measured_texts},
          {"measured_bytes", report.measured_bytes},
          {"tried_texts", report.tried_texts},
          {"tried_bytes", report.tried_bytes},
          {"hits", report.hits},
          {"tried", std::move(tried)},
          {"kept", report.tried[report.kept].name}};
}

}  // namespace headgate::bench
