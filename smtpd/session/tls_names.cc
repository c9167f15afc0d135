// Tested by tls_names_test and tests/e2e/tls_test.py.
#include "smtpd/session/tls_names.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include <fmt/format.h>

#include "engine/base/base64.h"
#include "engine/base/text.h"
#include "tables/open.h"

namespace headgate::session {
namespace {

constexpr std::size_t kNameBytes = 253;

// What may be asked for at all: letters, digits, '-', '_' and dots, no dot first.
bool is_host_name(std::string_view name) {
  if (name.empty() || name.size() > kNameBytes || name[0] == '.') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
  });
}

std::string lower(std::string_view name) {
  std::string text(name);
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

}  // namespace

TlsServerNames::TlsServerNames(const std::vector<std::string>& maps, rules::ProgramSource& programs,
                               const WarningSink& warn)
    : warn_(warn) {
  for (const std::string& map : maps) {
    Result<tables::OpenTable> opened = tables::open_table(map, programs, warn);
    if (opened) {
      tables_.push_back(std::move(opened->full));
      continue;
    }
    warn({Severity::error, fmt::format("tls_server_sni_maps: {}", opened.error().text()), map});
    tables_.push_back(tables::unavailable_table(map, std::move(opened.error())));
  }
}

// The name, then ".parent.domain" upwards. "" = none.
Result<std::string> TlsServerNames::look_up(const std::string& name) {
  for (std::string_view key = name; !key.empty();) {
    for (const std::unique_ptr<Lookup>& table : tables_) {
      TRY(found, table->find(key));
      if (found) return std::move(found->value);
    }
    const std::size_t dot = key.find('.', 1);
    if (dot == std::string_view::npos) break;
    key.remove_prefix(dot);
  }
  return std::string();
}

Result<TlsServerNames::Certificates> TlsServerNames::read(const std::string& value,
                                                          const std::string& name) {
  const auto known = read_.find(value);
  if (known != read_.end()) return known->second;
  const std::string pem = text::decode_base64(value).value_or("");
  Result<Certificates> certificates =
      pem.find("-----BEGIN") == std::string::npos
          ? net::TlsCertificates::read_chains(text::split_list(value), warn_)
          : net::TlsCertificates::read_chains_of(pem, "SNI data for " + name, warn_);
  if (certificates) read_.emplace(value, *certificates);
  return certificates;
}

Result<std::shared_ptr<const net::TlsCertificates>> TlsServerNames::find(std::string_view name) {
  if (!is_host_name(name)) {
    warn_({Severity::warning, "TLS SNI is invalid: " + text::printable(name.substr(0, 100)), {}});
    return Certificates();
  }
  const std::lock_guard lock(mutex_);
  const std::string key = lower(name);
  Result<std::string> value = look_up(key);
  if (!value) {
    warn_({Severity::warning, fmt::format("tls_server_sni_maps: {}", value.error().text()), {}});
    return tl::unexpected(std::move(value.error()));
  }
  if (value->empty()) return Certificates();
  return read(*value, key);
}

}  // namespace headgate::session
