// SectionDatabases: what the sections of a plan look for -> databases in the plan, with whom their ids stand for. Equal sets of
// literals share theirs.
//   Lifetime  borrows the plan, the compiler and what it tells.        Threads  one owner.
//   Errors    what no database takes is told, pattern by pattern.      Cost  see database.h.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "compiler/analyse/required.h"
#include "compiler/back/database.h"
#include "compiler/back/shortage.h"
#include "engine/rules/scan_plan.h"

namespace headgate::back {

// Literals and the patterns that each was taken for.
using LiteralOwners = std::map<analyse::Literal, std::vector<std::uint32_t>>;

class SectionDatabases {
 public:
  // `finders`: literals get one beside their database.
  SectionDatabases(rules::ScanPlan& plan, bool finders, SetCompiler& compiler, Offenders& offenders,
                   Shortage& shortage)
      : plan_(plan),
        finders_(finders),
        compiler_(compiler),
        offenders_(offenders),
        shortage_(shortage) {}

  // `refused` hears, once a pattern, that one of its literals is in no database, and why.
  void add_literals(
      rules::Section& section, const LiteralOwners& literals,
      const std::function<void(std::uint32_t pattern, const std::string& why)>& refused);

  // `came` hears of each pattern: why it is in no database, or null.
  void add_spellings(
      rules::Section& section, const ScanSet& set,
      const std::function<void(std::uint32_t pattern, const std::string* why)>& came);

 private:
  struct Made {
    std::vector<std::uint32_t> scans;
    std::map<std::uint32_t, std::string> refused;  // pattern -> why
  };

  Made make(const LiteralOwners& literals);

  rules::ScanPlan& plan_;
  bool finders_;
  SetCompiler& compiler_;
  Offenders& offenders_;
  Shortage& shortage_;
  std::map<LiteralOwners, Made> made_;
};

}  // namespace headgate::back
