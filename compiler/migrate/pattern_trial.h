// PatternTrials: each pattern of a regexp: table translated, compiled, and tried beside the old one on texts near it. A difference
// that is seen makes the translation a reason why not.
// regexec has no limit: patterns that may be dear are asked in a child first (patient_engine.h), and what it is too slow for is not tried.
//   Threads   one owner.      Cost  one translation and some hundred matches a pattern that is different from all others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "compiler/analyse/subjects.h"
#include "compiler/back/patterns.h"
#include "compiler/migrate/translate.h"
#include "engine/match/scratch.h"

namespace headgate::migrate {

struct TriedPattern {
  tl::expected<Translation, std::string> translation = tl::unexpected<std::string>("");
  std::size_t subjects = 0;
  std::size_t untried = 0;                  // too dear for regexec
  std::size_t longest = std::string::npos;  // it may be asked about texts of so many bytes
  std::vector<std::string> some;            // of the subjects, for trying whole tables
};

class PatternTrials {
 public:
  explicit PatternTrials(const std::vector<back::CompiledPattern>& patterns);

  // `highest_group`: of the rule's value.
  const TriedPattern& of(const front::Pattern& pattern, std::uint64_t highest_group);

  // Its engine does not answer all the texts near it in bearable time.
  bool is_dear(const front::Pattern& pattern, std::uint64_t highest_group);

 private:
  TriedPattern attempt(const front::Pattern& pattern, std::uint64_t highest_group);
  std::string leave_dear_out(const front::Pattern& pattern, const match::Confirmer& before,
                             std::uint64_t highest_group, analyse::Subjects& kinds,
                             TriedPattern& tried);
  std::string difference(const match::Confirmer& before, const match::Confirmer& after,
                         std::uint64_t highest_group, const std::vector<std::string>& texts);

  const std::vector<back::CompiledPattern>& patterns_;
  std::uint64_t match_limit_ = 0;
  std::map<std::pair<std::uint32_t, std::uint64_t>, TriedPattern> known_;
  int dear_ = 0;
  match::Scratch scratch_;
};

}  // namespace headgate::migrate
