// What regexec says of a pattern and PCRE2 of its translation, over all short texts of a small alphabet.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/front/flags.h"
#include "compiler/migrate/translate.h"
#include "engine/match/confirm_pcre2.h"
#include "engine/match/confirm_posix.h"
#include "engine/match/scratch.h"

namespace headgate::migrate {

inline front::Flags regexp_flags(std::string_view letters) {
  front::Flags flags;
  for (const char letter : letters) front::toggle_flag(front::Dialect::regexp, letter, flags);
  flags.letters = letters;
  return flags;
}

inline match::Pcre2Options pcre2_options_of(const front::Flags& f) {
  return {f.caseless, f.multiline, f.dotall, f.extended, f.anchored, f.dollar_end_only, f.ungreedy};
}

inline std::vector<std::string> short_texts(std::string_view alphabet, std::size_t longest) {
  std::vector<std::string> texts{""};
  for (std::size_t begin = 0, length = 1; length <= longest; ++length) {
    const std::size_t end = texts.size();
    for (std::size_t i = begin; i < end; ++i)
      for (const char c : alphabet) texts.push_back(texts[i] + c);
    begin = end;
  }
  return texts;
}

// A regexp: pattern as a rule with so many groups has it.
inline auto compile_old(const std::string& pattern, const front::Flags& flags, std::size_t groups) {
  return match::compile_posix(
      pattern, match::PosixOptions{!flags.basic, flags.caseless, flags.multiline, groups == 0},
      groups);
}

struct Difference {
  std::string text;  // escaped for people; empty when there is none
  std::string what;
};

inline std::string shown(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += c == '\n' ? std::string("\\n") : std::string(1, c);
  return "\"" + out + "\"";
}

inline Difference first_difference(const match::Confirmer& old_engine,
                                   const match::Confirmer& new_engine, std::size_t groups,
                                   const std::vector<std::string>& texts) {
  match::Scratch scratch;
  for (const std::string& text : texts) {
    std::vector<match::Group> old_groups, new_groups;
    const auto a = old_engine.test(text, scratch, &old_groups);
    const auto b = new_engine.test(text, scratch, &new_groups);
    if (a.answer != b.answer)
      return {shown(text),
              a.answer == match::Answer::yes ? "only regexec matches" : "only PCRE2 matches"};
    if (a.answer != match::Answer::yes) continue;
    for (std::size_t i = 1; i <= groups; ++i) {
      const auto x = text.substr(old_groups[i].begin, old_groups[i].end - old_groups[i].begin);
      const auto y = text.substr(new_groups[i].begin, new_groups[i].end - new_groups[i].begin);
      if (x != y)
        return {shown(text), "$" + std::to_string(i) + ": " + shown(x) + " and " + shown(y)};
    }
  }
  return {};
}

}  // namespace headgate::migrate
