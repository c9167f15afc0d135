// PCRE2's interpreter as Postfix uses it: no JIT, no UTF, the library's default limits, the pattern NUL terminated.
// The JIT is not the reference: PCRE2 10.42's misses matches of `(cialis|\b)\b[\s\S]+\b[\s\S]+`.
//   Threads   a compiled pattern is immutable; see confirm.h.
//   Source    dict_pcre(3) of Postfix 3.7 built with PCRE2.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "engine/match/confirm.h"

namespace headgate::match {

// The defaults are those of a pcre: table.
struct Pcre2Options {
  bool caseless = true;
  bool multiline = false;
  bool dotall = true;
  bool extended = false;
  bool anchored = false;
  bool dollar_end_only = false;
  bool ungreedy = false;
};

// As pcre2_compile() takes them.
std::uint32_t pcre2_options(const Pcre2Options& options);

tl::expected<std::shared_ptr<const Confirmer>, PatternError> compile_pcre2(
    const std::string& pattern, const Pcre2Options& options);

// The same for a pattern that is known to compile and to have so many groups: it is compiled when it is asked first, by
// whichever thread. Of ten thousand patterns in a table a day's mail asks some hundreds. Should it not compile after all,
// every test fails with the reason.
std::shared_ptr<const Confirmer> pcre2_when_asked(std::string pattern, const Pcre2Options& options,
                                                  std::size_t groups);

// How this libpcre2 was built, as far as the meaning of patterns depends on it.
struct Pcre2Build {
  std::string version;  // "10.42 2022-12-11"
  bool newline_is_lf =
      false;  // else `.`, `^` and `$` mean something that the analysis does not model
  std::uint32_t match_limit = 0;
};

Pcre2Build pcre2_build();

}  // namespace headgate::match
