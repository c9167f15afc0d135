// How it works: the subject is passed by length, not as a C string; callers have cut it at NUL already.
// Tested by tests/engine/match/confirm_test.cc and, against postmap, by tests/collide.
#include "engine/match/confirm_pcre2.h"

#include <array>
#include <memory>
#include <mutex>
#include <utility>

#include <fmt/format.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "engine/match/scratch.h"

namespace headgate::match {

namespace {

std::string error_text(int number) {
  std::array<PCRE2_UCHAR, 256> buffer{};
  pcre2_get_error_message(number, buffer.data(), buffer.size());
  return reinterpret_cast<const char*>(buffer.data());
}

struct FreeMatchData {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

class Pcre2Confirmer final : public Confirmer {
 public:
  explicit Pcre2Confirmer(pcre2_code* code) : code_(code) {
    std::uint32_t groups = 0;
    pcre2_pattern_info(code_, PCRE2_INFO_CAPTURECOUNT, &groups);
    groups_ = groups;
    std::uint32_t limit = 0;
    limits_heap_ = pcre2_pattern_info(code_, PCRE2_INFO_HEAPLIMIT, &limit) == 0;
  }

  ~Pcre2Confirmer() override { pcre2_code_free(code_); }

  [[nodiscard]] std::size_t group_count() const override { return groups_; }

  [[nodiscard]] std::size_t least_bytes() const override {
    std::uint32_t bytes = 0;
    return pcre2_pattern_info(code_, PCRE2_INFO_MINLENGTH, &bytes) == 0 ? bytes : 0;
  }

  [[nodiscard]] std::optional<unsigned char> last_byte() const override {
    std::uint32_t is_there = 0;
    std::uint32_t byte = 0;
    if (pcre2_pattern_info(code_, PCRE2_INFO_LASTCODETYPE, &is_there) != 0 || is_there != 1 ||
        pcre2_pattern_info(code_, PCRE2_INFO_LASTCODEUNIT, &byte) != 0)
      return std::nullopt;
    return static_cast<unsigned char>(byte);
  }

  Outcome test(std::string_view subject, Scratch& scratch,
               std::vector<Group>* groups) const override {
    // What other patterns needed more of stays in a shared block, and a limit of this pattern's would not see it:
    // (*LIMIT_HEAP=1) counts what it allocates. Postfix has a block for each pattern.
    const std::unique_ptr<pcre2_match_data, FreeMatchData> own(
        limits_heap_ ? pcre2_match_data_create_from_pattern(code_, nullptr) : nullptr);
    pcre2_match_data* data = limits_heap_ ? own.get() : scratch.match_data(groups_);
    if (data == nullptr) return {Answer::failed, error_text(PCRE2_ERROR_NOMEMORY)};
    const int rc = pcre2_match(code_, reinterpret_cast<PCRE2_SPTR>(subject.data()), subject.size(),
                               0, 0, data, nullptr);
    Outcome outcome;
    if (rc > 0) {
      outcome.answer = Answer::yes;
      if (groups != nullptr) copy_groups(data, rc, *groups);
    } else if (rc != PCRE2_ERROR_NOMATCH) {
      outcome = {Answer::failed, error_text(rc)};
    }
    scratch.trim();
    return outcome;
  }

 private:
  void copy_groups(pcre2_match_data* data, int highest, std::vector<Group>& groups) const {
    const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer(data);
    groups.assign(groups_ + 1, Group{});
    for (std::size_t i = 0; i <= groups_ && i < static_cast<std::size_t>(highest); ++i) {
      if (offsets[2 * i] != PCRE2_UNSET) groups[i] = Group{offsets[2 * i], offsets[2 * i + 1]};
    }
  }

  pcre2_code* code_;
  std::size_t groups_ = 0;
  bool limits_heap_ = false;  // it begins with (*LIMIT_HEAP=…)
};

class WhenAsked final : public Confirmer {
 public:
  WhenAsked(std::string pattern, const Pcre2Options& options, std::size_t groups)
      : pattern_(std::move(pattern)), options_(options), groups_(groups) {}

  [[nodiscard]] std::size_t group_count() const override { return groups_; }

  [[nodiscard]] std::size_t least_bytes() const override {
    compile();
    return confirmer_ == nullptr ? 0 : confirmer_->least_bytes();
  }

  Outcome test(std::string_view subject, Scratch& scratch,
               std::vector<Group>* groups) const override {
    compile();
    if (confirmer_ == nullptr) return {Answer::failed, error_};
    return confirmer_->test(subject, scratch, groups);
  }

 private:
  void compile() const {
    std::call_once(once_, [this] {
      auto compiled = compile_pcre2(pattern_, options_);
      if (compiled && (*compiled)->group_count() == groups_)
        confirmer_ = std::move(*compiled);
      else
        error_ = compiled ? "a pattern has other groups than it had" : compiled.error().text;
    });
  }

  const std::string pattern_;
  const Pcre2Options options_;
  const std::size_t groups_;
  mutable std::once_flag once_;
  mutable std::shared_ptr<const Confirmer> confirmer_;
  mutable std::string error_;
};

}  // namespace

std::shared_ptr<const Confirmer> pcre2_when_asked(std::string pattern, const Pcre2Options& options,
                                                  std::size_t groups) {
  return std::make_shared<const WhenAsked>(std::move(pattern), options, groups);
}

std::uint32_t pcre2_options(const Pcre2Options& options) {
  return (options.caseless ? PCRE2_CASELESS : 0U) | (options.multiline ? PCRE2_MULTILINE : 0U) |
         (options.dotall ? PCRE2_DOTALL : 0U) | (options.extended ? PCRE2_EXTENDED : 0U) |
         (options.anchored ? PCRE2_ANCHORED : 0U) | (options.ungreedy ? PCRE2_UNGREEDY : 0U) |
         (options.dollar_end_only ? PCRE2_DOLLAR_ENDONLY : 0U);
}

tl::expected<std::shared_ptr<const Confirmer>, PatternError> compile_pcre2(
    const std::string& pattern, const Pcre2Options& options) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.c_str()), PCRE2_ZERO_TERMINATED,
                    pcre2_options(options), &error, &offset, nullptr);
  if (code == nullptr) {
    return tl::unexpected(PatternError{
        fmt::format("error in regex at offset {}: {}", offset, error_text(error)), offset});
  }
  return std::make_shared<const Pcre2Confirmer>(code);
}

Pcre2Build pcre2_build() {
  Pcre2Build build;
  std::array<char, 64> version{};
  if (pcre2_config(PCRE2_CONFIG_VERSION, nullptr) <= static_cast<int>(version.size())) {
    pcre2_config(PCRE2_CONFIG_VERSION, version.data());
  }
  build.version = version.data();
  std::uint32_t newline = 0;
  pcre2_config(PCRE2_CONFIG_NEWLINE, &newline);
  build.newline_is_lf = newline == PCRE2_NEWLINE_LF;
  pcre2_config(PCRE2_CONFIG_MATCHLIMIT, &build.match_limit);
  return build;
}

}  // namespace headgate::match
