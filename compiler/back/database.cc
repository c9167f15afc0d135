// How it works: kMostInOne patterns at once; when Hyperscan refuses the set it names the offender, which goes confirm-only, and
// the rest is tried again. When it names none (no memory, set too large) the set is halved until the halves compile, to
// find whose fault it is. Tested by tests/compiler/back/database_test.cc.
#include "compiler/back/database.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <hs/hs.h>

#include "engine/match/scanner.h"

namespace headgate::back {

namespace {

struct Attempt {
  hs_database_t* database = nullptr;
  int offender = -1;  // index into the set, -1 when unknown
  std::string problem;
};

// Hyperscan's compile time grows faster than the set, and a refused pattern costs the set once more.
constexpr std::size_t kMostInOne = 256;

using Set = std::vector<std::uint32_t>;  // pattern ids of the Program

class Builder {
 public:
  Builder(Lowered& lowered, const std::vector<CompiledPattern>& patterns)
      : lowered_(lowered), patterns_(patterns) {}

  void run() {
    const Set all = planned();
    for (std::size_t begin = 0; begin < all.size(); begin += kMostInOne) {
      const std::size_t end = std::min(all.size(), begin + kMostInOne);
      run_set(Set(all.begin() + static_cast<std::ptrdiff_t>(begin),
                  all.begin() + static_cast<std::ptrdiff_t>(end)));
    }
  }

 private:
  void run_set(Set set) {
    while (!set.empty()) {
      Attempt attempt = compile(set);
      if (attempt.database != nullptr) {
        accept(set, attempt.database);
        return;
      }
      const std::size_t place = attempt.offender >= 0 ? static_cast<std::size_t>(attempt.offender)
                                                      : find_offender(set, attempt);
      refuse(set[place], attempt.problem);
      set.erase(set.begin() + static_cast<std::ptrdiff_t>(place));
    }
  }

  [[nodiscard]] const analyse::Plan& plan(std::uint32_t id) const {
    return patterns_[lowered_.pattern_ids[id]].plan;
  }

  Set planned() const {
    Set set;
    for (std::uint32_t id = 0; id < lowered_.pattern_ids.size(); ++id) {
      if (plan(id).how != analyse::How::confirm_only) set.push_back(id);
    }
    return set;
  }

  Attempt compile(const Set& set) const {
    std::vector<const char*> texts;
    std::vector<unsigned> flags;
    for (const std::uint32_t id : set) {
      texts.push_back(plan(id).scan_text.c_str());
      flags.push_back(HS_FLAG_SINGLEMATCH | HS_FLAG_DOTALL |
                      (plan(id).caseless ? HS_FLAG_CASELESS : 0U));
    }
    Attempt attempt;
    hs_compile_error_t* error = nullptr;
    if (hs_compile_multi(texts.data(), flags.data(), set.data(), static_cast<unsigned>(set.size()),
                         HS_MODE_BLOCK, nullptr, &attempt.database, &error) != HS_SUCCESS) {
      attempt.database = nullptr;
      if (error != nullptr) {
        attempt.problem = error->message;
        if (error->expression >= 0 && static_cast<std::size_t>(error->expression) < set.size()) {
          attempt.offender = error->expression;
        }
        hs_free_compile_error(error);
      }
    }
    return attempt;
  }

  // Halves the set until one pattern is left; when each half compiles alone, the first of the larger half is given up.
  std::size_t find_offender(const Set& set, Attempt& attempt) const {
    std::size_t begin = 0;
    std::size_t count = set.size();
    while (count > 1) {
      const std::size_t half = count / 2;
      const Set first(set.begin() + static_cast<std::ptrdiff_t>(begin),
                      set.begin() + static_cast<std::ptrdiff_t>(begin + half));
      Attempt tried = compile(first);
      if (tried.database != nullptr) {
        hs_free_database(tried.database);
        begin += half;
        count -= half;
      } else {
        attempt.problem = tried.problem;
        if (tried.offender >= 0) return begin + static_cast<std::size_t>(tried.offender);
        count = half;
      }
    }
    return begin;
  }

  void accept(const Set& set, hs_database_t* database) {
    const auto scanner = static_cast<std::uint32_t>(lowered_.parts.scanners.size());
    lowered_.parts.scanners.push_back(std::make_shared<const match::Scanner>(database));
    for (const std::uint32_t id : set) {
      rules::Pattern& pattern = lowered_.parts.patterns[id];
      pattern.strategy = plan(id).how == analyse::How::native ? rules::Strategy::native
                                                              : rules::Strategy::prefilter;
      pattern.scanner = scanner;
      pattern.trusted_bytes = plan(id).trusted_bytes;
    }
  }

  void refuse(std::uint32_t id, const std::string& problem) {
    lowered_.parts.patterns[id].reason = fmt::format("Hyperscan: {}", problem);
  }

  Lowered& lowered_;
  const std::vector<CompiledPattern>& patterns_;
};

}  // namespace

void build_database(Lowered& lowered, const std::vector<CompiledPattern>& patterns) {
  Builder(lowered, patterns).run();
}

}  // namespace headgate::back
