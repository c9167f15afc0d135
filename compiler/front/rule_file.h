// parse_rules: the text of a pcre: or regexp: table -> statements in force, plus every warning that Postfix would give,
// in Postfix's order and words. Patterns are compiled on the way, because a pattern that does not compile changes what the
// lines after it mean: a broken `if` does not exist, and its endif closes the next outer one.
//   Errors    none: a bad rule is a Diagnostic and never prevents the rest.      Threads  pure, but for the compiler given.
//   Source    dict_pcre_open(3), dict_regexp_open(3); content-checks §2, §3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "compiler/front/ast.h"
#include "engine/base/diagnostic.h"

namespace headgate::front {

// What a pattern is for decides how regexp: compiles it.
enum class Use : std::uint8_t { guard, rule, second };

struct Compiled {
  std::uint32_t id = 0;
  std::size_t groups = 0;
};

struct Fault {
  std::string text;
  std::size_t offset = std::string::npos;  // into the pattern
};

// The port to the reference engines. `groups_wanted`: the highest $number of the value, 0 if none.
class PatternCompiler {
 public:
  PatternCompiler() = default;
  PatternCompiler(const PatternCompiler&) = delete;
  PatternCompiler& operator=(const PatternCompiler&) = delete;
  virtual ~PatternCompiler() = default;
  virtual tl::expected<Compiled, Fault> compile(const Pattern& pattern, Use use,
                                                std::uint64_t groups_wanted, int line) = 0;
};

// `name` as it shall stand in warnings; `path` likewise in those about logical lines (Postfix has another one there for
// inline tables).
RuleFile parse_rules(Dialect dialect, std::string_view data, const std::string& name,
                     const std::string& path, PatternCompiler& compiler, const WarningSink& warn);

}  // namespace headgate::front
