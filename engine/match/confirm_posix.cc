// How it works: REG_STARTEND passes the subject by length, which spares a copy for the NUL; glibc treats it like a
// string of that length. Tested by tests/engine/match/confirm_test.cc and, against postmap, by tests/collide.
#include "engine/match/confirm_posix.h"

#include <regex.h>
#include <limits>

#include <array>

#include "engine/match/scratch.h"

namespace headgate::match {

namespace {

std::string error_text(int number, const regex_t& pattern) {
  std::array<char, 256> buffer{};
  regerror(number, &pattern, buffer.data(), buffer.size());
  return buffer.data();
}

class PosixConfirmer final : public Confirmer {
 public:
  explicit PosixConfirmer(std::size_t groups_wanted)
      : slots_(groups_wanted > 0 ? groups_wanted + 1 : 0) {}

  ~PosixConfirmer() override {
    if (compiled_) regfree(&pattern_);
  }

  int compile(const std::string& text, int flags) {
    const int error = regcomp(&pattern_, text.c_str(), flags);
    compiled_ = error == 0;
    return error;
  }

  [[nodiscard]] const regex_t& pattern() const { return pattern_; }

  [[nodiscard]] std::size_t group_count() const override { return pattern_.re_nsub; }

  Outcome test(std::string_view subject, Scratch&, std::vector<Group>* groups) const override {
    if (subject.size() > static_cast<std::size_t>(std::numeric_limits<regoff_t>::max())) {
      return {Answer::failed, error_text(REG_ESPACE, pattern_)};
    }
    std::vector<regmatch_t> slots(slots_ > 0 ? slots_ : 1);
    slots[0].rm_so = 0;
    slots[0].rm_eo = static_cast<regoff_t>(subject.size());
    const int rc = regexec(&pattern_, subject.data(), slots_, slots.data(), REG_STARTEND);
    if (rc == REG_NOMATCH) return {};
    if (rc != 0) return {Answer::failed, error_text(rc, pattern_)};
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
  regex_t pattern_{};
  bool compiled_ = false;
  std::size_t slots_;
};

}  // namespace

tl::expected<std::shared_ptr<const Confirmer>, PatternError> compile_posix(
    const std::string& pattern, const PosixOptions& options, std::size_t groups_wanted) {
  const int flags = (options.extended ? REG_EXTENDED : 0) | (options.ignore_case ? REG_ICASE : 0) |
                    (options.newline ? REG_NEWLINE : 0) | (options.no_groups ? REG_NOSUB : 0);
  auto confirmer = std::make_shared<PosixConfirmer>(groups_wanted);
  if (const int error = confirmer->compile(pattern, flags); error != 0) {
    return tl::unexpected(PatternError{error_text(error, confirmer->pattern()), std::string::npos});
  }
  return confirmer;
}

}  // namespace headgate::match
