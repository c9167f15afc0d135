// How it works: plain text into tags, in the order in which a reader asks: how fast, beside whom, how it grows, which rules
// cost, how patterns are answered, what to do. Well-formed XML too, so that a test can read it.
// Tested by tests/smtpd/bench/page_test.cc and tests/e2e/bench_test.py.
#include "smtpd/bench/page.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "smtpd/bench/charts.h"
#include "smtpd/bench/engines.h"
#include "smtpd/bench/json.h"
#include "smtpd/bench/page_style.h"
#include "smtpd/bench/summary.h"
#include "smtpd/bench/svg.h"

namespace headgate::bench {

namespace {

constexpr std::size_t kMostRows = 40;
constexpr std::size_t kMostRowsHere = 10;
constexpr std::size_t kMostReasons = 5;  // of a strategy
constexpr std::size_t kLongestPattern = 160;

std::string number(std::uint64_t value) { return short_number(static_cast<double>(value)); }

std::string fact(std::string_view value, std::string_view what) {
  return fmt::format("<div class=\"fact\"><b>{}</b><span>{}</span></div>\n", escaped(value),
                     escaped(what));
}

std::string cell(std::string_view text, std::string_view css = "") {
  if (css.empty()) return fmt::format("<td>{}</td>", escaped(text));
  return fmt::format("<td class=\"{}\">{}</td>", css, escaped(text));
}

std::string head_row(std::initializer_list<std::pair<std::string_view, bool>> columns) {
  std::string out = "<thead><tr>";
  for (const auto& [name, is_number] : columns)
    out += fmt::format("<th{}>{}</th>", is_number ? " class=\"n\"" : "", escaped(name));
  return out + "</tr></thead>\n";
}

std::string figure(std::string_view title, std::string_view note, const std::string& drawing) {
  if (drawing.empty()) return {};
  return fmt::format("<figure><h3>{}</h3><p class=\"soft\">{}</p>\n{}</figure>\n", escaped(title),
                     escaped(note), drawing);
}

std::string table_facts(const TableReport& table) {
  return "<div class=\"facts\">\n" + fact(number(table.rules), "rules") +
         fact(number(table.guards), "if-groups") +
         fact(number(table.hits), "hits in the whole corpus") +
         fact(seconds_text(table.build_cpu_seconds), "to compile, CPU time") +
         fact(seconds_text(peers::spread_of(table.load_seconds).median), "to load, compiled") +
         fact(bytes_text(table.database_bytes),
              fmt::format("in {} database{}", table.databases, table.databases == 1 ? "" : "s")) +
         "</div>\n";
}

std::string engine_row(const EngineRun& run, double postfix) {
  const std::string name = cell(title_of(run.engine));
  if (!run.problem.empty())
    return fmt::format("<tr>{}<td colspan=\"7\">not measured: {}</td></tr>\n", name,
                       escaped(run.problem));
  const peers::Spread rate = run.megabytes_a_second();
  return fmt::format(
      "<tr>{}{}{}{}{}{}{}{}</tr>\n", name, cell(short_number(rate.median), "n"),
      cell(short_number(rate.least) + " to " + short_number(rate.most), "n"),
      cell(postfix > 0 && run.engine != kOursWhole ? short_number(rate.median / postfix) : "", "n"),
      cell(number(run.hits), "n"),
      cell(run.compile_seconds == 0 ? "" : seconds_text(run.compile_seconds), "n"),
      cell(run.memory_bytes == 0 ? "" : bytes_text(run.memory_bytes), "n"), cell(remarks(run)));
}

std::string engines_table(const TableReport& table) {
  std::string out =
      "<section><h3>Engines</h3>\n<p class=\"soft\">MB of text a second of CPU time: the median of "
      "the runs, and how far they went. Hits are those of the texts that the engine was given; of "
      "a "
      "message at once, rules found in messages.</p>\n<div class=\"wide\"><table>\n";
  out += head_row({{"engine", false},
                   {"MB/s", true},
                   {"spread", true},
                   {"x Postfix", true},
                   {"hits", true},
                   {"compile", true},
                   {"memory", true},
                   {"remarks", false}});
  out += "<tbody>\n";
  for (const EngineRun& run : table.engines) out += engine_row(run, postfix_rate(table));
  return out + "</tbody></table></div></section>\n";
}

std::string charts(const TableReport& table) {
  return "<div class=\"charts\">\n" +
         figure("Throughput", "More is better. The bar behind a mark is the spread over the runs.",
                throughput_chart(table)) +
         figure("Cost as the number of rules grows",
                "Less is better. Rules of this table, drawn by the seed.", growth_chart(table)) +
         figure("Where Postfix's time goes",
                "The share of the time that the dearest tests take; dashed: if all cost the same.",
                cost_chart(table)) +
         figure("How headgate answers", "How it finds out where a pattern may match; below: why.",
                mix_chart(table)) +
         "</div>\n";
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return {};
  return short_number(100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string rule_row(const TableReport& table, const RuleRow& row, double worst) {
  const std::string pattern = row.pattern.size() > kLongestPattern
                                  ? row.pattern.substr(0, kLongestPattern) + "..."
                                  : row.pattern;
  const double cost = row.cost(table.cost_texts);
  const std::string how = row.strategy + (row.reason.empty() ? "" : ": " + row.reason);
  return fmt::format(
      "<tr>{}<td class=\"pattern\"><code>{}{}/{}/{}</code><span class=\"bar\" "
      "style=\"width:{:.1f}%\"></span></td>{}{}{}{}{}{}</tr>\n",
      cell(std::to_string(row.line), "n"), row.guard ? "if " : "", row.negated ? "!" : "",
      escaped(pattern), escaped(row.flags), worst > 0 ? 100 * cost / worst : 0.0,
      cell(short_number(cost), "n"), cell(percent(row.tested, table.cost_texts), "n"),
      cell(row.guard ? "" : number(row.hits), "n"), cell(short_number(row.asked_nanoseconds), "n"),
      cell(percent(row.asked, table.asked_texts), "n"), cell(how));
}

std::string rules_table(const TableReport& table) {
  std::vector<RuleRow> rows = dearest(table, kMostRows);
  if (rows.empty()) return {};
  for (const RuleRow& row : dearest_here(table, kMostRowsHere))
    if (std::ranges::find(rows, row.line, &RuleRow::line) == rows.end()) rows.push_back(row);
  std::string out = fmt::format(
      "<section><h3>Rules and guards, the dearest first</h3>\n<p class=\"soft\">What a test costs "
      "Postfix and headgate, in nanoseconds spread over all {}; {} of {} tests are shown, with "
      "those "
      "that cost headgate most among them. Asked: of 100 texts, how many the reference engine is "
      "asked "
      "about; headgate's databases cost besides what no single rule can be charged with.</p>\n"
      "<div class=\"wide\"><table>\n",
      escaped(texts_name(table.kind)), rows.size(), number(table.rows.size()));
  out += head_row({{"line", true},
                   {"pattern", false},
                   {"Postfix ns", true},
                   {"asked %", true},
                   {"hits", true},
                   {"here ns", true},
                   {"asked %", true},
                   {"answered here", false}});
  out += "<tbody>\n";
  for (const RuleRow& row : rows) out += rule_row(table, row, rows.front().cost(table.cost_texts));
  return out + "</tbody></table></div></section>\n";
}

// The commonest reasons of each strategy; those of single patterns may be as many as the patterns.
std::vector<MixRow> shortened(const std::vector<MixRow>& mix) {
  std::vector<MixRow> out, others;
  std::map<std::string, std::size_t> shown, more;
  for (const MixRow& row : mix) {
    if (++shown[row.strategy] <= kMostReasons) {
      out.push_back(row);
      continue;
    }
    const auto known = std::ranges::find(others, row.strategy, &MixRow::strategy);
    ++more[row.strategy];
    if (known == others.end())
      others.push_back(row);
    else
      known->patterns += row.patterns;
  }
  for (MixRow& row : others) {
    row.reason = fmt::format("{} more reasons", number(more[row.strategy]));
    out.push_back(row);
  }
  std::ranges::stable_sort(out, {}, &MixRow::strategy);
  return out;
}

std::string mix_table(const TableReport& table) {
  std::string out =
      "<section><h3>Why a pattern is answered as it is</h3>\n<div class=\"wide\"><table>\n" +
      head_row({{"strategy", false}, {"reason", false}, {"patterns", true}}) + "<tbody>\n";
  for (const MixRow& row : shortened(table.mix))
    out += fmt::format("<tr>{}{}{}</tr>\n", cell(row.strategy), cell(row.reason),
                       cell(number(row.patterns), "n"));
  return out + "</tbody></table></div></section>\n";
}

// `if /^x/` in backquotes becomes code.
std::string with_code(std::string_view text) {
  std::string out;
  bool code = false;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('`', at), text.size());
    out += escaped(text.substr(at, end - at));
    if (end == text.size()) break;
    out += code ? "</code>" : "<code>";
    code = !code;
    at = end + 1;
  }
  return code ? out + "</code>" : out;
}

std::string advice_list(const TableReport& table) {
  std::string items;
  for (const Advice& advice : table.advice)
    if (is_worth_it(advice)) items += "<li>" + with_code(advice_text(advice)) + ".</li>\n";
  std::string out = "<section><h3>Grouping advice</h3>\n";
  if (items.empty())
    return out +
           "<p>No run of consecutive rules was found that one if-group would make faster in "
           "Postfix.</p></section>\n";
  out +=
      "<p>Each group was measured in Postfix's way on a rewritten table that gave every text of "
      "the "
      "sample the same rule as before.</p>\n<ul>\n" +
      items + "</ul>\n";
  if (table.all_advice)
    out += fmt::format("<p>All groups together: {:.2f} times as fast [{:.2f} to {:.2f}].</p>\n",
                       table.all_advice->median, table.all_advice->least, table.all_advice->most);
  return out + "</section>\n";
}

std::string table_section(const TableReport& table) {
  std::string out =
      fmt::format("<h2>{} <span class=\"soft\">on {}</span></h2>\n<p class=\"lead\">{}</p>\n",
                  escaped(table.spec), escaped(texts_name(table.kind)), escaped(headline(table)));
  if (!table.build_problem.empty())
    out +=
        fmt::format("<p class=\"warn\">Without databases: {}</p>\n", escaped(table.build_problem));
  if (!table.growth_problem.empty())
    out += fmt::format("<p class=\"warn\">Growth and grouping were not measured: {}</p>\n",
                       escaped(table.growth_problem));
  return out + table_facts(table) + charts(table) + engines_table(table) + advice_list(table) +
         rules_table(table) + mix_table(table);
}

std::string corpus_paths(const CorpusFacts& corpus) {
  std::string out;
  for (const std::string& path : corpus.paths) out += (out.empty() ? "" : ", ") + path;
  return out;
}

}  // namespace

std::string as_page(const Report& report) {
  const Machine& machine = report.machine;
  const CorpusFacts& corpus = report.corpus;
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<title>headgate bench</title>\n<style>{}</style></head>\n<body><main>\n",
      kPageStyle);
  out += "<h1>Check tables, measured</h1>\n";
  out += fmt::format(
      "<p class=\"soft\">{}; headgate {}, Hyperscan {}, PCRE2 {}; {}, {} processors, "
      "{}. CPU time, {} runs in turn, seed {}.</p>\n",
      escaped(machine.date), escaped(machine.headgate), escaped(machine.hyperscan),
      escaped(machine.pcre2), escaped(machine.processor), machine.processors,
      escaped(machine.system), report.runs, report.seed);
  out += "<div class=\"facts\">\n" + fact(number(corpus.messages), "messages") +
         fact(number(corpus.headers), "headers, " + bytes_text(corpus.header_bytes)) +
         fact(number(corpus.body_lines), "body lines, " + bytes_text(corpus.body_bytes)) +
         "</div>\n";
  out += fmt::format("<p class=\"soft\">Corpus: {}</p>\n", escaped(corpus_paths(corpus)));
  for (const TableReport& table : report.tables) out += table_section(table);
  return out + "</main></body></html>\n";
}

}  // namespace headgate::bench
