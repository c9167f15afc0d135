// Tested by tests/smtpd/bench/json_test.cc and tests/e2e/bench_test.py.
#include "smtpd/bench/json.h"

#include <nlohmann/json.hpp>

namespace headgate::bench {

namespace {

using Json = nlohmann::ordered_json;

// For listed(), which must know them all.
Json as_json(const EngineRun& run);
Json as_json(const Advice& advice);
Json as_json(const GrowthPoint& point);
Json as_json(const MixRow& row);
Json as_json(const TableReport& table);

template <class List>
Json listed(const List& list) {
  Json out = Json::array();
  for (const auto& one : list) out.push_back(as_json(one));
  return out;
}

Json as_json(const peers::Spread& spread) {
  return {{"median", spread.median}, {"least", spread.least}, {"most", spread.most}};
}

Json as_json(const EngineRun& run) {
  Json out = {{"engine", run.engine}};
  if (!run.problem.empty()) {
    out["problem"] = run.problem;
    return out;
  }
  out.update({{"texts", run.texts},
              {"bytes", run.bytes},
              {"hits", run.hits},
              {"whole_corpus", run.whole_corpus},
              {"exact", run.exact},
              {"agrees", run.agrees ? Json(*run.agrees) : Json()},
              {"patterns_left_out", run.left_out},
              {"patterns_approximate", run.approximate},
              {"memory_bytes", run.memory_bytes},
              {"times",
               {{"compile_seconds", run.compile_seconds},
                {"seconds_a_pass", run.seconds},
                {"megabytes_a_second", as_json(run.megabytes_a_second())},
                {"cut", run.cut}}}});
  return out;
}

Json as_json(const RuleRow& row, std::uint64_t texts) {
  return {{"line", row.line},
          {"kind", row.guard ? "if" : "rule"},
          {"negated", row.negated},
          {"pattern", row.pattern},
          {"flags", row.flags},
          {"action", row.action},
          {"strategy", row.strategy},
          {"reason", row.reason},
          {"hits", row.hits},
          {"tested", row.tested},
          {"matched", row.matched},
          {"asked_here", row.asked},
          {"times",
           {{"nanoseconds_a_test", row.nanoseconds},
            {"nanoseconds_a_text", row.cost(texts)},
            {"nanoseconds_a_text_here", row.asked_nanoseconds}}}};
}

Json as_json(const Advice& advice) {
  return {{"guard", advice.guard},
          {"first_line", advice.first_line},
          {"last_line", advice.last_line},
          {"rules", advice.rules},
          {"same_answers", advice.same_answers},
          {"times", {{"faster", as_json(advice.faster)}}}};
}

Json as_json(const GrowthPoint& point) {
  return {{"rules", point.rules}, {"engines", listed(point.engines)}};
}

Json as_json(const MixRow& row) {
  return {{"strategy", row.strategy}, {"reason", row.reason}, {"patterns", row.patterns}};
}

Json as_json(const TableReport& table) {
  Json rows = Json::array();
  for (const RuleRow& row : table.rows) rows.push_back(as_json(row, table.cost_texts));
  Json times = {{"build_cpu_seconds", table.build_cpu_seconds},
                {"build_wall_seconds", table.build_wall_seconds},
                {"load_seconds", as_json(peers::spread_of(table.load_seconds))}};
  if (table.all_advice) times["all_groups_faster"] = as_json(*table.all_advice);
  return {{"table", table.spec},
          {"dialect", table.dialect},
          {"keys", name_of(table.kind)},
          {"keys_guessed", table.kind_guessed},
          {"rules", table.rules},
          {"guards", table.guards},
          {"patterns", table.patterns},
          {"databases", table.databases},
          {"database_bytes", table.database_bytes},
          {"build_problem", table.build_problem},
          {"hits", table.hits},
          {"times", std::move(times)},
          {"engines", listed(table.engines)},
          {"strategies", listed(table.mix)},
          {"growth", listed(table.growth)},
          {"advice", listed(table.advice)},
          {"texts_behind_costs", table.cost_texts},
          {"texts_behind_costs_here", table.asked_texts},
          {"tests", std::move(rows)}};
}

}  // namespace

std::string_view name_of(peers::KeyKind kind) {
  return kind == peers::KeyKind::header ? "headers" : "body";
}

std::string as_json(const Report& report) {
  const Machine& machine = report.machine;
  const CorpusFacts& corpus = report.corpus;
  const Json document = {{"machine",
                          {{"processor", machine.processor},
                           {"processors", machine.processors},
                           {"system", machine.system},
                           {"headgate", machine.headgate},
                           {"hyperscan", machine.hyperscan},
                           {"pcre2", machine.pcre2}}},
                         {"corpus",
                          {{"paths", corpus.paths},
                           {"messages", corpus.messages},
                           {"headers", corpus.headers},
                           {"header_bytes", corpus.header_bytes},
                           {"body_lines", corpus.body_lines},
                           {"body_bytes", corpus.body_bytes}}},
                         {"seed", report.seed},
                         {"runs", report.runs},
                         {"times", {{"date", machine.date}}},
                         {"tables", listed(report.tables)}};
  // Patterns are bytes; what is not UTF-8 is replaced, as JSON knows no other text.
  return document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

}  // namespace headgate::bench
