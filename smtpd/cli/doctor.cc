// headgate doctor: the libraries that decide, and whether they tell the truth on this machine.
// Exit 69 when libhs fails its self-test (the server then works without it, slowly). Tested by tests/smtpd/cli/rules_test.cc.
#include <ostream>

#include <fmt/format.h>
#include <gnu/libc-version.h>
#include <nlohmann/json.hpp>

#include "engine/match/confirm_pcre2.h"
#include "engine/match/selftest.h"
#include "smtpd/cli/command.h"

namespace headgate::cli {

int run_doctor(Invocation& invocation) {
  if (!invocation.arguments.empty()) return fatal(invocation, kExitUsage, "usage: headgate doctor");
  const match::SelfTest test = match::run_selftest();
  const match::Pcre2Build pcre2 = match::pcre2_build();
  if (invocation.json) {
    const nlohmann::ordered_json facts = {{"hyperscan", test.library},
                                          {"hyperscan_ok", test.ok},
                                          {"hyperscan_problem", test.problem},
                                          {"hyperscan_missed", test.missed},
                                          {"cpu", test.cpu},
                                          {"pcre2", pcre2.version},
                                          {"pcre2_newline_is_lf", pcre2.newline_is_lf},
                                          {"pcre2_match_limit", pcre2.match_limit},
                                          {"glibc", gnu_get_libc_version()}};
    invocation.out << facts.dump() << '\n';
    return test.ok ? kExitOk : kExitUnavailable;
  }
  invocation.out << fmt::format("Hyperscan  {}  self-test {}\n", test.library,
                                test.ok ? "passed" : "FAILED");
  invocation.out << fmt::format("CPU        {}\n",
                                test.cpu.empty() ? "too old for libhs" : test.cpu);
  invocation.out << fmt::format(
      "PCRE2      {}  newline {}, match limit {}\n", pcre2.version,
      pcre2.newline_is_lf ? "LF" : "not LF: pcre: patterns are not scanned for", pcre2.match_limit);
  invocation.out << fmt::format("regexec    glibc {}\n", gnu_get_libc_version());
  for (const std::string& missed : test.missed) warning(invocation, "libhs self-test: " + missed);
  if (!test.ok) warning(invocation, test.problem);
  return test.ok ? kExitOk : kExitUnavailable;
}

}  // namespace headgate::cli
