// headgate compile: compiles tables and, with --explain, says per pattern how it will be answered and why.
// Programs are not stored yet: every process compiles its own when it opens a table.
// Tested by tests/smtpd/cli/rules_test.cc.
#include <array>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "engine/rules/program.h"
#include "smtpd/cli/rule_table.h"

namespace headgate::cli {

namespace {

constexpr std::string_view kUsage = "usage: headgate compile [--explain] TABLE...";

std::string_view what(rules::Role role) {
  return role == rules::Role::guard ? "if" : role == rules::Role::rule ? "rule" : "and";
}

// The rule that a test belongs to stands behind it: its emit follows.
std::string action_of(const rules::Program& program, std::size_t at) {
  if (program.ops()[at].role == rules::Role::guard) return {};
  while (program.ops()[at].kind != rules::OpKind::emit) ++at;
  return program.rules()[program.ops()[at].index].value_text;
}

std::string trusted(const rules::Pattern& pattern) {
  if (pattern.strategy == rules::Strategy::confirm_only || pattern.trusted_bytes > 200'000)
    return {};
  return fmt::format("  [scan believed up to {} bytes]", pattern.trusted_bytes);
}

std::size_t database_bytes(const rules::Program& program) {
  std::size_t bytes = 0;
  for (const auto& scanner : program.scanners()) bytes += scanner->size_bytes();
  return bytes;
}

void print_text(std::ostream& out, const std::string& spec, const rules::Program& program) {
  std::array<std::size_t, 3> counts{};
  for (const rules::Pattern& pattern : program.patterns())
    ++counts[static_cast<std::size_t>(pattern.strategy)];
  out << fmt::format(
      "{}: {} rules, {} patterns: {} native, {} prefilter, {} confirm-only; database {} bytes\n",
      spec, program.rules().size(), program.patterns().size(), counts[0], counts[1], counts[2],
      database_bytes(program));
}

void print_patterns(std::ostream& out, const rules::Program& program) {
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
  }
}

nlohmann::ordered_json facts(const std::string& spec, const rules::Program& program) {
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
  }
  return {{"table", spec},
          {"dialect", rules::name_of(program.dialect())},
          {"rules", program.rules().size()},
          {"database_bytes", database_bytes(program)},
          {"patterns", std::move(patterns)}};
}

}  // namespace

int run_compile(Invocation& invocation) {
  bool explain = false;
  std::vector<std::string> tables;
  for (const std::string& argument : invocation.arguments) {
    if (argument == "--explain")
      explain = true;
    else if (argument == "--")
      continue;
    else if (argument.starts_with("-"))
      return fatal(invocation, kExitUsage, kUsage);
    else
      tables.push_back(argument);
  }
  if (tables.empty()) return fatal(invocation, kExitUsage, kUsage);
  for (const std::string& spec : tables) {
    const auto table = open_rule_table(invocation, spec);
    if (!table) return fatal(invocation, exit_code_of(table.error()), table.error().text());
    if (invocation.json) {
      // Patterns are bytes; what is not UTF-8 is replaced, as JSON knows no other text.
      invocation.out << facts(spec, *table->full)
                            .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                     << '\n';
      continue;
    }
    print_text(invocation.out, spec, *table->full);
    if (explain) print_patterns(invocation.out, *table->full);
    if (table->emergency != nullptr) {
      print_text(invocation.out, spec + " (emergency)", *table->emergency);
      if (explain) print_patterns(invocation.out, *table->emergency);
    }
  }
  return kExitOk;
}

}  // namespace headgate::cli
