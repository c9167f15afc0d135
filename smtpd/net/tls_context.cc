// Differs from Postfix in what its defaults would allow: the library's security level stays, unless an old protocol is asked
// for; renegotiation and compression are off. Tested by tls_context_test, tcp_wire_tls_test and tests/e2e/tls_test.py.
#include "smtpd/net/tls_context.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "engine/base/text.h"
#include "smtpd/net/tls_handles.h"
#include "smtpd/net/tls_session.h"

namespace headgate::net {

// What OpenSSL calls back.
struct TlsCallbacks {
  static int keys_index() {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
  }

  static int cipher_index() {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
  }

  // Whatever is wrong with a client's certificate, the client may go on; policy asks TlsInfo.
  static int verified(int, X509_STORE_CTX*) { return 1; }

  static int server_name(SSL* ssl, int* alert, void*);
  static int ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                        EVP_MAC_CTX* mac, int sealing);
};

int TlsCallbacks::server_name(SSL* ssl, int* alert, void*) {
  auto* session = static_cast<TlsSession*>(SSL_get_ex_data(ssl, TlsSession::index()));
  const char* asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (session == nullptr || session->names_ == nullptr || asked == nullptr || *asked == '\0')
    return SSL_TLSEXT_ERR_NOACK;
  const auto found = session->names_->find(asked);
  if (!found || (*found && !(*found)->use_in(ssl))) {
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  if (!*found) return SSL_TLSEXT_ERR_NOACK;
  session->certificates_ = *found;
  session->server_name_ = asked;
  return SSL_TLSEXT_ERR_OK;
}

// RFC 5077 §4: 1 = the key is there, 2 = there, but seal the ticket anew, 0 = none, do a full handshake.
int TlsCallbacks::ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv,
                             EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int sealing) {
  const SSL_CTX* context = SSL_get_SSL_CTX(ssl);
  auto* keys = static_cast<TlsTicketKeys*>(SSL_CTX_get_ex_data(context, keys_index()));
  const auto* type = static_cast<const EVP_CIPHER*>(SSL_CTX_get_ex_data(context, cipher_index()));
  if (keys == nullptr || type == nullptr) return sealing != 0 ? -1 : 0;
  std::optional<TlsTicketKeys::Key> key;
  bool renew = false;
  if (sealing != 0) {
    key = keys->sealing();
    if (!key || RAND_bytes(iv, EVP_CIPHER_get_iv_length(type)) != 1) return -1;
    std::memcpy(name, key->name.data(), key->name.size());
  } else {
    const auto found = keys->opening(name);
    if (!found) return 0;
    key = found->first;
    renew = found->second;
  }
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac.data(), key->mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  const bool ready = EVP_MAC_CTX_set_params(mac, parameters) == 1 &&
                     EVP_CipherInit_ex(cipher, type, nullptr, key->cipher.data(), iv, sealing) == 1;
  OPENSSL_cleanse(&*key, sizeof *key);
  if (!ready) return -1;
  return renew ? 2 : 1;
}

namespace {

struct OptionName {
  std::string_view name;
  std::uint64_t bits;
};

// tls_ssl_options and tls_disable_workarounds of postconf(5), as far as OpenSSL 3 has them.
constexpr auto kOptions = std::to_array<OptionName>({
    {"ENABLE_MIDDLEBOX_COMPAT", SSL_OP_ENABLE_MIDDLEBOX_COMPAT},
    {"LEGACY_SERVER_CONNECT", SSL_OP_LEGACY_SERVER_CONNECT},
    {"NO_COMPRESSION", SSL_OP_NO_COMPRESSION},
    {"NO_ENCRYPT_THEN_MAC", SSL_OP_NO_ENCRYPT_THEN_MAC},
    {"NO_RENEGOTIATION", SSL_OP_NO_RENEGOTIATION},
    {"NO_SESSION_RESUMPTION_ON_RENEGOTIATION", SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION},
    {"NO_TICKET", SSL_OP_NO_TICKET},
    {"PRIORITIZE_CHACHA", SSL_OP_PRIORITIZE_CHACHA},
});

constexpr auto kWorkarounds = std::to_array<OptionName>({
    {"CRYPTOPRO_TLSEXT_BUG", SSL_OP_CRYPTOPRO_TLSEXT_BUG},
    {"DONT_INSERT_EMPTY_FRAGMENTS", SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS},
    {"LEGACY_SERVER_CONNECT", SSL_OP_LEGACY_SERVER_CONNECT},
    {"MICROSOFT_BIG_SSLV3_BUFFER", 0},
    {"MICROSOFT_SESS_ID_BUG", 0},
    {"MSIE_SSLV2_RSA_PADDING", 0},
    {"NETSCAPE_CHALLENGE_BUG", 0},
    {"NETSCAPE_REUSE_CIPHER_CHANGE_BUG", 0},
    {"SSLEAY_080_CLIENT_DH_BUG", 0},
    {"SSLREF2_REUSE_CERT_TYPE_BUG", 0},
    {"TLS_BLOCK_PADDING_BUG", 0},
    {"TLS_D5_BUG", 0},
    {"TLS_ROLLBACK_BUG", SSL_OP_TLS_ROLLBACK_BUG},
    {"TLSEXT_PADDING", SSL_OP_TLSEXT_PADDING},
});

// Names or numbers ("0x4000"); what means nothing is told and left out.
std::uint64_t option_bits(std::string_view parameter, const std::vector<std::string>& names,
                          std::span<const OptionName> known, const WarningSink& warn) {
  std::uint64_t bits = 0;
  for (const std::string& name : names) {
    if (name.starts_with("0x")) {
      std::uint64_t number = 0;
      const auto [end, error] =
          std::from_chars(name.data() + 2, name.data() + name.size(), number, 16);
      if (error == std::errc() && end == name.data() + name.size()) {
        bits |= number;
        continue;
      }
    }
    bool found = false;
    for (const OptionName& option : known) {
      if (!text::equal_ignore_case(option.name, name)) continue;
      bits |= option.bits;
      found = true;
    }
    if (!found)
      warn(
          {Severity::warning,
           fmt::format("unknown {} value \"{}\" in \"{}\"", parameter, name, fmt::join(names, " ")),
           {}});
  }
  return bits;
}

}  // namespace

// Fills a new SSL_CTX, one concern a function.
class TlsContext::Maker {
 public:
  Maker(const TlsOptions& options, const WarningSink& warn)
      : options_(options), warn_(warn), context_(SSL_CTX_new(TLS_server_method())) {}

  Result<SslCtxPtr> make() {
    if (!context_) return give_up("cannot allocate server SSL_CTX: disabling TLS support", "");
    SSL_CTX_set_default_passwd_cb(context_.get(), no_passphrase);
    set_modes();
    TRY_OK(set_versions());
    TRY_OK(set_ciphers());
    TRY_OK(set_groups());
    TRY_OK(set_certificates());
    TRY_OK(set_client_certificates());
    TRY_OK(set_resumption());
    return std::move(context_);
  }

 private:
  tl::unexpected<Error> give_up(std::string text, std::string parameter) {
    warn_({Severity::warning, text, {}});
    tell_tls_problems(warn_);
    return fail(Code::invalid, std::move(text), std::move(parameter));
  }

  void set_modes() {
    const std::uint64_t workarounds =
        SSL_OP_ALL &
        ~option_bits("tls_disable_workarounds", options_.no_workarounds, kWorkarounds, warn_);
    std::uint64_t bits = workarounds | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                         option_bits("tls_ssl_options", options_.options, kOptions, warn_);
    if (options_.server_chooses_cipher) bits |= SSL_OP_CIPHER_SERVER_PREFERENCE;
    SSL_CTX_set_options(context_.get(), bits);
    SSL_CTX_set_mode(context_.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                         SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context_.get(), 1);
    SSL_CTX_set_tlsext_servername_callback(context_.get(), TlsCallbacks::server_name);
  }

  Result<void> set_versions() {
    Result<TlsVersions> versions = parse_tls_versions(options_.protocols);
    if (!versions) return give_up(versions.error().what, "smtpd_tls_protocols");
    constexpr std::array<std::pair<int, std::uint64_t>, 5> kOff = {{{kSslV3, SSL_OP_NO_SSLv3},
                                                                    {kTlsV1, SSL_OP_NO_TLSv1},
                                                                    {kTlsV1_1, SSL_OP_NO_TLSv1_1},
                                                                    {kTlsV1_2, SSL_OP_NO_TLSv1_2},
                                                                    {kTlsV1_3, SSL_OP_NO_TLSv1_3}}};
    // Also over the system's openssl.cnf: what this list says holds.
    bool old = false;
    if (SSL_CTX_set_min_proto_version(context_.get(), 0) != 1 ||
        SSL_CTX_set_max_proto_version(context_.get(), 0) != 1)
      return give_up("error clearing the limits of TLS versions", "smtpd_tls_protocols");
    for (const auto& [version, bit] : kOff) {
      if (!versions->admits(version)) {
        SSL_CTX_set_options(context_.get(), bit);
      } else if (version < kTlsV1_2) {
        old = true;
      }
    }
    // SHA-1, which TLS before 1.2 signs with, is below every higher level.
    if (old) SSL_CTX_set_security_level(context_.get(), 0);
    return {};
  }

  Result<void> set_ciphers() {
    if (SSL_CTX_set_cipher_list(context_.get(), options_.ciphers.c_str()) == 1) return {};
    return give_up(fmt::format("error setting cipher grade: \"{}\"", options_.ciphers),
                   "smtpd_tls_ciphers");
  }

  Result<void> set_groups() {
    if (options_.dh_file.empty()) {
      SSL_CTX_set_dh_auto(context_.get(), 1);
    } else if (!set_dh_file()) {
      warn_({Severity::warning,
             fmt::format("error decoding DH parameters from file \"{}\" -- using compiled-in "
                         "defaults",
                         options_.dh_file),
             options_.dh_file});
      tell_tls_problems(warn_);
      SSL_CTX_set_dh_auto(context_.get(), 1);
    }
    // Names that this library does not know are left out, as Postfix does.
    std::string known;
    for (const std::string_view group : text::split(options_.groups, ", \t:")) {
      const std::string name(group);
      const SslCtxPtr trial(SSL_CTX_new(TLS_server_method()));
      if (trial && SSL_CTX_set1_groups_list(trial.get(), name.c_str()) == 1) {
        known += (known.empty() ? "" : ":") + name;
      } else {
        warn_({Severity::warning, fmt::format("ignoring unknown ECDHE curve \"{}\"", name), {}});
      }
    }
    ERR_clear_error();
    if (known.empty() || SSL_CTX_set1_groups_list(context_.get(), known.c_str()) == 1) return {};
    return give_up(fmt::format("error setting ECDHE curves: \"{}\"", known),
                   "smtpd_tls_eecdh_grade");
  }

  bool set_dh_file() {
    const BioPtr from(BIO_new_file(options_.dh_file.c_str(), "r"));
    if (!from) return false;
    KeyPtr group(PEM_read_bio_Parameters(from.get(), nullptr));
    if (!group || SSL_CTX_set0_tmp_dh_pkey(context_.get(), group.get()) != 1) return false;
    static_cast<void>(group.release());
    return true;
  }

  Result<void> set_certificates() {
    const bool chains = !options_.chain_files.empty();
    if (!chains && options_.pairs.empty())
      return give_up("No server certs available. TLS won't be enabled", "smtpd_tls_chain_files");
    auto read = chains ? TlsCertificates::read_chains(options_.chain_files, warn_)
                       : TlsCertificates::read_pairs(options_.pairs, warn_);
    if (!read && !chains) return tl::unexpected(std::move(read.error()));  // told already
    if (read && (*read)->use_in(context_.get())) return {};
    if (chains)
      return give_up(
          fmt::format("error loading private keys and certificates from: {}: disabling TLS support",
                      fmt::join(options_.chain_files, ", ")),
          "smtpd_tls_chain_files");
    const TlsOptions::Pair& pair = options_.pairs.front();
    return give_up(fmt::format("cannot use the {} certificate from file \"{}\": disabling TLS "
                               "support",
                               pair.kind, pair.certificate_file),
                   pair.certificate_parameter);
  }

  Result<void> set_client_certificates() {
    const char* file = options_.ca_file.empty() ? nullptr : options_.ca_file.c_str();
    const char* path = options_.ca_path.empty() ? nullptr : options_.ca_path.c_str();
    if ((file != nullptr || path != nullptr) &&
        SSL_CTX_load_verify_locations(context_.get(), file, path) != 1)
      return give_up(
          fmt::format("cannot load Certification Authority data, {}{}{}: disabling TLS support",
                      file != nullptr ? "CAfile=\"" + options_.ca_file + "\"" : "",
                      file != nullptr && path != nullptr ? ", " : "",
                      path != nullptr ? "CApath=\"" + options_.ca_path + "\"" : ""),
          file != nullptr ? "smtpd_tls_CAfile" : "smtpd_tls_CApath");
    if (options_.default_ca && SSL_CTX_set_default_verify_paths(context_.get()) != 1)
      return give_up(
          "cannot set default OpenSSL certificate verification paths: disabling TLS support",
          "tls_append_default_CA");
    if (!options_.ask_certificate) return {};
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, TlsCallbacks::verified);
    SSL_CTX_set_verify_depth(context_.get(), options_.verify_depth);
    if (file != nullptr) SSL_CTX_set_client_CA_list(context_.get(), SSL_load_client_CA_file(file));
    return {};
  }

  Result<void> set_resumption() {
    SSL_CTX* context = context_.get();
    const auto* id = reinterpret_cast<const unsigned char*>(options_.service.data());
    const std::size_t id_bytes =
        std::min<std::size_t>(options_.service.size(), SSL_MAX_SID_CTX_LENGTH);
    SSL_CTX_set_session_id_context(context, id, static_cast<unsigned>(id_bytes));
    SSL_CTX_set_timeout(context, static_cast<long>(options_.session_timeout.count()));
    const bool resumes = options_.session_timeout.count() > 0;
    SSL_CTX_set_session_cache_mode(
        context, resumes && options_.session_ids ? SSL_SESS_CACHE_SERVER : SSL_SESS_CACHE_OFF);
    const EVP_CIPHER* cipher = options_.ticket_cipher.empty()
                                   ? nullptr
                                   : EVP_get_cipherbyname(options_.ticket_cipher.c_str());
    const bool usable = cipher != nullptr && EVP_CIPHER_get_mode(cipher) == EVP_CIPH_CBC_MODE &&
                        EVP_CIPHER_get_key_length(cipher) <= 32;
    if (!options_.ticket_cipher.empty() && !usable)
      warn_({Severity::warning,
             fmt::format("tls_session_ticket_cipher: invalid value: {}; session tickets disabled",
                         options_.ticket_cipher),
             {}});
    if (!resumes || !usable) {
      SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
      SSL_CTX_set_num_tickets(context, 0);
      return {};
    }
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_ex_data(context, TlsCallbacks::cipher_index(), const_cast<EVP_CIPHER*>(cipher));
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, TlsCallbacks::ticket_key);
    return {};
  }

  const TlsOptions& options_;
  const WarningSink& warn_;
  SslCtxPtr context_;
};

TlsContext::TlsContext(TlsOptions options, std::shared_ptr<TlsTicketKeys> keys, ssl_ctx_st* context)
    : options_(std::move(options)), keys_(std::move(keys)), context_(context) {
  SSL_CTX_set_ex_data(context_, TlsCallbacks::keys_index(), keys_.get());
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

Result<std::shared_ptr<TlsContext>> TlsContext::open(TlsOptions options,
                                                     std::shared_ptr<TlsTicketKeys> keys,
                                                     const WarningSink& warn) {
  ERR_clear_error();
  TRY(context, Maker(options, warn).make());
  return std::shared_ptr<TlsContext>(
      new TlsContext(std::move(options), std::move(keys), context.release()));
}

}  // namespace headgate::net
