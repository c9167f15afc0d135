// Tested by tests/compiler/store/cache_key_test.cc.
#include "compiler/store/cache_key.h"

#include <fmt/format.h>
#include <gnu/libc-version.h>

#include "compiler/store/sources_digest.h"
#include "engine/base/version.h"
#include "engine/match/confirm_pcre2.h"
#include "engine/match/selftest.h"
#include "engine/rules/image.h"
#include "engine/rules/program.h"

namespace headgate::store {

std::string environment() {
  const match::Pcre2Build pcre2 = match::pcre2_build();
  const match::HyperscanBuild hyperscan = match::hyperscan_build();
  return fmt::format(
      "headgate {} (sources {}), image format {}, Hyperscan {} on {}, PCRE2 {} (newline {}, match "
      "limit {}), glibc {}",
      kVersion, kSourcesDigest, rules::kImageFormat, hyperscan.version, hyperscan.cpu,
      pcre2.version, pcre2.newline_is_lf ? "LF" : "other", pcre2.match_limit,
      gnu_get_libc_version());
}

Digest cache_key(rules::Dialect dialect, std::string_view name, std::string_view text,
                 const rules::ImageSettings& limits, std::string_view environment) {
  Sha256 sha;
  sha.add_counted(environment);
  sha.add_counted(rules::name_of(dialect));
  sha.add_counted(name);
  sha.add_counted(text);
  sha.add_counted(fmt::format("{} {} {}", limits.pattern_limit.count(), limits.table_limit.count(),
                              limits.memory_limit));
  return sha.finish();
}

}  // namespace headgate::store
