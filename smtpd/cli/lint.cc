// headgate lint: what is wrong with tables. The table's own faults come from the Linter; with --corpus its rules are also tried
// on mail. Exit: 0 nothing at or above --fail-on that the baseline does not know, 65 something, 66 a file that cannot be
// read, 64 usage. Tested by tests/smtpd/cli/lint_test.cc; docs/lint.md lists the kinds of findings.
#include <algorithm>
#include <iterator>
#include <ostream>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "bench/peers/mail_keys.h"
#include "smtpd/bench/key_kind.h"
#include "smtpd/cli/command.h"
#include "smtpd/cli/command_line.h"
#include "smtpd/cli/corpus_mail.h"
#include "smtpd/cli/images.h"
#include "smtpd/cli/lint_baseline.h"
#include "smtpd/cli/lint_corpus.h"
#include "smtpd/cli/lint_plain.h"
#include "smtpd/cli/lint_report.h"
#include "smtpd/cli/rule_table.h"

namespace headgate::cli {

namespace {

constexpr std::size_t kMostOfAKind = 20;         // in the text, a table
constexpr std::size_t kPatternsWorthImage = 50;  // with a corpus

struct LintOptions {
  std::vector<std::string> tables, corpus;
  std::string level = "note", fail_on = "warning", baseline, new_baseline;
  bool headers = false, body = false, sarif = false, all = false;
};

rules::FindingLevel level_of(const std::string& name) {
  if (name == "error") return rules::FindingLevel::error;
  return name == "warning" ? rules::FindingLevel::warning : rules::FindingLevel::note;
}

tl::expected<LintOptions, int> parse(Invocation& invocation) {
  LintOptions options;
  const CLI::IsMember levels({"note", "warning", "error"});
  CLI::App app("What is wrong with tables, and what to write instead.", "headgate lint");
  app.set_help_flag("--help", "print this help");
  app.add_option("TABLE", options.tables,
                 "pcre:FILE, regexp:FILE, cidr:FILE, texthash:FILE, or hash:, btree:, "
                 "cdb:, lmdb: for the text that such a table is made of")
      ->required();
  auto* corpus =
      app.add_option(
             "--corpus", options.corpus,
             "also tell which rules never win on this mail: an mbox, a Maildir, a folder, a "
             "message, a text file, or a tar archive of any; also gzipped; may be repeated")
          ->allow_extra_args(false);
  auto* headers = app.add_flag("-h,--headers", options.headers, "… asked for headers");
  auto* body = app.add_flag("-b,--body", options.body,
                            "… for body lines (default: by the look of the patterns)");
  headers->needs(corpus)->excludes(body);
  body->needs(corpus);
  app.add_option("--level", options.level, "tell nothing below this level (default note)")
      ->check(levels);
  app.add_option("--fail-on", options.fail_on, "exit 65 from this level on (default warning)")
      ->check(levels);
  app.add_option("--baseline", options.baseline, "say nothing of what this file knows");
  app.add_option("--write-baseline", options.new_baseline,
                 "write all findings to this file, as known; exit 0");
  app.add_flag("--sarif", options.sarif, "print SARIF 2.1.0");
  app.add_flag("--all", options.all,
               fmt::format("print all findings of a kind, not the first {}", kMostOfAKind));
  if (const auto code = parse_command_line(app, invocation)) return tl::unexpected(*code);
  return options;
}

// Reads the mail once, and tries each table on it.
class Measuring {
 public:
  Measuring(Invocation& invocation, const LintOptions& options)
      : invocation_(invocation), options_(options) {}

  int prepare() {
    if (options_.corpus.empty()) return kExitOk;
    const auto config = load_with_images(invocation_);
    if (!config) return config.error();
    if (const int code = read_corpus(invocation_, options_.corpus, mail_); code != kExitOk)
      return code;
    build_images(invocation_, options_.tables, kPatternsWorthImage);
    return kExitOk;
  }

  Result<void> measure(LintedTable& table) {
    if (options_.corpus.empty() || !is_rule_table(table.spec)) return {};
    const bool pcre = table.spec.starts_with("pcre:");
    TRY(loaded, invocation_.programs.load(pcre ? rules::Dialect::pcre : rules::Dialect::regexp,
                                          table.file()));
    const rules::Program& program = *loaded.full;
    const bool headers = options_.headers ||
                         (!options_.body && bench::key_kind_of(program) == peers::KeyKind::header);
    find_in_corpus(program, mail_, headers ? Keys::headers : Keys::body,
                   invocation_.linter->kinds(), table.report);
    return {};
  }

 private:
  Invocation& invocation_;
  const LintOptions& options_;
  peers::MailKeys mail_;
};

std::vector<rules::FindingKind> all_kinds(const Invocation& invocation) {
  const auto of_rules = invocation.linter->kinds();
  std::vector<rules::FindingKind> kinds(of_rules.begin(), of_rules.end());
  const auto plain = plain_kinds();
  std::ranges::copy_if(plain, std::back_inserter(kinds), [&](const rules::FindingKind& kind) {
    return std::ranges::find(of_rules, kind.id, &rules::FindingKind::id) == of_rules.end();
  });
  return kinds;
}

void print(Invocation& invocation, const LintOptions& options,
           const std::vector<LintedTable>& tables) {
  if (options.sarif)
    invocation.out << lint_as_sarif(tables, all_kinds(invocation));
  else if (invocation.json)
    invocation.out << lint_as_json(tables);
  else
    invocation.out << lint_as_text(tables, options.all ? 0 : kMostOfAKind);
}

bool fails(const LintedTable& table, rules::FindingLevel from) {
  for (std::size_t i = 0; i < table.report.findings.size(); ++i)
    if (!table.known[i] && table.report.findings[i].level >= from) return true;
  return false;
}

int finish(Invocation& invocation, const LintOptions& options, std::vector<LintedTable>& tables) {
  if (!options.baseline.empty()) {
    const auto done = apply_baseline(options.baseline, tables);
    if (!done) return fatal(invocation, exit_code_of(done.error()), done.error().text());
  }
  if (!options.new_baseline.empty()) {
    const auto done = write_baseline(options.new_baseline, tables);
    if (!done) return fatal(invocation, kExitIo, done.error().text());
  }
  print(invocation, options, tables);
  if (!options.new_baseline.empty()) return kExitOk;
  const rules::FindingLevel from = level_of(options.fail_on);
  const bool failed =
      std::ranges::any_of(tables, [&](const LintedTable& table) { return fails(table, from); });
  return failed ? kExitBadTable : kExitOk;
}

}  // namespace

int run_lint(Invocation& invocation) {
  const auto options = parse(invocation);
  if (!options) return options.error();
  if (invocation.linter == nullptr)
    return fatal(invocation, kExitUnavailable, "this program was built without the linter");
  for (const std::string& spec : options->tables)
    if (!is_rule_table(spec) && !is_plain_table(spec))
      return fatal(invocation, kExitUsage, fmt::format("tables like \"{}\" are not linted", spec));
  Measuring measuring(invocation, *options);
  if (const int code = measuring.prepare(); code != kExitOk) return code;
  std::vector<LintedTable> tables;
  for (const std::string& spec : options->tables) {
    LintedTable table;
    table.spec = spec;
    auto report = is_plain_table(spec) ? lint_plain_table(spec) : invocation.linter->lint(spec);
    if (!report) return fatal(invocation, exit_code_of(report.error()), report.error().text());
    table.report = std::move(*report);
    const auto measured = measuring.measure(table);
    if (!measured)
      return fatal(invocation, exit_code_of(measured.error()), measured.error().text());
    std::erase_if(table.report.findings, [&](const rules::Finding& finding) {
      return finding.level < level_of(options->level);
    });
    add_fingerprints(table);
    tables.push_back(std::move(table));
  }
  return finish(invocation, *options, tables);
}

}  // namespace headgate::cli
