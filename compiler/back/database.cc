// How it works: rounds. In each, all waiting groups (at first of kMostInOne patterns) are given to the compiler at once.
// What comes back refused loses the offender that Hyperscan names and waits again; when it names none (no memory, set too
// large) the group is halved until one is left. A group that is over its budget is taken apart: each pattern is tried
// alone, under the budget of one; who fails is the offender, the others wait again as a group of proven ones, and such a
// group, when it is too dear all the same, is halved.
// Tested by tests/compiler/back/database_test.cc.
#include "compiler/back/database.h"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>
#include <hs/hs.h>

namespace headgate::back {

namespace {

// Hyperscan's compile time grows faster than the set, and a refused pattern costs the set once more.
constexpr std::size_t kMostInOne = 256;

struct Group {
  ScanSet set;
  bool proven = false;  // each pattern compiles alone within its budget
};

class Rounds {
 public:
  Rounds(Lowered& lowered, const std::vector<CompiledPattern>& patterns, SetCompiler& compiler,
         Offenders& offenders, Shortage& shortage)
      : lowered_(lowered),
        patterns_(patterns),
        compiler_(compiler),
        offenders_(offenders),
        shortage_(shortage) {}

  void run() {
    wait_in_groups(planned(), false);
    while (!waiting_.empty() && !short_) {
      const std::vector<Group> groups = std::exchange(waiting_, {});
      std::vector<ScanSet> sets;
      for (const Group& group : groups) sets.push_back(group.set);
      std::vector<Attempt> attempts = compiler_.compile(sets, Budget::group);
      ScanSet suspects;
      for (std::size_t i = 0; i < groups.size(); ++i) settle(groups[i], attempts[i], suspects);
      if (!suspects.empty() && !short_) try_alone(suspects);
    }
  }

 private:
  ScanSet planned() {
    ScanSet set;
    for (std::uint32_t id = 0; id < lowered_.pattern_ids.size(); ++id) {
      const analyse::Plan& plan = patterns_[lowered_.pattern_ids[id]].plan;
      if (plan.how == analyse::How::confirm_only) continue;
      const auto known = offenders_.find({plan.caseless, plan.scan_text});
      if (known != offenders_.end())
        lowered_.parts.patterns[id].reason = known->second;
      else
        set.push_back(ScanPattern{id, &plan});
    }
    return set;
  }

  void wait_in_groups(const ScanSet& set, bool proven) {
    for (std::size_t begin = 0; begin < set.size(); begin += kMostInOne)
      wait(set, begin, std::min(set.size(), begin + kMostInOne), proven);
  }

  void wait(const ScanSet& set, std::size_t begin, std::size_t end, bool proven) {
    const auto at = [&](std::size_t i) { return set.begin() + static_cast<std::ptrdiff_t>(i); };
    if (begin < end) waiting_.push_back(Group{ScanSet(at(begin), at(end)), proven});
  }

  void wait_halved(const Group& group) {
    wait(group.set, 0, group.set.size() / 2, group.proven);
    wait(group.set, group.set.size() / 2, group.set.size(), group.proven);
  }

  void settle(const Group& group, const Attempt& attempt, ScanSet& suspects) {
    switch (attempt.came) {
      case Came::ok:
        return accept(group.set, attempt.scanner);
      case Came::out_of_time:
        for (const ScanPattern& pattern : group.set) give_up(pattern, attempt.problem);
        return;
      case Came::shortage:
        return run_short(group.set, attempt.problem);
      case Came::over_budget:
        if (!group.proven) {
          suspects.insert(suspects.end(), group.set.begin(), group.set.end());
          return;
        }
        break;
      case Came::refused:
        if (attempt.offender < 0) break;
        const auto place = static_cast<std::size_t>(attempt.offender);
        give_up(group.set[place], attempt.problem);
        Group rest = group;
        rest.set.erase(rest.set.begin() + attempt.offender);
        if (!rest.set.empty()) waiting_.push_back(std::move(rest));
        return;
    }
    if (group.set.size() == 1) return give_up(group.set.front(), attempt.problem);
    wait_halved(group);
  }

  void try_alone(const ScanSet& suspects) {
    std::vector<ScanSet> alone;
    for (const ScanPattern& pattern : suspects) alone.push_back({pattern});
    const std::vector<Attempt> attempts = compiler_.compile(alone, Budget::pattern);
    ScanSet proven;
    for (std::size_t i = 0; i < suspects.size(); ++i) {
      if (attempts[i].came == Came::ok)
        proven.push_back(suspects[i]);
      else if (attempts[i].came == Came::shortage)
        run_short({suspects[i]}, attempts[i].problem);
      else
        give_up(suspects[i], attempts[i].problem);
    }
    wait_in_groups(proven, true);
  }

  void accept(const ScanSet& set, const std::shared_ptr<const match::Scanner>& scanner) {
    const auto number = static_cast<std::uint32_t>(lowered_.parts.scanners.size());
    lowered_.parts.scanners.push_back(scanner);
    for (const ScanPattern& one : set) {
      rules::Pattern& pattern = lowered_.parts.patterns[one.id];
      pattern.strategy = one.plan->how == analyse::How::native ? rules::Strategy::native
                                                               : rules::Strategy::prefilter;
      pattern.scanner = number;
      pattern.trusted_bytes = one.plan->trusted_bytes;
    }
  }

  void give_up(const ScanPattern& pattern, const std::string& why) {
    lowered_.parts.patterns[pattern.id].reason = why;
    offenders_[{pattern.plan->caseless, pattern.plan->scan_text}] = why;
  }

  // It may be good: it is no offender.
  void run_short(const ScanSet& set, const std::string& why) {
    for (const ScanPattern& pattern : set) lowered_.parts.patterns[pattern.id].reason = why;
    shortage_.note(why, false);
    short_ = true;
  }

  Lowered& lowered_;
  const std::vector<CompiledPattern>& patterns_;
  SetCompiler& compiler_;
  Offenders& offenders_;
  Shortage& shortage_;
  bool short_ = false;
  std::vector<Group> waiting_;
};

}  // namespace

Attempt compile_set(const ScanSet& set) {
  std::vector<const char*> texts;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;
  for (const ScanPattern& pattern : set) {
    texts.push_back(pattern.plan->scan_text.c_str());
    flags.push_back(HS_FLAG_SINGLEMATCH | HS_FLAG_DOTALL |
                    (pattern.plan->caseless ? HS_FLAG_CASELESS : 0U));
    ids.push_back(pattern.id);
  }
  Attempt attempt;
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile_multi(texts.data(), flags.data(), ids.data(), static_cast<unsigned>(set.size()),
                       HS_MODE_BLOCK, nullptr, &database, &error) == HS_SUCCESS) {
    attempt.came = Came::ok;
    attempt.scanner = std::make_shared<const match::Scanner>(database);
    return attempt;
  }
  // Hyperscan has no code for it, only these words (and no error object when not even that could be allocated).
  attempt.out_of_memory =
      error == nullptr || std::string_view(error->message) == "Unable to allocate memory.";
  attempt.problem = fmt::format("Hyperscan: {}", error != nullptr ? error->message : "no memory");
  if (error != nullptr && error->expression >= 0 &&
      static_cast<std::size_t>(error->expression) < set.size()) {
    attempt.offender = error->expression;
  }
  hs_free_compile_error(error);
  return attempt;
}

std::vector<Attempt> InProcessCompiler::compile(const std::vector<ScanSet>& sets, Budget) {
  std::vector<Attempt> attempts;
  for (const ScanSet& set : sets) attempts.push_back(compile_set(set));
  return attempts;
}

void build_database(Lowered& lowered, const std::vector<CompiledPattern>& patterns,
                    SetCompiler& compiler, Offenders& offenders, Shortage& shortage) {
  Rounds(lowered, patterns, compiler, offenders, shortage).run();
}

}  // namespace headgate::back
