// ProgramLookup: a Program behind Lookup, which is how checks and access ask a pcre: or regexp: table.
//   Lifetime  shares the Program; Found::table borrows name().
//   Counts    each hit into `count_into`, where given (statistics.h).
//   Threads   one owner (it holds scratch memory, which Lookups of the same owner may share); open one a thread, the Program
//             underneath is shared.
//   Errors    find() never fails: an engine's run-time error goes to `warn`, and the rule does not match.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/diagnostic.h"
#include "engine/lookup.h"
#include "engine/rules/program.h"
#include "engine/rules/statistics.h"
#include "engine/rules/truth.h"

namespace headgate::rules {

class ProgramLookup final : public Lookup {
 public:
  // `name` as configured, "pcre:/etc/postfix/header_checks".
  ProgramLookup(std::shared_ptr<const Program> program, std::string name, WarningSink warn,
                Path path = Path::scan, const RuleRows* count_into = nullptr,
                std::shared_ptr<match::Scratch> scratch = nullptr);

  Result<std::optional<Found>> find(std::string_view key) override;

  bool scan(std::string_view block, std::vector<std::uint32_t>& touched) override;

  Result<std::optional<Found>> find_line(std::uint32_t offset, std::string_view line) override;

  [[nodiscard]] const std::string& name() const override { return name_; }

  [[nodiscard]] bool whole_key_only() const override { return true; }

  [[nodiscard]] const Program& program() const { return *program_; }

 private:
  std::optional<Found> evaluate_text();

  std::shared_ptr<const Program> program_;
  std::string name_;
  WarningSink warn_;
  Truth truth_;
  std::unique_ptr<Tally> tally_;
};

}  // namespace headgate::rules
