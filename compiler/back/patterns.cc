// Tested by tests/compiler/back/lower_test.cc and tests/compiler/compile_test.cc.
#include "compiler/back/patterns.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

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

// How a pattern will be compiled.
struct Request {
  std::string key;
  match::Reference reference;
};

Request request_of(front::Dialect dialect, const front::Pattern& pattern, front::Use use,
                   std::uint64_t groups_wanted) {
  // Only regexp: cares what the captures are for: Postfix adds REG_NOSUB to a rule that needs none, not to an if.
  const bool posix = dialect == front::Dialect::regexp;
  const bool no_groups = posix && use != front::Use::guard && groups_wanted == 0;
  const std::size_t groups =
      posix ? static_cast<std::size_t>(std::min<std::uint64_t>(groups_wanted, 1U << 20)) : 0;
  return Request{key_of(pattern, no_groups, groups),
                 reference_of(dialect, pattern, no_groups, groups)};
}

TrialPattern trial_of(const std::string& text, const match::Reference& reference) {
  return TrialPattern{text, reference.posix, reference.groups_wanted};
}

// Says yes to every pattern and collects what has to be tried. Some of it may not be compiled in the end: a rule of which
// one pattern is wrong does not get to its second.
class Collector final : public front::PatternCompiler {
 public:
  tl::expected<front::Compiled, front::Fault> compile(const front::Pattern& pattern, front::Use use,
                                                      std::uint64_t groups_wanted,
                                                      int /*line*/) override {
    if (needs_trial(pattern.text)) {
      Request request = request_of(front::Dialect::regexp, pattern, use, groups_wanted);
      if (seen_.emplace(request.key, keys.size()).second) {
        patterns.push_back(trial_of(pattern.text, request.reference));
        keys.push_back(std::move(request.key));
      }
    }
    return front::Compiled{0, std::numeric_limits<std::size_t>::max()};
  }

  std::vector<TrialPattern> patterns;
  std::vector<std::string> keys;

 private:
  std::map<std::string, std::size_t> seen_;
};

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

void PatternSet::try_ahead(std::string_view text, const std::string& name,
                           const std::string& path) {
  if (dialect_ != front::Dialect::regexp) return;
  Collector collector;
  front::parse_rules(dialect_, text, name, path, collector, [](const Diagnostic&) {});
  std::vector<TrialResult> results = try_posix(collector.patterns);
  for (std::size_t i = 0; i < results.size(); ++i)
    trials_[std::move(collector.keys[i])] = std::move(results[i]);
}

std::optional<front::Fault> PatternSet::refused_by_trial(const std::string& key,
                                                         const std::string& text,
                                                         const match::Reference& reference) {
  if (dialect_ != front::Dialect::regexp || !needs_trial(text)) return std::nullopt;
  auto known = trials_.find(key);
  if (known == trials_.end())
    known = trials_.emplace(key, try_posix({trial_of(text, reference)}).front()).first;
  const TrialResult& result = known->second;
  if (result.came == Trial::passed) return std::nullopt;
  if (result.came == Trial::killed)
    shortage_.note("a pattern was killed while it was tried", false);
  if (result.came == Trial::untried) shortage_.note(result.why, true);
  return front::Fault{result.why};
}

tl::expected<front::Compiled, front::Fault> PatternSet::compile(const front::Pattern& pattern,
                                                                front::Use use,
                                                                std::uint64_t groups_wanted,
                                                                int line) {
  auto [key, reference] = request_of(dialect_, pattern, use, groups_wanted);
  if (const auto known = by_key_.find(key); known != by_key_.end()) {
    return front::Compiled{known->second, patterns_[known->second].engine->group_count()};
  }
  if (auto refused = refused_by_trial(key, pattern.text, reference))
    return tl::unexpected(std::move(*refused));
  auto engine = match::compile_reference(pattern.text, reference);
  if (!engine) {
    // A child had memory enough for it.
    if (dialect_ == front::Dialect::regexp && engine.error().text == kOutOfMemory)
      shortage_.note("no memory to compile a pattern", true);
    return tl::unexpected(front::Fault{engine.error().text, engine.error().offset});
  }
  const auto id = static_cast<std::uint32_t>(patterns_.size());
  const std::size_t found_groups = (*engine)->group_count();
  analyse::Plan planned = plan(pattern);
  // What could not be read may hold a verb that has something looked at before the length.
  if (planned.needs.known) {
    planned.needs.least_bytes_of_engine = (*engine)->least_bytes();
    if (const auto byte = (*engine)->last_byte())
      add_byte_of_engine(planned.needs, *byte, match::kLastByteReach);
  }
  patterns_.push_back(
      CompiledPattern{pattern, line, reference, std::move(*engine), std::move(planned)});
  by_key_.emplace(std::move(key), id);
  return front::Compiled{id, found_groups};
}

}  // namespace headgate::back
