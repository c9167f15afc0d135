// PatternTrials: each pattern of a regexp: table translated, compiled, and tried beside the old one on texts near it. A difference
// that is seen makes the translation a reason why not.
//   Threads   one owner.      Cost  one translation and some hundred matches a pattern that is different from all others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "compiler/back/patterns.h"
#include "compiler/migrate/translate.h"
#include "engine/match/scratch.h"

namespace headgate::migrate {

struct TriedPattern {
  tl::expected<Translation, std::string> translation = tl::unexpected<std::string>("");
  std::size_t subjects = 0;
  std::vector<std::string> some;  // of the subjects, for trying whole tables
};

class PatternTrials {
 public:
  explicit PatternTrials(const std::vector<back::CompiledPattern>& patterns);

  // `highest_group`: of the rule's value.
  const TriedPattern& of(const front::Pattern& pattern, std::uint64_t highest_group);

 private:
  TriedPattern attempt(const front::Pattern& pattern, std::uint64_t highest_group);
  std::string difference(const match::Confirmer& before, const match::Confirmer& after,
                         std::uint64_t highest_group, const std::vector<std::string>& texts);

  const std::vector<back::CompiledPattern>& patterns_;
  std::uint64_t match_limit_ = 0;
  std::map<std::pair<std::uint32_t, std::uint64_t>, TriedPattern> known_;
  match::Scratch scratch_;
};

}  // namespace headgate::migrate
