// FakeSource: a ProgramSource without a compiler: a table is one rule that matches everything and says the file's text;
// it wants a build when told, and the build does what the test says.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/file.h"
#include "engine/rules/program.h"
#include "engine/rules/program_source.h"
#include "tests/engine/rules/fake_confirmer.h"

namespace headgate::testing_support {

class FakeSource final : public rules::ProgramSource {
 public:
  void configure(const rules::ImageSettings& settings) override { image_settings = settings; }

  [[nodiscard]] rules::ImageSettings settings() const override { return image_settings; }

  Result<rules::CompiledTable> load(rules::Dialect, const std::string& name) override {
    ++loads;
    if (while_loading) while_loading();
    if (load_error) return tl::unexpected(*load_error);
    TRY(text, name.starts_with('{') ? Result<std::string>(name) : read_file(name));
    rules::ProgramParts parts;
    parts.name = name;
    rules::Pattern pattern;
    pattern.reference = std::make_shared<rules::FakeConfirmer>(match::Answer::yes);
    pattern.reason = "no database yet";
    parts.patterns.push_back(pattern);
    rules::Rule rule;
    rule.line = 1;
    rule.value = {rules::Piece{text, 0}};
    rule.value_text = text;
    parts.rules.push_back(rule);
    parts.ops.push_back(rules::Op{rules::OpKind::test, rules::Role::rule, false, 1, 0, 2});
    parts.ops.push_back(rules::Op{rules::OpKind::emit, rules::Role::rule, false, 1, 0, 0});
    rules::CompiledTable table;
    table.full = std::make_shared<const rules::Program>(std::move(parts));
    table.diagnostics.push_back(Diagnostic{Severity::warning, "warned of " + text, name, 1, 0});
    table.wants_build = wants_build;
    return table;
  }

  Result<void> build(rules::Dialect, const std::string&,
                     const std::atomic<bool>& cancelled) override {
    ++builds;
    if (while_building) while_building(cancelled);
    if (!build_error.empty()) return fail(Code::limit, build_error);
    wants_build = false;
    return {};
  }

  std::atomic<int> loads = 0, builds = 0;
  std::atomic<bool> wants_build = false;
  rules::ImageSettings image_settings;
  std::optional<Error> load_error;
  std::string build_error;
  std::function<void()> while_loading;
  std::function<void(const std::atomic<bool>&)> while_building;
};

}  // namespace headgate::testing_support
