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
constexpr std::size_t kMostLiteralsInOne = 50'000;

unsigned flags_of(const ScanPattern& pattern) {
  return HS_FLAG_DOTALL | (pattern.caseless ? HS_FLAG_CASELESS : 0U) |
         (pattern.lines ? HS_FLAG_MULTILINE : 0U) | (pattern.once ? HS_FLAG_SINGLEMATCH : 0U);
}

struct Group {
  ScanSet set;
  bool proven = false;  // each pattern compiles alone within its budget
};

class Rounds {
 public:
  Rounds(Spelling spelling, SetCompiler& compiler, Offenders& offenders, Shortage& shortage)
      : spelling_(spelling), compiler_(compiler), offenders_(offenders), shortage_(shortage) {}

  Databases run(const ScanSet& all) {
    // A literal is never what makes a set dear: a set that is too dear is only halved.
    wait_in_groups(not_known_to_offend(all), spelling_ == Spelling::literals);
    while (!waiting_.empty() && !short_) {
      const std::vector<Group> groups = std::exchange(waiting_, {});
      std::vector<ScanSet> sets;
      for (const Group& group : groups) sets.push_back(group.set);
      std::vector<Attempt> attempts = compiler_.compile(sets, Budget::group);
      ScanSet suspects;
      for (std::size_t i = 0; i < groups.size(); ++i) settle(groups[i], attempts[i], suspects);
      if (!suspects.empty() && !short_) try_alone(suspects);
    }
    return std::move(databases_);
  }

 private:
  ScanSet not_known_to_offend(const ScanSet& all) {
    ScanSet set;
    for (const ScanPattern& pattern : all) {
      const auto known = offenders_.find({flags_of(pattern), pattern.text});
      if (known == offenders_.end())
        set.push_back(pattern);
      else
        databases_.refused[pattern.id] = known->second;
    }
    return set;
  }

  void wait_in_groups(const ScanSet& set, bool proven) {
    const std::size_t most = spelling_ == Spelling::literals ? kMostLiteralsInOne : kMostInOne;
    for (std::size_t begin = 0; begin < set.size(); begin += most)
      wait(set, begin, std::min(set.size(), begin + most), proven);
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
    Databases::One one{scanner, {}};
    for (const ScanPattern& pattern : set) one.ids.push_back(pattern.id);
    databases_.compiled.push_back(std::move(one));
  }

  void give_up(const ScanPattern& pattern, const std::string& why) {
    databases_.refused[pattern.id] = why;
    offenders_[{flags_of(pattern), pattern.text}] = why;
  }

  // It may be good: it is no offender.
  void run_short(const ScanSet& set, const std::string& why) {
    for (const ScanPattern& pattern : set) databases_.refused[pattern.id] = why;
    shortage_.note(why, false);
    short_ = true;
  }

  Spelling spelling_;
  SetCompiler& compiler_;
  Offenders& offenders_;
  Shortage& shortage_;
  Databases databases_;
  bool short_ = false;
  std::vector<Group> waiting_;
};

}  // namespace

Attempt compile_set(const ScanSet& set) {
  std::vector<const char*> texts;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;
  for (const ScanPattern& pattern : set) {
    texts.push_back(pattern.text.c_str());
    flags.push_back(flags_of(pattern));
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

Databases compile_databases(const ScanSet& set, Spelling spelling, SetCompiler& compiler,
                            Offenders& offenders, Shortage& shortage) {
  return Rounds(spelling, compiler, offenders, shortage).run(set);
}

}  // namespace headgate::back
