// How it works: REG_STARTEND passes the subject by length, which spares a copy for the NUL; glibc treats it like a
// string of that length.
// regexec keeps every state of the automaton that a text has led it to, as long as the pattern lives; a sender's text can
// make it grow without end (`.*a.{20}b` against a and b at random: 12 MB for 4.5 KB). Postfix's cleanup ends after max_use
// messages; here a pattern that has matched for a while is compiled anew. The measure is the time spent in regexec, not the
// bytes given to it: a byte brings anything from nothing to 160 KB, a millisecond never more than 0.7 MB. The coarse clock
// costs 4 ns and ticks every 4 ms, so a pattern under attack keeps about 3 MB; one that matches ordinary text is replaced
// as often, for less than 1 % of its time.
// Tested by tests/engine/match/confirm_test.cc and, against postmap, by tests/collide.
#include "engine/match/confirm_posix.h"

#include <regex.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

#include "engine/match/scratch.h"

namespace headgate::match {

namespace {

std::string error_text(int number) {
  std::array<char, 256> buffer{};
  regerror(number, nullptr, buffer.data(), buffer.size());  // glibc does not look at the pattern
  return buffer.data();
}

using std::chrono::nanoseconds;

// A pattern is replaced when it has matched so long, and so many times as long as its compilation took (5 %), if that was not dear.
constexpr std::chrono::milliseconds kAge{2};
constexpr int kAgeInCompilations = 20;
constexpr std::chrono::milliseconds kGreatestAge{100};  // of a pattern that takes long to compile

nanoseconds clock_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return std::chrono::seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
}

class Regex {
 public:
  Regex() = default;
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  ~Regex() {
    if (compiled_) regfree(&regex_);
  }

  int compile(const std::string& text, int flags) {
    const nanoseconds begun = clock_of(CLOCK_THREAD_CPUTIME_ID);
    const int error = regcomp(&regex_, text.c_str(), flags);
    compiled_ = error == 0;
    age_limit_ = std::clamp<nanoseconds>(
        kAgeInCompilations * (clock_of(CLOCK_THREAD_CPUTIME_ID) - begun), kAge, kGreatestAge);
    return error;
  }

  int execute(const char* subject, std::size_t slots, regmatch_t* slot) {
    const nanoseconds begun = clock_of(CLOCK_MONOTONIC_COARSE);
    const int rc = regexec(&regex_, subject, slots, slot, REG_STARTEND);
    age_ += clock_of(CLOCK_MONOTONIC_COARSE) - begun;
    return rc;
  }

  [[nodiscard]] bool is_old() const { return age_ >= age_limit_; }

  // There was no memory for another one: this one goes on.
  void rejuvenate() { age_ = nanoseconds(0); }

  [[nodiscard]] std::size_t group_count() const { return regex_.re_nsub; }

 private:
  regex_t regex_{};
  bool compiled_ = false;
  nanoseconds age_{0}, age_limit_{0};
};

class PosixConfirmer final : public Confirmer {
 public:
  PosixConfirmer(std::string text, int flags, std::size_t groups_wanted)
      : text_(std::move(text)), flags_(flags), slots_(groups_wanted > 0 ? groups_wanted + 1 : 0) {}

  int compile() {
    regex_ = std::make_unique<Regex>();
    const int error = regex_->compile(text_, flags_);
    group_count_ = regex_->group_count();
    return error;
  }

  [[nodiscard]] std::size_t group_count() const override { return group_count_; }

  Outcome test(std::string_view subject, Scratch&, std::vector<Group>* groups) const override {
    if (subject.size() > static_cast<std::size_t>(std::numeric_limits<regoff_t>::max())) {
      return {Answer::failed, error_text(REG_ESPACE)};
    }
    std::vector<regmatch_t> slots(slots_ > 0 ? slots_ : 1);
    slots[0].rm_so = 0;
    slots[0].rm_eo = static_cast<regoff_t>(subject.size());
    const int rc = execute(subject.data(), slots.data());
    if (rc == REG_NOMATCH) return {};
    if (rc != 0) return {Answer::failed, error_text(rc)};
    if (groups != nullptr) {
      groups->assign(slots.size(), Group{});
      for (std::size_t i = 0; i < slots_; ++i) {
        if (slots[i].rm_so >= 0) {
          (*groups)[i] = Group{static_cast<std::size_t>(slots[i].rm_so),
                               static_cast<std::size_t>(slots[i].rm_eo)};
        }
      }
    }
    return {Answer::yes, {}};
  }

 private:
  // regexec holds a lock of the pattern's own all the time, so this one makes nobody wait longer.
  int execute(const char* subject, regmatch_t* slots) const {
    const std::lock_guard lock(mutex_);
    const int rc = regex_->execute(subject, slots_, slots);
    if (regex_->is_old()) replace();
    return rc;
  }

  void replace() const {
    std::unique_ptr<Regex> fresh(new (std::nothrow) Regex);
    if (fresh != nullptr && fresh->compile(text_, flags_) == 0)
      regex_ = std::move(fresh);
    else
      regex_->rejuvenate();
  }

  std::string text_;
  int flags_;
  std::size_t slots_;
  std::size_t group_count_ = 0;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<Regex> regex_;
};

}  // namespace

tl::expected<std::shared_ptr<const Confirmer>, PatternError> compile_posix(
    const std::string& pattern, const PosixOptions& options, std::size_t groups_wanted) {
  const int flags = (options.extended ? REG_EXTENDED : 0) | (options.ignore_case ? REG_ICASE : 0) |
                    (options.newline ? REG_NEWLINE : 0) | (options.no_groups ? REG_NOSUB : 0);
  auto confirmer = std::make_shared<PosixConfirmer>(pattern, flags, groups_wanted);
  if (const int error = confirmer->compile(); error != 0)
    return tl::unexpected(PatternError{error_text(error), std::string::npos});
  return confirmer;
}

}  // namespace headgate::match
