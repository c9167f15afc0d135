// headgate compile: has the images of tables built and, with --explain, says per pattern how it will be answered and why.
// With a configuration, images go where it says and --all takes every table that it names; without, and when no -o names a
// directory, they go to the user's cache directory. A table whose image cannot be built is explained as it works without
// one; the exit code is then 69.
// Tested by tests/smtpd/cli/rules_test.cc.
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "engine/rules/program.h"
#include "smtpd/cli/configured_tables.h"
#include "smtpd/cli/images.h"
#include "smtpd/cli/plan_report.h"
#include "smtpd/cli/rule_table.h"
#include "smtpd/config/load.h"

namespace headgate::cli {

namespace {

constexpr std::string_view kUsage = "usage: headgate compile [--explain] [--all] [TABLE...]";

std::string_view what(rules::Role role) {
  return role == rules::Role::guard ? "if" : role == rules::Role::rule ? "rule" : "and";
}

struct Options {
  bool explain = false, all = false;
  std::vector<std::string> tables;
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
          {"measured", program.plan().measured},
          {"costs", report.costs()},
          {"patterns", std::move(patterns)}};
}

tl::expected<Options, int> parse(Invocation& invocation) {
  Options options;
  for (const std::string& argument : invocation.arguments) {
    if (argument == "--explain")
      options.explain = true;
    else if (argument == "--all")
      options.all = true;
    else if (argument.starts_with("-") && argument != "--")
      return tl::unexpected(fatal(invocation, kExitUsage, kUsage));
    else if (argument != "--")
      options.tables.push_back(argument);
  }
  if (options.tables.empty() && !options.all)
    return tl::unexpected(fatal(invocation, kExitUsage, kUsage));
  return options;
}

// Tells the source what the configuration says; with --all its tables join those of the command line.
int configure(Invocation& invocation, Options& options) {
  if (invocation.config_directory.empty() && options.all)
    return fatal(invocation, kExitUsage, "compile --all needs a configuration: -c DIR");
  const auto config = load_with_images(invocation);
  if (!config) return config.error();
  if (!options.all) return kExitOk;
  for (const ConfiguredTable& table : configured_tables(*config)) {
    if (is_rule_table(table.spec)) options.tables.push_back(table.spec);
  }
  return kExitOk;
}

void print(Invocation& invocation, const Options& options, const std::string& spec,
           const rules::CompiledTable& table) {
  if (invocation.json) {
    // Patterns are bytes; what is not UTF-8 is replaced, as JSON knows no other text.
    invocation.out
        << facts(spec, *table.full).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
        << '\n';
    return;
  }
  print_text(invocation.out, spec, *table.full);
  if (options.explain) print_patterns(invocation.out, *table.full);
  if (table.emergency == nullptr) return;
  print_text(invocation.out, spec + " (emergency)", *table.emergency);
  if (options.explain) print_patterns(invocation.out, *table.emergency);
}

// One table's exit code. A table of which nothing is left is a bad one.
int compile(Invocation& invocation, const Options& options, const std::string& spec) {
  const auto built = built_rule_table(invocation, spec);
  if (!built) return fatal(invocation, exit_code_of(built.error()), built.error().text());
  print(invocation, options, spec, built->table);
  if (built->table.full->rules().empty() && !built->table.diagnostics.empty())
    return fatal(invocation, kExitBadTable, fmt::format("{}: every rule was skipped", spec));
  return built->build_failed ? kExitUnavailable : kExitOk;
}

}  // namespace

int run_compile(Invocation& invocation) {
  auto options = parse(invocation);
  if (!options) return options.error();
  if (const int code = configure(invocation, *options); code != kExitOk) return code;
  int worst = kExitOk;
  for (const std::string& spec : options->tables) {
    const int code = compile(invocation, *options, spec);
    if (worst == kExitOk || (worst == kExitUnavailable && code != kExitOk)) worst = code;
  }
  return worst;
}

}  // namespace headgate::cli
