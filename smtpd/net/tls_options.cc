// A list that names protocols without "!" admits these alone; limits and exclusions hold in any case, as in Postfix.
// Tested by tls_options_test.
#include "smtpd/net/tls_options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "engine/base/text.h"

namespace headgate::net {
namespace {

// SSLv2 may be excluded, and is not there.
constexpr int kSslV2 = 2;
constexpr std::array<std::pair<std::string_view, int>, 6> kNames = {{{"SSLv2", kSslV2},
                                                                     {"SSLv3", kSslV3},
                                                                     {"TLSv1", kTlsV1},
                                                                     {"TLSv1.1", kTlsV1_1},
                                                                     {"TLSv1.2", kTlsV1_2},
                                                                     {"TLSv1.3", kTlsV1_3}}};

std::optional<int> version_named(std::string_view name) {
  for (const auto& [known, version] : kNames) {
    if (text::equal_ignore_case(name, known)) return version;
  }
  return std::nullopt;
}

// A limit may be a number, too: "0x0303".
std::optional<int> version_limit(std::string_view name) {
  if (!name.starts_with("0x")) return version_named(name);
  name.remove_prefix(2);
  int number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number, 16);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

bool contains(const std::vector<int>& versions, int version) {
  return std::find(versions.begin(), versions.end(), version) != versions.end();
}

}  // namespace

bool TlsVersions::admits(int version) const {
  return (lowest == 0 || version >= lowest) && (highest == 0 || version <= highest) &&
         !contains(excluded, version);
}

Result<TlsVersions> parse_tls_versions(std::string_view list) {
  TlsVersions versions;
  std::vector<int> named;
  const auto invalid = [list] {
    return fail(Code::invalid,
                "Invalid TLS protocol list \"" + std::string(list) + "\": disabling TLS support");
  };
  for (const std::string_view word : text::split(list, ", \t\r\n:")) {
    if (word.starts_with(">=") || word.starts_with("<=")) {
      const std::optional<int> limit = version_limit(word.substr(2));
      if (!limit) return invalid();
      (word[0] == '>' ? versions.lowest : versions.highest) = *limit;
      continue;
    }
    const bool excluded = word.starts_with('!');
    const std::optional<int> version = version_named(word.substr(excluded ? 1 : 0));
    if (!version) return invalid();
    (excluded ? versions.excluded : named).push_back(*version);
  }
  if (named.empty()) return versions;
  for (const auto& [name, version] : kNames) {
    if (!contains(named, version)) versions.excluded.push_back(version);
  }
  return versions;
}

}  // namespace headgate::net
