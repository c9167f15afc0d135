// How it works: text -> front (statements, warnings; patterns compiled on the way) -> analyse (a plan each) -> back (a
// Program, its database), and once more back for the emergency subset, which shares the compiled patterns.
// Tested by tests/compiler/compile_test.cc and tests/cases/rules/run_cases_test.cc.
#include "compiler/compile.h"

#include <memory>
#include <utility>

#include "compiler/back/database.h"
#include "compiler/back/lower.h"
#include "compiler/back/patterns.h"
#include "compiler/back/plan_builder.h"
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
                                            back::Subset subset, const CompileOptions& options,
                                            back::SetCompiler& databases,
                                            back::Offenders& offenders, back::Shortage& shortage) {
  back::Lowered lowered = back::lower(dialect, name, file, patterns, subset);
  if (options.use_hyperscan)
    back::build_plan(lowered, patterns, options.switches, options.mail, databases, offenders,
                     shortage);
  return std::make_shared<const rules::Program>(std::move(lowered.parts));
}

}  // namespace

Result<TableText> read_table(rules::Dialect dialect, const std::string& name) {
  const bool is_inline = front::is_inline(name);
  TRY(text, is_inline ? front::inline_text(front_dialect(dialect), name) : read_file(name));
  return TableText{std::move(text), is_inline ? kInlinePath : name};
}

rules::CompiledTable compile_table(rules::Dialect rules_dialect, const std::string& name,
                                   const TableText& text, const CompileOptions& options) {
  const front::Dialect dialect = front_dialect(rules_dialect);
  rules::CompiledTable table;
  const WarningSink collect = [&table](const Diagnostic& diagnostic) {
    table.diagnostics.push_back(diagnostic);
  };
  back::PatternSet patterns(dialect, options.use_hyperscan, options.why_no_scan);
  patterns.try_ahead(text.text, name, text.path);
  const front::RuleFile file =
      front::parse_rules(dialect, text.text, name, text.path, patterns, collect);
  back::Shortage shortage = patterns.shortage();
  back::InProcessCompiler in_process;
  back::Offenders offenders;
  back::SetCompiler& databases = options.databases != nullptr ? *options.databases : in_process;
  table.full = build(dialect, name, file, patterns.patterns(), back::Subset::all, options,
                     databases, offenders, shortage);
  if (file.has_emergency_marks) {
    table.emergency = build(dialect, name, file, patterns.patterns(), back::Subset::emergency,
                            options, databases, offenders, shortage);
  }
  if (options.shortage != nullptr) *options.shortage = std::move(shortage);
  return table;
}

rules::CompiledTable compile_text(rules::Dialect dialect, const std::string& name,
                                  std::string_view text, const CompileOptions& options) {
  return compile_table(dialect, name, TableText{std::string(text), name}, options);
}

CompilingSource::CompilingSource(CompileOptions options) : options_(std::move(options)) {}

const match::SelfTest& CompilingSource::selftest() {
  std::call_once(tested_, [this] { selftest_ = match::run_selftest(); });
  return selftest_;
}

Result<rules::CompiledTable> CompilingSource::load(rules::Dialect dialect,
                                                   const std::string& name) {
  TRY(text, read_table(dialect, name));
  CompileOptions options = options_;
  const bool broken = options.use_hyperscan && !selftest().ok;
  if (broken) {
    options.use_hyperscan = false;
    options.why_no_scan = "libhs failed its self-test";
  }
  back::Shortage shortage;
  options.shortage = &shortage;
  rules::CompiledTable table = compile_table(dialect, name, text, options);
  if (shortage.rules_missing) return fail(Code::unavailable, shortage.what, name);
  if (broken) {
    table.diagnostics.insert(table.diagnostics.begin(),
                             Diagnostic{Severity::warning, selftest().problem, name, 0, 0});
  }
  return table;
}

}  // namespace headgate::compiler
