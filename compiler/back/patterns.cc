// Tested by tests/compiler/back/lower_test.cc and tests/compiler/compile_test.cc.
#include "compiler/back/patterns.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/back/trial.h"
#include "engine/match/confirm_pcre2.h"
#include "engine/match/reference.h"

namespace headgate::back {

namespace {

match::Reference reference_of(front::Dialect dialect, const front::Pattern& pattern, bool no_groups,
                              std::size_t groups) {
  const front::Flags& flags = pattern.flags;
  match::Reference reference;
  if (dialect == front::Dialect::pcre) {
    reference.engine = match::Engine::pcre2;
    reference.pcre2 =
        match::Pcre2Options{flags.caseless, flags.multiline,       flags.dotall,  flags.extended,
                            flags.anchored, flags.dollar_end_only, flags.ungreedy};
  } else {
    reference.engine = match::Engine::posix;
    reference.posix = match::PosixOptions{!flags.basic, flags.caseless, flags.multiline, no_groups};
    reference.groups_wanted = static_cast<std::uint32_t>(groups);
  }
  return reference;
}

// Equal letters in another order are the same options, a doubled one is none.
std::string key_of(const front::Pattern& pattern, bool no_groups, std::size_t groups) {
  const front::Flags& f = pattern.flags;
  return fmt::format("{:d}{:d}{:d}{:d}{:d}{:d}{:d}{:d}{:d} {} {}", f.caseless, f.multiline,
                     f.dotall, f.extended, f.basic, f.anchored, f.dollar_end_only, f.ungreedy,
                     no_groups, groups, pattern.text);
}

}  // namespace

PatternSet::PatternSet(front::Dialect dialect, bool use_scan, std::string reason)
    : dialect_(dialect), use_scan_(use_scan), reason_(std::move(reason)) {
  if (dialect_ != front::Dialect::pcre) return;
  const match::Pcre2Build build = match::pcre2_build();
  match_limit_ = build.match_limit;
  if (use_scan_ && !build.newline_is_lf) {
    use_scan_ = false;
    reason_ = "this libpcre2 was not built with newline = LF";
  }
}

analyse::Plan PatternSet::plan(const front::Pattern& pattern) const {
  if (use_scan_) return analyse::plan_pattern(dialect_, pattern, match_limit_);
  analyse::Plan plan;
  plan.reason = reason_;
  return plan;
}

tl::expected<front::Compiled, front::Fault> PatternSet::compile(const front::Pattern& pattern,
                                                                front::Use use,
                                                                std::uint64_t groups_wanted,
                                                                int line) {
  // Only regexp: cares what the captures are for: Postfix adds REG_NOSUB to a rule that needs none, not to an if.
  const bool posix = dialect_ == front::Dialect::regexp;
  const bool no_groups = posix && use != front::Use::guard && groups_wanted == 0;
  const std::size_t groups =
      posix ? static_cast<std::size_t>(std::min<std::uint64_t>(groups_wanted, 1U << 20)) : 0;
  std::string key = key_of(pattern, no_groups, groups);
  if (const auto known = by_key_.find(key); known != by_key_.end()) {
    return front::Compiled{known->second, patterns_[known->second].engine->group_count()};
  }
  const match::Reference reference = reference_of(dialect_, pattern, no_groups, groups);
  if (posix && needs_trial(pattern.text)) {
    if (auto refused = try_posix(pattern.text, reference.posix, groups))
      return tl::unexpected(front::Fault{std::move(*refused)});
  }
  auto engine = match::compile_reference(pattern.text, reference);
  if (!engine) return tl::unexpected(front::Fault{engine.error().text, engine.error().offset});
  const auto id = static_cast<std::uint32_t>(patterns_.size());
  const std::size_t found_groups = (*engine)->group_count();
  patterns_.push_back(CompiledPattern{pattern, line, reference, std::move(*engine), plan(pattern)});
  by_key_.emplace(std::move(key), id);
  return front::Compiled{id, found_groups};
}

}  // namespace headgate::back
