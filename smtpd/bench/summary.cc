// Tested by tests/smtpd/bench/summary_test.cc.
#include "smtpd/bench/summary.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/bench/charts.h"
#include "smtpd/bench/engines.h"
#include "smtpd/bench/svg.h"

namespace headgate::bench {

namespace {

std::string number(std::uint64_t count) { return short_number(static_cast<double>(count)); }

std::string counted(std::uint64_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count < 100 ? std::to_string(count) : number(count), thing,
                     count == 1 ? "" : "s");
}

const EngineRun* find_run(const TableReport& table, std::string_view engine) {
  const auto found = std::ranges::find(table.engines, engine, &EngineRun::engine);
  return found == table.engines.end() || !found->problem.empty() || found->seconds.empty()
             ? nullptr
             : &*found;
}

const EngineRun* postfix_run(const TableReport& table) {
  return find_run(table, table.dialect == "pcre" ? "pcre2" : "regexec");
}

std::string engine_line(const EngineRun& run) {
  const std::string title = title_of(run.engine);
  if (!run.problem.empty()) return fmt::format("  {:<38} not measured: {}\n", title, run.problem);
  if (run.seconds.empty()) return fmt::format("  {:<38} stopped by the limit\n", title);
  const peers::Spread rate = run.megabytes_a_second();
  const std::string spread =
      fmt::format("{}..{}", short_number(rate.least), short_number(rate.most));
  const std::string more = remarks(run);
  return fmt::format("  {:<38} {:>8} MB/s  {:<14} {}\n", title, short_number(rate.median), spread,
                     more);
}

std::string growth_line(const TableReport& table) {
  std::string line;
  for (const GrowthPoint& point : table.growth) {
    const auto ours = std::ranges::find(point.engines, kOurs, &EngineRun::engine);
    if (ours == point.engines.end() || ours->seconds.empty()) continue;
    line += fmt::format("{}{} rules {} ns", line.empty() ? "" : ", ", number(point.rules),
                        short_number(ours->nanoseconds_a_byte()));
  }
  return line.empty() ? "" : "  cost a byte: " + line + '\n';
}

std::string rule_line(std::string_view whom, const RuleRow& row, double nanoseconds) {
  const std::string pattern =
      row.pattern.size() > 60 ? row.pattern.substr(0, 57) + "..." : row.pattern;
  return text::printable(fmt::format("  dear to {}: line {}, {} ns a text, {}: {}/{}/{}", whom,
                                     row.line, short_number(nanoseconds), counted(row.hits, "hit"),
                                     row.negated ? "!" : "", pattern, row.flags)) +
         '\n';
}

std::string table_text(const TableReport& table) {
  std::string out = fmt::format("\n{} on {}{}: {}, {}, {}\n", table.spec, texts_name(table.kind),
                                table.kind_guessed ? " (by the look of its patterns)" : "",
                                counted(table.rules, "rule"), counted(table.guards, "if-group"),
                                counted(table.hits, "hit"));
  out += fmt::format("  {}\n", headline(table));
  if (!table.build_problem.empty())
    out += fmt::format("  without databases: {}\n", table.build_problem);
  for (const EngineRun& run : table.engines) out += engine_line(run);
  out += fmt::format("  compiled in {} of CPU time, loaded in {}, {} of {}\n",
                     seconds_text(table.build_cpu_seconds),
                     seconds_text(peers::spread_of(table.load_seconds).median),
                     counted(table.databases, "database"), bytes_text(table.database_bytes));
  out += growth_line(table);
  for (const RuleRow& row : dearest(table, 3))
    out += rule_line("Postfix", row, row.cost(table.cost_texts));
  for (const RuleRow& row : dearest_here(table, 3))
    out += rule_line("headgate", row, row.asked_nanoseconds);
  for (const Advice& advice : table.advice)
    if (is_worth_it(advice)) out += fmt::format("  advice: {}\n", advice_text(advice));
  if (table.all_advice)
    out += fmt::format("  all groups together: {:.2f} times as fast in Postfix\n",
                       table.all_advice->median);
  return out;
}

}  // namespace

std::string texts_name(peers::KeyKind kind) {
  return kind == peers::KeyKind::header ? "headers" : "body lines";
}

std::string bytes_text(std::size_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (value >= 1e6) return short_number(value / 1e6) + " MB";
  if (value >= 1e3) return short_number(value / 1e3) + " KB";
  return fmt::format("{} bytes", bytes);
}

std::string seconds_text(double seconds) {
  if (seconds >= 1) return short_number(seconds) + " s";
  if (seconds >= 1e-3) return short_number(seconds * 1e3) + " ms";
  return short_number(seconds * 1e6) + " us";
}

std::string headline(const TableReport& table) {
  const EngineRun* ours = find_run(table, kOurs);
  if (ours == nullptr) return "headgate was not measured.";
  const double rate = ours->megabytes_a_second().median;
  std::string out =
      fmt::format("headgate checks {} MB/s of {}", short_number(rate), texts_name(table.kind));
  const EngineRun* postfix = postfix_run(table);
  if (postfix == nullptr) return out + '.';
  const double theirs = postfix->megabytes_a_second().median;
  return out + fmt::format(", {} times as fast as Postfix's way ({} MB/s).",
                           short_number(rate / theirs), short_number(theirs));
}

double postfix_rate(const TableReport& table) {
  const EngineRun* run = postfix_run(table);
  return run == nullptr ? 0 : run->megabytes_a_second().median;
}

bool is_worth_it(const Advice& advice) {
  constexpr double kLeast = 1.03;
  return advice.same_answers && advice.faster.median >= kLeast;
}

std::string advice_text(const Advice& advice) {
  return fmt::format(
      "the {} rules of lines {} to {} all begin alike: put them between `if {}` and `endif`: {} "
      "times "
      "as fast in Postfix itself, no change here",
      number(advice.rules), advice.first_line, advice.last_line, advice.guard,
      fmt::format("{:.{}f}", advice.faster.median, advice.faster.median < 10 ? 2 : 0));
}

std::string remarks(const EngineRun& run) {
  std::vector<std::string> parts;
  if (run.left_out > 0) parts.push_back(counted(run.left_out, "pattern") + " left out");
  if (run.approximate > 0)
    parts.push_back(counted(run.approximate, "pattern") + " answered with \"perhaps\"");
  if (run.agrees && !*run.agrees) parts.emplace_back("DISAGREES with headgate");
  if (!run.whole_corpus) parts.push_back(fmt::format("on {} of the texts", number(run.texts)));
  if (run.engine == kOursWhole) parts.emplace_back("of mail, each until it is refused");
  if (run.cut) parts.push_back("stopped by the limit after " + counted(run.seconds.size(), "run"));
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : "; ") + part;
  return out;
}

std::vector<RuleRow> dearest(const TableReport& table, std::size_t most) {
  std::vector<RuleRow> rows = table.rows;
  std::ranges::stable_sort(rows, std::ranges::greater(),
                           [&](const RuleRow& row) { return row.cost(table.cost_texts); });
  if (rows.size() > most) rows.resize(most);
  return rows;
}

std::vector<RuleRow> dearest_here(const TableReport& table, std::size_t most) {
  std::vector<RuleRow> rows = table.rows;
  std::erase_if(rows, [](const RuleRow& row) { return row.asked_nanoseconds <= 0; });
  std::ranges::stable_sort(rows, std::ranges::greater(), &RuleRow::asked_nanoseconds);
  if (rows.size() > most) rows.resize(most);
  return rows;
}

std::string as_text(const Report& report) {
  const CorpusFacts& corpus = report.corpus;
  std::string out = fmt::format(
      "{}: {} in {}, {} body lines in {}; seed {}, {}\n", counted(corpus.messages, "message"),
      counted(corpus.headers, "header"), bytes_text(corpus.header_bytes), number(corpus.body_lines),
      bytes_text(corpus.body_bytes), report.seed, counted(report.runs, "run"));
  for (const TableReport& table : report.tables) out += table_text(table);
  return out;
}

}  // namespace headgate::bench
