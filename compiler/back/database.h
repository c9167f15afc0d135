// build_database: the planned patterns of one Program -> its Hyperscan databases, each pattern's strategy set to what it
// became. A pattern that Hyperscan refuses, or that takes it more than it may cost, goes confirm-only with that as the reason.
// SetCompiler: who compiles: InProcessCompiler here and now; a builder process has one with limits (forked_compiler.h).
//   Errors    none: at worst the Program has no scanner and every pattern is confirm-only. A Shortage ends the work.
//   Cost      dominates the compile of a table: some milliseconds a pattern.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "compiler/back/lower.h"
#include "compiler/back/patterns.h"
#include "compiler/back/shortage.h"
#include "engine/match/scanner.h"

namespace headgate::back {

struct ScanPattern {
  std::uint32_t id = 0;                 // its bit
  const analyse::Plan* plan = nullptr;  // its spelling
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

// What was refused in one Program of a table need not be tried in the other.
using Offenders = std::map<std::pair<bool, std::string>, std::string>;  // caseless, spelling -> why

void build_database(Lowered& lowered, const std::vector<CompiledPattern>& patterns,
                    SetCompiler& compiler, Offenders& offenders, Shortage& shortage);

}  // namespace headgate::back
