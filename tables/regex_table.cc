// Tested by tests/tables/open_test.cc and, with the real compiler, by tests/collide.
#include "tables/regex_table.h"

#include <utility>

#include "engine/rules/program_lookup.h"

namespace headgate::tables {

Result<OpenTable> open_regex_table(std::string_view spec, rules::Dialect dialect,
                                   const std::string& name, rules::ProgramSource& programs,
                                   const WarningSink& warn, const OpenOptions& options) {
  TRY(compiled, programs.load(dialect, name));
  for (const Diagnostic& diagnostic : compiled.diagnostics) warn(diagnostic);
  const rules::Path path = options.scan ? rules::Path::scan : rules::Path::confirm_only;
  const auto lookup = [&](std::shared_ptr<const rules::Program> program) {
    return std::make_unique<rules::ProgramLookup>(std::move(program), std::string(spec), warn, path,
                                                  compiled.count_into.get(), options.scratch);
  };
  OpenTable open;
  open.full = lookup(std::move(compiled.full));
  if (compiled.emergency) open.emergency = lookup(std::move(compiled.emergency));
  return open;
}

}  // namespace headgate::tables
