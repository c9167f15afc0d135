// Warnings are compared as they would be logged: Postfix makes them printable before anybody sees them.
#include "tests/collide/lookups/paths.h"

#include <utility>

#include <fmt/format.h>

#include "compiler/compile.h"
#include "engine/base/text.h"

namespace headgate::collide {

namespace {

OurPath make_path(std::string name, const rules::CompiledTable& table, rules::Path path) {
  OurPath ours;
  ours.name = std::move(name);
  for (const Diagnostic& diagnostic : table.diagnostics)
    ours.warnings.push_back(text::printable(diagnostic.text));
  ours.said = std::make_shared<std::vector<std::string>>();
  const WarningSink sink = [said = ours.said](const Diagnostic& diagnostic) {
    said->push_back(text::printable(diagnostic.text));
  };
  ours.lookup = std::make_unique<rules::ProgramLookup>(table.full, "t", sink, path);
  return ours;
}

// What Lookups of the room tables say of it at each question.
OurPath broken(rules::Dialect dialect, const std::string& name, const std::string& error) {
  OurPath ours;
  ours.name = "scan";
  ours.error = text::printable(
      fmt::format("{}:{} is unavailable. {}", rules::name_of(dialect), name, error));
  ours.warnings.push_back(text::printable(error));
  return ours;
}

}  // namespace

Answer OurPath::find(const std::string& key) {
  Answer answer;
  if (lookup == nullptr) {
    answer.error = "the table cannot be opened";
    answer.warnings.push_back(error);
    return answer;
  }
  said->clear();
  auto found = lookup->find(key);
  if (!found)
    answer.error = found.error().text();
  else if (*found)
    answer.value = std::move((*found)->value);
  answer.warnings = *said;
  return answer;
}

std::vector<OurPath> open_paths(rules::Dialect dialect, const std::string& name, bool is_inline,
                                const std::string& text) {
  std::vector<OurPath> paths;
  compiler::CompilingSource source;
  auto table = is_inline
                   ? source.load(dialect, name)
                   : Result<rules::CompiledTable>(compiler::compile_text(dialect, name, text, {}));
  if (!table) {
    paths.push_back(broken(dialect, name, table.error().text()));
    return paths;
  }
  paths.push_back(make_path("scan", *table, rules::Path::scan));
  paths.push_back(make_path("confirm", *table, rules::Path::confirm_only));
  return paths;
}

}  // namespace headgate::collide
