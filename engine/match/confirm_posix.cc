// How it works: REG_STARTEND passes the subject by length, which spares a copy for the NUL; glibc treats it like a
// string of that length.
// regexec keeps every state of the automaton that a text has led it to, as long as the pattern lives; a sender's text can
// make it grow without end (`.*a.{20}b` against a and b at random: 12 MB for 4.5 KB). Postfix's cleanup ends after max_use
// messages; here a pattern that has matched for a while is compiled anew. The measure is the time spent in regexec, not the
// bytes given to it: a byte brings anything from nothing to 160 KB, a millisecond never more than 0.7 MB. The coarse clock
// costs 4 ns and ticks every 4 ms, so a pattern under attack keeps about 3 MB; one that matches ordinary text is replaced
// as often, for less than 1 % of its time.
// regexec locks the regex_t while it runs, so threads that ask the same pattern take turns, with a bound: a text that it
// does not end with must not hold up all who share the table. Who has waited a while gets a copy of the pattern; a copy that
// is old and not needed goes.
// Tested by tests/engine/match/confirm_test.cc and, against postmap, by tests/collide.
#include "engine/match/confirm_posix.h"

#include <regex.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

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

// For another thread's text to end.
constexpr std::chrono::milliseconds kPatience{100};

#ifdef __SANITIZE_THREAD__
using WaitClock = std::chrono::system_clock;  // it does not know the other wait
#else
using WaitClock = std::chrono::steady_clock;
#endif

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
    auto regex = std::make_unique<Regex>();
    const int error = regex->compile(text_, flags_);
    group_count_ = regex->group_count();
    idle_.push_back(std::move(regex));
    copies_ = 1;
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
  int execute(const char* subject, regmatch_t* slots) const {
    std::unique_ptr<Regex> regex = take();
    const int rc = regex->execute(subject, slots_, slots);
    if (!regex->is_old() || !shed(regex)) give_back(std::move(regex));
    return rc;
  }

  std::unique_ptr<Regex> take() const {
    std::unique_lock lock(mutex_);
    const auto is_there = [this] { return !idle_.empty(); };
    const auto changed = [this] { return making_ || !idle_.empty(); };
    while (idle_.empty()) {
      if (making_) {
        came_back_.wait(lock);
      } else if (!came_back_.wait_until(lock, WaitClock::now() + kPatience, changed)) {
        std::unique_ptr<Regex> another;
        const bool made = make(another, lock);
        if (made && make_room()) return another;
        came_back_.wait(lock, is_there);
      }
    }
    std::unique_ptr<Regex> regex = std::move(idle_.back());
    idle_.pop_back();
    return regex;
  }

  void give_back(std::unique_ptr<Regex> regex) const {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(regex));  // there is room
    came_back_.notify_all();
  }

  // An old one goes where another is idle (true: give nothing back); otherwise a fresh one takes its place.
  bool shed(std::unique_ptr<Regex>& regex) const {
    std::unique_lock lock(mutex_);
    came_back_.wait(lock, [this] { return !making_; });  // not used on meanwhile: it would grow
    if (!idle_.empty()) {
      --copies_;
      return true;
    }
    if (!make(regex, lock)) regex->rejuvenate();
    return false;
  }

  // One at a time, as a compilation may be dear. Leaves `regex` as it is when there is no memory.
  bool make(std::unique_ptr<Regex>& regex, std::unique_lock<std::mutex>& lock) const {
    making_ = true;
    lock.unlock();
    std::unique_ptr<Regex> fresh(new (std::nothrow) Regex);
    const bool made = fresh != nullptr && fresh->compile(text_, flags_) == 0;
    if (made) regex = std::move(fresh);
    lock.lock();
    making_ = false;
    came_back_.notify_all();
    return made;
  }

  // For all to be idle at once; under the mutex.
  bool make_room() const {
    try {
      idle_.reserve(copies_ + 1);
    } catch (const std::bad_alloc&) {
      return false;
    }
    ++copies_;
    return true;
  }

  std::string text_;
  int flags_;
  std::size_t slots_;
  std::size_t group_count_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable came_back_;
  mutable std::vector<std::unique_ptr<Regex>> idle_;
  mutable std::size_t copies_ = 0;
  mutable bool making_ = false;
};

}  // namespace

int regcomp_flags(const PosixOptions& options) {
  return (options.extended ? REG_EXTENDED : 0) | (options.ignore_case ? REG_ICASE : 0) |
         (options.newline ? REG_NEWLINE : 0) | (options.no_groups ? REG_NOSUB : 0);
}

tl::expected<std::shared_ptr<const Confirmer>, PatternError> compile_posix(
    const std::string& pattern, const PosixOptions& options, std::size_t groups_wanted) {
  auto confirmer = std::make_shared<PosixConfirmer>(pattern, regcomp_flags(options), groups_wanted);
  if (const int error = confirmer->compile(); error != 0)
    return tl::unexpected(PatternError{error_text(error), std::string::npos});
  return confirmer;
}

}  // namespace headgate::match
