// Tested by tls_policy_test.
#include "smtpd/session/tls_policy.h"

#include <array>
#include <charconv>
#include <utility>

#include "engine/base/text.h"

namespace headgate::session {
namespace {

enum class Level { unset, none, may, encrypt };

// The levels that name how a server's certificate is checked mean nothing on this side, except that TLS is required.
Level level(const config::Settings& settings) {
  const std::string& text = settings.smtpd_tls_security_level;
  if (text.empty()) return Level::unset;
  if (text == "none") return Level::none;
  return text == "may" ? Level::may : Level::encrypt;
}

const std::string& grade_list(const config::Settings& settings, std::string_view grade) {
  if (grade == "high") return settings.tls_high_cipherlist;
  if (grade == "low") return settings.tls_low_cipherlist;
  if (grade == "export") return settings.tls_export_cipherlist;
  if (grade == "null") return settings.tls_null_cipherlist;
  return settings.tls_medium_cipherlist;
}

// Each of "aNULL RC4" as ":!aNULL:!RC4"; "kEDH+aRSA" excludes what is both.
void exclude(const std::vector<std::string>& words, std::string& list) {
  for (const std::string& word : words) {
    if (word.empty() || std::string_view("!+-@").find(word[0]) != std::string_view::npos) continue;
    list += ":!" + word;
  }
}

std::string cipher_list(const config::Settings& settings) {
  const bool required = requires_tls(settings);
  std::string list = grade_list(
      settings, required ? settings.smtpd_tls_mandatory_ciphers : settings.smtpd_tls_ciphers);
  exclude(settings.smtpd_tls_exclude_ciphers, list);
  if (required) exclude(settings.smtpd_tls_mandatory_exclude_ciphers, list);
  // Without a certificate of the server no client would show its own.
  if (asks_client_certificate(settings)) list += ":!aNULL";
  return list;
}

std::string groups(const config::Settings& settings) {
  const std::string& grade = settings.smtpd_tls_eecdh_grade;
  if (grade == "strong") return settings.tls_eecdh_strong_curve;
  if (grade == "ultra") return settings.tls_eecdh_ultra_curve;
  return settings.tls_eecdh_auto_curves;
}

void add_pair(std::string kind, std::string_view infix, const std::string& certificate,
              const std::string& key, std::vector<net::TlsOptions::Pair>& pairs) {
  if (certificate.empty() || text::equal_ignore_case(certificate, "none")) return;
  net::TlsOptions::Pair pair;
  pair.kind = std::move(kind);
  pair.certificate_parameter = "smtpd_tls_" + std::string(infix) + "cert_file";
  pair.certificate_file = certificate;
  pair.key_parameter = "smtpd_tls_" + std::string(infix) + "key_file";
  pair.key_file = key;
  pairs.push_back(std::move(pair));
}

}  // namespace

bool requires_tls(const config::Settings& settings) {
  if (settings.smtpd_tls_wrappermode) return true;
  const Level wanted = level(settings);
  return wanted == Level::unset ? settings.smtpd_enforce_tls : wanted == Level::encrypt;
}

bool uses_tls(const config::Settings& settings) {
  if (requires_tls(settings)) return true;
  const Level wanted = level(settings);
  return wanted == Level::unset ? settings.smtpd_use_tls : wanted == Level::may;
}

bool requires_client_certificate(const config::Settings& settings) {
  return settings.smtpd_tls_req_ccert && requires_tls(settings);
}

bool asks_client_certificate(const config::Settings& settings) {
  return settings.smtpd_tls_ask_ccert || requires_client_certificate(settings);
}

net::TlsOptions tls_options(const config::Settings& settings, std::string_view service) {
  const bool required = requires_tls(settings);
  net::TlsOptions options;
  options.chain_files = settings.smtpd_tls_chain_files;
  if (options.chain_files.empty()) {
    add_pair("RSA", "", settings.smtpd_tls_cert_file, settings.smtpd_tls_key_file, options.pairs);
    add_pair("DSA", "d", settings.smtpd_tls_dcert_file, settings.smtpd_tls_dkey_file,
             options.pairs);
    add_pair("ECDSA", "ec", settings.smtpd_tls_eccert_file, settings.smtpd_tls_eckey_file,
             options.pairs);
  }
  options.ca_file = settings.smtpd_tls_CAfile;
  options.ca_path = settings.smtpd_tls_CApath;
  const bool asks = asks_client_certificate(settings);
  options.ask_certificate = asks;
  options.default_ca = asks && settings.tls_append_default_CA;
  options.verify_depth = static_cast<int>(settings.smtpd_tls_ccert_verifydepth);
  options.protocols =
      required ? settings.smtpd_tls_mandatory_protocols : settings.smtpd_tls_protocols;
  options.ciphers = cipher_list(settings);
  options.groups = groups(settings);
  options.dh_file = settings.smtpd_tls_dh1024_param_file;
  if (text::equal_ignore_case(options.dh_file, "auto")) options.dh_file.clear();
  options.server_chooses_cipher = settings.tls_preempt_cipherlist;
  options.options = settings.tls_ssl_options;
  options.no_workarounds = settings.tls_disable_workarounds;
  options.session_timeout = settings.smtpd_tls_session_cache_timeout;
  options.session_ids = !settings.smtpd_tls_session_cache_database.empty();
  options.ticket_cipher = settings.tls_session_ticket_cipher;
  options.service = service;
  options.fingerprint_digest = settings.smtpd_tls_fingerprint_digest;
  return options;
}

std::vector<std::string> tls_warnings(const config::Settings& settings) {
  std::vector<std::string> warnings;
  const std::string& wanted = settings.smtpd_tls_security_level;
  if (wanted == "fingerprint" || wanted == "verify" || wanted == "secure")
    warnings.push_back("smtpd_tls_security_level: unsupported TLS level \"" + wanted +
                       "\", using \"encrypt\"");
  if (!uses_tls(settings)) return warnings;
  const bool legacy = !settings.smtpd_tls_cert_file.empty() ||
                      !settings.smtpd_tls_eccert_file.empty() ||
                      !settings.smtpd_tls_dcert_file.empty();
  if (!settings.smtpd_tls_chain_files.empty() && legacy)
    warnings.emplace_back(
        "Both smtpd_tls_chain_files and one or more of the legacy  smtpd_tls_cert_file, "
        "smtpd_tls_eccert_file or smtpd_tls_dcert_file are non-empty; the legacy  parameters will "
        "be ignored");
  if (settings.smtpd_tls_req_ccert && !requires_tls(settings))
    warnings.emplace_back("Can't require client certs unless TLS is required");
  return warnings;
}

int tls_log_level(const config::Settings& settings) {
  constexpr std::array<std::pair<std::string_view, int>, 5> kWords = {
      {{"none", 0}, {"routine", 1}, {"debug", 2}, {"ssl-expert", 3}, {"ssl-developer", 4}}};
  const std::string_view text = settings.smtpd_tls_loglevel;
  for (const auto& [word, number] : kWords) {
    if (text::equal_ignore_case(word, text)) return number;
  }
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace headgate::session
