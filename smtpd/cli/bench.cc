// headgate bench: check tables against a corpus: reads the mail, has it measured, prints a summary and writes the JSON and
// the page. Tables are built in a folder of their own: what the server has built stays untouched, and a build's cost is
// always the whole cost. Tested by tests/smtpd/bench/bench_command_test.cc and tests/e2e/bench_test.py.
#include <algorithm>
#include <fstream>
#include <ostream>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "bench/peers/mail_keys.h"
#include "engine/base/file.h"
#include "smtpd/bench/engines.h"
#include "smtpd/bench/json.h"
#include "smtpd/bench/measure.h"
#include "smtpd/bench/page.h"
#include "smtpd/bench/summary.h"
#include "smtpd/cli/command.h"
#include "smtpd/cli/command_line.h"
#include "smtpd/cli/corpus_mail.h"
#include "smtpd/cli/progress_bar.h"
#include "smtpd/cli/rule_table.h"

namespace headgate::cli {

namespace {

struct BenchOptions {
  std::vector<std::string> tables, corpus, engines;
  std::string report, json;
  bool headers = false, body = false;
  std::uint64_t seed = 1;
  std::size_t runs = 5;
  unsigned limit = 120;
};

std::string engine_names() {
  std::string names;
  for (const bench::EngineKind& kind : bench::engine_kinds())
    names += (names.empty() ? "" : ",") + std::string(kind.name);
  return names;
}

tl::expected<BenchOptions, int> parse(Invocation& invocation) {
  BenchOptions options;
  CLI::App app("Check tables against a corpus: how fast, beside whom, and which rules cost.",
               "headgate bench");
  app.set_help_flag("--help", "print this help");
  app.add_option("TABLE", options.tables, "pcre:FILE or regexp:FILE")->required();
  app.add_option(
         "--corpus", options.corpus,
         "mail: an mbox, a Maildir, a folder, a message, a text file, or a tar archive of any; "
         "also gzipped; may be repeated")
      ->required()
      ->allow_extra_args(false);
  app.add_flag("-h,--headers", options.headers, "the tables are asked for headers");
  app.add_flag("-b,--body", options.body,
               "… for body lines (default: by the look of the patterns)");
  app.add_option("--report", options.report, "write a page with plots to this file");
  app.add_option("--json", options.json, "write all figures to this file");
  app.add_option("--seed", options.seed, "chooses the samples (default 1)");
  app.add_option("--runs", options.runs, "how often each is measured (default 5)")
      ->check(CLI::Range(1, 1000));
  app.add_option("--limit", options.limit,
                 "seconds for each compilation and each engine (default 120)")
      ->check(CLI::Range(1, 86400));
  app.add_option("--engines", options.engines, "some of " + engine_names())
      ->delimiter(',')
      ->allow_extra_args(false);
  if (const auto code = parse_command_line(app, invocation)) return tl::unexpected(*code);
  for (const std::string& engine : options.engines) {
    if (bench::find_engine(engine) != nullptr) continue;
    return tl::unexpected(
        fatal(invocation, kExitUsage,
              fmt::format("unknown engine: {} (known: {})", engine, engine_names())));
  }
  return options;
}

bench::Options measure_options(const BenchOptions& options) {
  bench::Options out;
  for (const std::string& table : options.tables)
    out.tables.push_back({table, options.headers, options.body});
  out.engines = options.engines;
  out.seed = options.seed;
  out.runs = options.runs;
  out.limit = std::chrono::seconds(options.limit);
  return out;
}

int write(Invocation& invocation, const std::string& path, const std::string& text) {
  if (path.empty()) return kExitOk;
  const auto done = write_file_atomically(path, text);
  return done ? kExitOk : fatal(invocation, kExitIo, done.error().text());
}

// What a peer got wrong, or we did.
int tell_disagreements(Invocation& invocation, const bench::Report& report) {
  int code = kExitOk;
  for (const bench::TableReport& table : report.tables) {
    for (const bench::EngineRun& run : table.engines) {
      if (run.agrees.value_or(true)) continue;
      warning(invocation, fmt::format("{}: headgate and {} give different rules to the same texts",
                                      table.spec, run.engine));
      if (run.engine == bench::postfix_engine(table.dialect == "pcre" ? rules::Dialect::pcre
                                                                      : rules::Dialect::regexp))
        code = kExitSoftware;
    }
  }
  return code;
}

}  // namespace

int run_bench(Invocation& invocation) {
  const auto options = parse(invocation);
  if (!options) return options.error();
  for (const std::string& spec : options->tables)
    if (!is_rule_table(spec))
      return fatal(invocation, kExitUsage,
                   fmt::format("need pcre:NAME or regexp:NAME, not \"{}\"", spec));
  peers::MailKeys mail;
  if (const int code = read_corpus(invocation, options->corpus, mail); code != kExitOk) return code;
  const WarningSink warn = [&](const Diagnostic& diagnostic) {
    warning(invocation, diagnostic.text);
  };
  auto report = [&] {
    ProgressBar bar(invocation.err);
    return bench::measure(measure_options(*options), mail, invocation.programs, warn,
                          [&](double share, std::string_view what) { bar.show(share, what); });
  }();
  if (!report) return fatal(invocation, exit_code_of(report.error()), report.error().text());
  report->corpus.paths = options->corpus;
  invocation.out << bench::as_text(*report);
  for (const auto& [path, text] : {std::pair(options->json, bench::as_json(*report)),
                                   std::pair(options->report, bench::as_page(*report))})
    if (const int code = write(invocation, path, text); code != kExitOk) return code;
  return tell_disagreements(invocation, *report);
}

}  // namespace headgate::cli
