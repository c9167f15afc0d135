// Tested by tests/smtpd/cli/rules_test.cc.
#include "smtpd/cli/rule_table.h"

#include <atomic>
#include <utility>

#include <fmt/format.h>

#include "engine/rules/program.h"

namespace headgate::cli {

namespace {

struct RuleTableName {
  rules::Dialect dialect;
  std::string name;
};

Result<RuleTableName> split(const std::string& spec) {
  if (!is_rule_table(spec))
    return fail(Code::invalid, fmt::format("need pcre:NAME or regexp:NAME, not \"{}\"", spec));
  const bool pcre = spec.starts_with("pcre:");
  return RuleTableName{pcre ? rules::Dialect::pcre : rules::Dialect::regexp,
                       spec.substr(spec.find(':') + 1)};
}

void print_warnings(Invocation& invocation, const rules::CompiledTable& table) {
  for (const Diagnostic& diagnostic : table.diagnostics) warning(invocation, diagnostic.text);
}

// Nobody interrupts a build of the command line but by ending the process, and the builder dies with it.
const std::atomic<bool> kNeverCancelled{false};

}  // namespace

bool is_rule_table(std::string_view spec) {
  return spec.starts_with("pcre:") || spec.starts_with("regexp:");
}

Result<rules::CompiledTable> open_rule_table(Invocation& invocation, const std::string& spec) {
  TRY(table, split(spec));
  TRY(loaded, invocation.programs.load(table.dialect, table.name));
  print_warnings(invocation, loaded);
  return std::move(loaded);
}

Result<BuiltTable> built_rule_table(Invocation& invocation, const std::string& spec) {
  TRY(table, split(spec));
  TRY(loaded, invocation.programs.load(table.dialect, table.name));
  print_warnings(invocation, loaded);
  if (!loaded.wants_build) return BuiltTable{std::move(loaded), false};
  const auto built = invocation.programs.build(table.dialect, table.name, kNeverCancelled);
  if (!built) {
    warning(invocation, built.error().text());
    return BuiltTable{std::move(loaded), true};
  }
  TRY(with_databases, invocation.programs.load(table.dialect, table.name));
  if (with_databases.wants_build)
    warning(invocation, fmt::format("{}: what was built cannot be used", spec));
  const bool failed = with_databases.wants_build;
  return BuiltTable{std::move(with_databases), failed};
}

void build_images(Invocation& invocation, const std::vector<std::string>& specs,
                  std::size_t patterns) {
  for (const std::string& spec : specs) {
    const auto table = split(spec);
    if (!table) continue;
    const auto loaded = invocation.programs.load(table->dialect, table->name);
    if (!loaded || !loaded->wants_build || loaded->full->patterns().size() <= patterns) continue;
    const auto built = invocation.programs.build(table->dialect, table->name, kNeverCancelled);
    if (!built) warning(invocation, built.error().text());
  }
}

int exit_code_of(const Error& error) {
  switch (error.code) {
    case Code::not_found:
    case Code::io:
      return kExitNoInput;
    case Code::invalid:
      return kExitBadTable;
    case Code::unavailable:
      return kExitUnavailable;
    default:
      return kExitSoftware;
  }
}

}  // namespace headgate::cli
