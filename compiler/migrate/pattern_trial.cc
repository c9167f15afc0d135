// Tested by tests/compiler/migrate/table_test.cc.
#include "compiler/migrate/pattern_trial.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "compiler/migrate/patient_engine.h"
#include "compiler/migrate/posix_tree.h"
#include "engine/base/text.h"
#include "engine/match/confirm_pcre2.h"

namespace headgate::migrate {

namespace {

constexpr std::size_t kSubjects = 160;     // a pattern
constexpr std::size_t kSome = 12;          // of them for whole tables
constexpr std::size_t kLongestText = 300;  // regexec is slow on long ones
constexpr std::size_t kShort = 64;         // who cannot answer so short a text is of no use
constexpr std::chrono::milliseconds kFirstCpu{2000};  // of a pattern that may be dear
constexpr int kFirstDear = 3;                         // so many of a table may take that long
constexpr std::chrono::milliseconds kLaterCpu{200};   // a pattern behind them

std::string_view group_text(const std::string& text, const std::vector<match::Group>& groups,
                            std::size_t number) {
  if (number >= groups.size()) return {};
  return std::string_view(text).substr(groups[number].begin,
                                       groups[number].end - groups[number].begin);
}

}  // namespace

PatternTrials::PatternTrials(const std::vector<back::CompiledPattern>& patterns)
    : patterns_(patterns), match_limit_(match::pcre2_build().match_limit) {}

const TriedPattern& PatternTrials::of(const front::Pattern& pattern, std::uint64_t highest_group) {
  const std::pair key{pattern.id, highest_group};
  auto found = known_.find(key);
  if (found == known_.end()) found = known_.emplace(key, attempt(pattern, highest_group)).first;
  return found->second;
}

TriedPattern PatternTrials::attempt(const front::Pattern& pattern, std::uint64_t highest_group) {
  TriedPattern tried;
  tried.translation = translate_pattern(pattern, highest_group, match_limit_);
  if (!tried.translation) return tried;
  analyse::SubjectOptions options;
  options.count = kSubjects;
  options.max_length = kLongestText;
  analyse::Subjects kinds = analyse::subjects_by_kind(front::Dialect::regexp, pattern, options);
  const match::Confirmer& before = *patterns_[pattern.id].engine;
  if (const std::string why = leave_dear_out(pattern, before, highest_group, kinds, tried);
      !why.empty()) {
    tried.translation = tl::unexpected(why);
    return tried;
  }
  for (std::size_t i = 0; i < kSome / 2; ++i) {
    if (i < kinds.matching.size()) tried.some.push_back(kinds.matching[i]);
    if (i < kinds.near.size()) tried.some.push_back(kinds.near[i]);
  }
  const front::Flags& f = tried.translation->flags;
  const auto after = match::compile_pcre2(
      tried.translation->text, match::Pcre2Options{f.caseless, f.multiline, f.dotall, f.extended,
                                                   f.anchored, f.dollar_end_only, f.ungreedy});
  if (!after) {
    tried.translation = tl::unexpected("PCRE2 does not take it: " + after.error().text);
    return tried;
  }
  for (const auto* texts : {&kinds.matching, &kinds.near}) {
    const std::string seen = difference(before, **after, highest_group, *texts);
    tried.subjects += texts->size();
    if (seen.empty()) continue;
    tried.translation = tl::unexpected(seen);
    return tried;
  }
  return tried;
}

bool PatternTrials::is_dear(const front::Pattern& pattern, std::uint64_t highest_group) {
  analyse::SubjectOptions options;
  options.count = kSubjects;
  options.max_length = kLongestText;
  analyse::Subjects kinds = analyse::subjects_by_kind(front::Dialect::regexp, pattern, options);
  TriedPattern tried;
  const std::string why =
      leave_dear_out(pattern, *patterns_[pattern.id].engine, highest_group, kinds, tried);
  return !why.empty() || tried.untried > 0;
}

// Takes away the texts that regexec is too slow for; the reason, if hardly any are left.
std::string PatternTrials::leave_dear_out(const front::Pattern& pattern,
                                          const match::Confirmer& before,
                                          std::uint64_t highest_group, analyse::Subjects& kinds,
                                          TriedPattern& tried) {
  const auto tree = read_posix(pattern.text, pattern.flags);
  if (!tree || !may_be_dear(*tree)) return {};
  std::vector<std::string> texts = kinds.matching;
  texts.insert(texts.end(), kinds.near.begin(), kinds.near.end());
  std::stable_sort(texts.begin(), texts.end(),
                   [](const std::string& a, const std::string& b) { return a.size() < b.size(); });
  const auto cpu = dear_ < kFirstDear ? kFirstCpu : kLaterCpu;
  const std::size_t answered = texts_answered(before, highest_group > 0, texts, cpu);
  if (answered == texts.size()) return {};
  ++dear_;
  if (texts[answered].size() <= kShort) {
    return fmt::format("not tried (too dear): regexec did not answer a text of {} byte(s) in {} ms",
                       texts[answered].size(), cpu.count());
  }
  tried.longest = kShort;
  const auto drop_long = [](std::vector<std::string>& some) {
    std::erase_if(some, [](const std::string& text) { return text.size() > kShort; });
  };
  drop_long(kinds.matching);
  drop_long(kinds.near);
  const std::size_t left = kinds.matching.size() + kinds.near.size();
  tried.untried = texts.size() - left;
  return left > 0 ? std::string()
                  : "not tried (too dear): regexec takes too long for texts near it";
}

std::string PatternTrials::difference(const match::Confirmer& before, const match::Confirmer& after,
                                      std::uint64_t highest_group,
                                      const std::vector<std::string>& texts) {
  std::vector<match::Group> old_groups, new_groups;
  for (const std::string& text : texts) {
    const match::Outcome old_outcome = before.test(text, scratch_, &old_groups);
    const match::Outcome new_outcome = after.test(text, scratch_, &new_groups);
    if (old_outcome.answer != new_outcome.answer) {
      return fmt::format(
          "regexp: {} \"{}\" and pcre: {}",
          old_outcome.answer == match::Answer::yes ? "matches" : "does not match",
          text::printable(text),
          new_outcome.answer == match::Answer::yes
              ? "does"
              : (new_outcome.answer == match::Answer::failed ? new_outcome.error : "does not"));
    }
    if (old_outcome.answer != match::Answer::yes) continue;
    for (std::size_t i = 1; i <= highest_group; ++i) {
      const std::string_view a = group_text(text, old_groups, i);
      const std::string_view b = group_text(text, new_groups, i);
      if (a != b)
        return fmt::format("${} of \"{}\" is \"{}\" in regexp: and \"{}\" in pcre:", i,
                           text::printable(text), text::printable(a), text::printable(b));
    }
  }
  return {};
}

}  // namespace headgate::migrate
