// compile_databases: spellings for Hyperscan -> databases, in as few as may be. A spelling that Hyperscan refuses, or that
// takes it more than it may cost, comes back with the reason.
// SetCompiler: who compiles: InProcessCompiler here and now; a builder process has one with limits (forked_compiler.h).
//   Errors    none: at worst nothing is compiled. A Shortage ends the work.
//   Cost      dominates the compile of a table: some milliseconds a regular expression, some microseconds a literal.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "compiler/back/shortage.h"
#include "engine/match/scanner.h"

namespace headgate::back {

struct ScanPattern {
  std::uint32_t id = 0;  // what a scan will tell
  std::string text;
  bool caseless = false;
  bool lines = false;  // ^ and $ are those of lines
  bool once = false;   // each text is told of once
};

using ScanSet = std::vector<ScanPattern>;

enum class Came : std::uint8_t {
  ok,
  refused,      // by Hyperscan; `offender` says which, -1 when it does not tell
  over_budget,  // took too long or too much memory
  out_of_time,  // nothing was tried: the table's time is used up
  shortage,     // nothing is known: the machine has no processes, memory or time for it
};

struct Attempt {
  Came came = Came::refused;
  std::shared_ptr<const match::Scanner> scanner;  // when ok
  int offender = -1;                              // index into the set
  std::string problem;                            // a pattern's reason, should it be the one
  bool out_of_memory = false;                     // refused for that
};

// What a set may cost: as much as a group of patterns, or as one.
enum class Budget : std::uint8_t { group, pattern };

class SetCompiler {
 public:
  SetCompiler() = default;
  SetCompiler(const SetCompiler&) = delete;
  SetCompiler& operator=(const SetCompiler&) = delete;
  virtual ~SetCompiler() = default;

  // One Attempt a set, in their order.
  virtual std::vector<Attempt> compile(const std::vector<ScanSet>& sets, Budget budget) = 0;
};

class InProcessCompiler final : public SetCompiler {
 public:
  std::vector<Attempt> compile(const std::vector<ScanSet>& sets, Budget budget) override;
};

// Compiles one set, without limits.
Attempt compile_set(const ScanSet& set);

// What was refused in one Program of a table need not be tried in the other: the spelling with its flags, and why.
using Offenders = std::map<std::pair<unsigned, std::string>, std::string>;

struct Databases {
  struct One {
    std::shared_ptr<const match::Scanner> scanner;
    std::vector<std::uint32_t> ids;
  };

  std::vector<One> compiled;
  std::map<std::uint32_t, std::string> refused;  // id -> why
};

// Literals are cheap, and one database of all of them is the fastest.
enum class Spelling : std::uint8_t { literals, regexes };

Databases compile_databases(const ScanSet& set, Spelling spelling, SetCompiler& compiler,
                            Offenders& offenders, Shortage& shortage);

}  // namespace headgate::back
