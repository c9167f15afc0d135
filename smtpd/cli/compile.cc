// headgate compile: has the images of tables built and, with --explain, says per pattern how it will be answered and why.
// With a configuration, images go where it says and --all takes every table that it names; without, and when no -o names a
// directory, they go to the user's cache directory. A table whose image cannot be built is explained as it works without
// one; the exit code is then 69.
// Tested by tests/smtpd/cli/rules_test.cc.
#include <chrono>
#include <map>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "engine/rules/program.h"
#include "smtpd/bench/table_builder.h"
#include "smtpd/bench/tune.h"
#include "smtpd/bench/tune_report.h"
#include "smtpd/cli/command_line.h"
#include "smtpd/cli/configured_tables.h"
#include "smtpd/cli/corpus_mail.h"
#include "smtpd/cli/images.h"
#include "smtpd/cli/plan_report.h"
#include "smtpd/cli/progress_bar.h"
#include "smtpd/cli/rule_table.h"
#include "smtpd/config/load.h"
#include "tables/reach.h"

namespace headgate::cli {

namespace {

nlohmann::ordered_json measured_on(rules::MeasuredOn kind) {
  if (kind == rules::MeasuredOn::nothing) return nullptr;
  return kind == rules::MeasuredOn::headers ? "header" : "body";
}

std::string_view what(rules::Role role) {
  return role == rules::Role::guard ? "if" : role == rules::Role::rule ? "rule" : "and";
}

struct Table {
  std::string spec;
  std::string parameter;  // that names it; "": the command line does
};

struct Options {
  bool explain = false, all = false;
  std::vector<std::string> specs, corpus;
  std::vector<Table> tables;
  bench::TuneOptions tune;
  unsigned limit = 600;
};

// The rule that a test belongs to stands behind it: its emit follows.
std::string action_of(const rules::Program& program, std::size_t at) {
  if (program.ops()[at].role == rules::Role::guard) return {};
  while (program.ops()[at].kind != rules::OpKind::emit) ++at;
  return program.rules()[program.ops()[at].index].value_text;
}

std::string trusted(const rules::Pattern& pattern) {
  if (pattern.strategy == rules::Strategy::confirm_only || pattern.trusted_bytes > 200'000)
    return {};
  return fmt::format("  [believed up to {} bytes]", pattern.trusted_bytes);
}

std::size_t database_bytes(const rules::Program& program) {
  std::size_t bytes = 0;
  for (const rules::Scan& scan : program.plan().scans) bytes += scan.scanner->size_bytes();
  return bytes;
}

void print_text(std::ostream& out, const std::string& spec, const rules::Program& program) {
  std::map<std::string_view, std::size_t> counts;
  for (const rules::Pattern& pattern : program.patterns())
    ++counts[rules::name_of(pattern.strategy)];
  std::string mix;
  for (const auto& [strategy, count] : counts)
    mix += fmt::format("{}{} {}", mix.empty() ? "" : ", ", count, strategy);
  out << fmt::format("{}: {} rules, {} patterns{}{}; {} databases of {} bytes\n", spec,
                     program.rules().size(), program.patterns().size(), mix.empty() ? "" : ": ",
                     mix, program.plan().scans.size(), database_bytes(program));
}

void print_patterns(std::ostream& out, const rules::Program& program) {
  const PlanReport report(program);
  for (std::size_t at = 0; at < program.ops().size(); ++at) {
    const rules::Op& op = program.ops()[at];
    if (op.kind != rules::OpKind::test) continue;
    const rules::Pattern& pattern = program.patterns()[op.index];
    const std::string action = action_of(program, at);
    out << text::printable(fmt::format(
               "line {:>5}  {:<4} {:<12} {}/{}/{}{}{}{}{}", op.line, what(op.role),
               rules::name_of(pattern.strategy), op.negated ? "!" : "", pattern.text, pattern.flags,
               action.empty() ? "" : "  ", action,
               pattern.reason.empty() ? "" : "  (" + pattern.reason + ")", trusted(pattern)))
        << '\n';
    for (const std::string& line : report.lines(op.index))
      out << "            " << text::printable(line) << '\n';
  }
  for (const std::string& line : report.summary()) out << text::printable(line) << '\n';
}

nlohmann::ordered_json facts(const std::string& spec, const rules::Program& program) {
  const PlanReport report(program);
  nlohmann::ordered_json patterns = nlohmann::ordered_json::array();
  for (std::size_t at = 0; at < program.ops().size(); ++at) {
    const rules::Op& op = program.ops()[at];
    if (op.kind != rules::OpKind::test) continue;
    const rules::Pattern& pattern = program.patterns()[op.index];
    patterns.push_back({{"line", op.line},
                        {"kind", what(op.role)},
                        {"negated", op.negated},
                        {"pattern", pattern.text},
                        {"flags", pattern.flags},
                        {"strategy", rules::name_of(pattern.strategy)},
                        {"reason", pattern.reason},
                        {"trusted_bytes", pattern.trusted_bytes},
                        {"action", action_of(program, at)}});
    patterns.back().update(report.facts(op.index));
  }
  return {{"table", spec},
          {"dialect", rules::name_of(program.dialect())},
          {"rules", program.rules().size()},
          {"databases", program.plan().scans.size()},
          {"database_bytes", database_bytes(program)},
          {"measured", program.plan().measured != rules::MeasuredOn::nothing},
          {"measured_on", measured_on(program.plan().measured)},
          {"costs", report.costs()},
          {"patterns", std::move(patterns)}};
}

tl::expected<Options, int> parse(Invocation& invocation) {
  Options options;
  CLI::App app("Build the images of tables and say how each pattern is answered, and why.",
               "headgate compile");
  app.set_help_flag("--help", "print this help");
  app.add_option("TABLE", options.specs, "pcre:FILE or regexp:FILE");
  app.add_flag("--all", options.all, "every table that the configuration names");
  app.add_flag("--explain", options.explain,
               "for each pattern: what is looked for, where, how often, at what cost");
  auto* tune = app.add_option("--tune", options.corpus,
                              "measure on this mail, try some plans, keep the fastest: an mbox, a "
                              "Maildir, a folder, a message, a text file, or a tar archive of "
                              "any; also gzipped; may be repeated")
                   ->allow_extra_args(false);
  auto* headers =
      app.add_flag("-h,--headers", options.tune.table.headers, "… as tables for headers");
  auto* body = app.add_flag("-b,--body", options.tune.table.body,
                            "… for body lines (default: by the look of the patterns)");
  headers->needs(tune)->excludes(body);
  body->needs(tune);
  app.add_option("--seed", options.tune.seed, "chooses the messages to measure on (default 1)")
      ->needs(tune);
  app.add_option("--runs", options.tune.rounds, "how often each plan is tried (default 7)")
      ->check(CLI::Range(1, 1000))
      ->needs(tune);
  app.add_option("--limit", options.limit,
                 "seconds a table after which no further plan is built (default 600)")
      ->check(CLI::Range(1, 86400))
      ->needs(tune);
  if (const auto code = parse_command_line(app, invocation)) return tl::unexpected(*code);
  options.tune.limit = std::chrono::seconds(options.limit);
  if (options.specs.empty() && !options.all)
    return tl::unexpected(
        fatal(invocation, kExitUsage, "TABLE is required (pcre:FILE or regexp:FILE), or --all"));
  for (const std::string& spec : options.specs) options.tables.push_back({spec, {}});
  return options;
}

// Tells the source what the configuration says; with --all its tables join those of the command line.
int configure(Invocation& invocation, Options& options) {
  if (invocation.config_directory.empty() && options.all)
    return fatal(invocation, kExitUsage, "compile --all needs a configuration: -c DIR");
  const auto config = load_with_images(invocation);
  if (!config) return config.error();
  if (!options.all) return kExitOk;
  std::set<std::string> seen;
  for (const ConfiguredTable& table : configured_tables(*config)) {
    for (const std::string& spec : tables::reach_of(table.spec).tables)
      if (is_rule_table(spec) && seen.insert(spec).second)
        options.tables.push_back({spec, table.parameter});
  }
  return kExitOk;
}

void print(Invocation& invocation, const Options& options, const std::string& spec,
           const rules::CompiledTable& table, const std::optional<bench::TuneReport>& tuned) {
  if (invocation.json) {
    nlohmann::ordered_json document = facts(spec, *table.full);
    if (tuned) document["tune"] = bench::as_facts(*tuned);
    // Patterns are bytes; what is not UTF-8 is replaced, as JSON knows no other text.
    invocation.out << document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                   << '\n';
    return;
  }
  if (tuned) invocation.out << bench::as_text(*tuned);
  print_text(invocation.out, spec, *table.full);
  if (options.explain) print_patterns(invocation.out, *table.full);
  if (table.emergency == nullptr) return;
  print_text(invocation.out, spec + " (emergency)", *table.emergency);
  if (options.explain) print_patterns(invocation.out, *table.emergency);
}

// What a parameter's table is looked up with, where the command line does not say.
bench::TableChoice choice_of(const Table& table, bench::TableChoice choice) {
  choice.spec = table.spec;
  if (choice.headers || choice.body) return choice;
  choice.headers = table.parameter.ends_with("header_checks");
  choice.body = table.parameter.ends_with("body_checks");
  return choice;
}

bool has_patterns(Invocation& invocation, const std::string& spec) {
  const auto name = bench::table_name(spec);
  if (!name) return true;  // tune() says what is wrong
  const auto loaded = invocation.programs.load(name->dialect, name->name);
  return !loaded || !loaded->full->patterns().empty();
}

// One table's exit code. A table of which nothing is left is a bad one.
int compile(Invocation& invocation, const Options& options, const Table& table,
            const peers::MailKeys& mail) {
  const std::string& spec = table.spec;
  std::optional<bench::TuneReport> tuned;
  if (!options.corpus.empty() && has_patterns(invocation, spec)) {
    bench::TuneOptions tune = options.tune;
    tune.table = choice_of(table, options.tune.table);
    ProgressBar bar(invocation.err);
    auto done = bench::tune(tune, mail, invocation.programs,
                            [&](double share, std::string_view what) { bar.show(share, what); });
    if (!done) return fatal(invocation, exit_code_of(done.error()), done.error().text());
    tuned = std::move(*done);
  }
  const auto built = built_rule_table(invocation, spec);
  if (!built) return fatal(invocation, exit_code_of(built.error()), built.error().text());
  print(invocation, options, spec, built->table, tuned);
  if (built->table.full->rules().empty() && !built->table.diagnostics.empty())
    return fatal(invocation, kExitBadTable, fmt::format("{}: every rule was skipped", spec));
  return built->build_failed ? kExitUnavailable : kExitOk;
}

}  // namespace

int run_compile(Invocation& invocation) {
  auto options = parse(invocation);
  if (!options) return options.error();
  if (const int code = configure(invocation, *options); code != kExitOk) return code;
  peers::MailKeys mail;
  if (!options->corpus.empty()) {
    if (const int code = read_corpus(invocation, options->corpus, mail); code != kExitOk)
      return code;
  }
  int worst = kExitOk;
  for (const Table& table : options->tables) {
    const int code = compile(invocation, *options, table, mail);
    if (worst == kExitOk || (worst == kExitUnavailable && code != kExitOk)) worst = code;
  }
  return worst;
}

}  // namespace headgate::cli
