// How it works: text -> front (statements, warnings; patterns compiled on the way) -> analyse (a plan each) -> back (a
// Program, its database), and once more back for the emergency subset, which shares the compiled patterns.
// Tested by tests/compiler/compile_test.cc and tests/cases/run_cases_test.cc.
#include "compiler/compile.h"

#include <memory>
#include <utility>

#include "compiler/back/database.h"
#include "compiler/back/lower.h"
#include "compiler/back/patterns.h"
#include "compiler/front/inline_table.h"
#include "compiler/front/rule_file.h"
#include "engine/base/file.h"
#include "engine/rules/program.h"

namespace headgate::compiler {

namespace {

// What Postfix calls the stream of an inline table in warnings about its logical lines.
constexpr const char* kInlinePath = "unknown_stream";

front::Dialect front_dialect(rules::Dialect dialect) {
  return dialect == rules::Dialect::pcre ? front::Dialect::pcre : front::Dialect::regexp;
}

std::shared_ptr<const rules::Program> build(front::Dialect dialect, const std::string& name,
                                            const front::RuleFile& file,
                                            const std::vector<back::CompiledPattern>& patterns,
                                            back::Subset subset) {
  back::Lowered lowered = back::lower(dialect, name, file, patterns, subset);
  back::build_database(lowered, patterns);
  return std::make_shared<const rules::Program>(std::move(lowered.parts));
}

rules::CompiledTable compile(front::Dialect dialect, const std::string& name,
                             const std::string& path, std::string_view text,
                             const CompileOptions& options, const std::string& why_no_scan) {
  rules::CompiledTable table;
  const WarningSink collect = [&table](const Diagnostic& diagnostic) {
    table.diagnostics.push_back(diagnostic);
  };
  back::PatternSet patterns(dialect, options.use_hyperscan, why_no_scan);
  const front::RuleFile file = front::parse_rules(dialect, text, name, path, patterns, collect);
  table.full = build(dialect, name, file, patterns.patterns(), back::Subset::all);
  if (file.has_emergency_marks) {
    table.emergency = build(dialect, name, file, patterns.patterns(), back::Subset::emergency);
  }
  return table;
}

}  // namespace

CompilingSource::CompilingSource(CompileOptions options) : options_(options) {}

const match::SelfTest& CompilingSource::selftest() {
  std::call_once(tested_, [this] { selftest_ = match::run_selftest(); });
  return selftest_;
}

Result<rules::CompiledTable> CompilingSource::load(rules::Dialect dialect,
                                                   const std::string& name) {
  const bool is_inline = front::is_inline(name);
  TRY(text, is_inline ? front::inline_text(front_dialect(dialect), name) : read_file(name));
  CompileOptions options = options_;
  std::string why_no_scan = "scanning is switched off";
  const bool broken = options.use_hyperscan && !selftest().ok;
  if (broken) {
    options.use_hyperscan = false;
    why_no_scan = "libhs failed its self-test";
  }
  rules::CompiledTable table = compile(front_dialect(dialect), name, is_inline ? kInlinePath : name,
                                       text, options, why_no_scan);
  if (broken) {
    table.diagnostics.insert(table.diagnostics.begin(),
                             Diagnostic{Severity::warning, selftest().problem, name, 0, 0});
  }
  return table;
}

rules::CompiledTable compile_text(rules::Dialect dialect, const std::string& name,
                                  std::string_view text, const CompileOptions& options) {
  return compile(front_dialect(dialect), name, name, text, options, "scanning is switched off");
}

}  // namespace headgate::compiler
