// PatternSet: the patterns of one table, each compiled once by its reference engine and shared by the rules that spell it
// alike. Sharing counts: `if /^Subject:/` fifty times is one question a line.
//   Lifetime  compiled patterns are shared with the Programs made from them.     Threads  one owner.
//   Errors    Fault: the engine's own words, as Postfix prints them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/analyse/strategy.h"
#include "compiler/back/shortage.h"
#include "compiler/back/trial.h"
#include "compiler/front/rule_file.h"
#include "engine/match/reference.h"

namespace headgate::back {

struct CompiledPattern {
  front::Pattern source;
  int line = 0;
  match::Reference reference;
  std::shared_ptr<const match::Confirmer> engine;
  analyse::Plan plan;
};

class PatternSet final : public front::PatternCompiler {
 public:
  // Without `use_scan` every plan is confirm-only with `reason`.
  PatternSet(front::Dialect dialect, bool use_scan, std::string reason);

  // The patterns of a text that will be parsed are tried all at once; without this, each when it is compiled.
  void try_ahead(std::string_view text, const std::string& name, const std::string& path);

  tl::expected<front::Compiled, front::Fault> compile(const front::Pattern& pattern, front::Use use,
                                                      std::uint64_t groups_wanted,
                                                      int line) override;

  [[nodiscard]] std::vector<CompiledPattern>& patterns() { return patterns_; }

  [[nodiscard]] const Shortage& shortage() const { return shortage_; }

 private:
  analyse::Plan plan(const front::Pattern& pattern) const;
  std::optional<front::Fault> refused_by_trial(const std::string& key, const std::string& text,
                                               const match::Reference& reference);

  front::Dialect dialect_;
  bool use_scan_;
  std::string reason_;
  std::uint64_t match_limit_ = 0;
  std::vector<CompiledPattern> patterns_;
  std::map<std::string, std::uint32_t> by_key_;
  std::map<std::string, TrialResult> trials_;
  Shortage shortage_;
};

}  // namespace headgate::back
