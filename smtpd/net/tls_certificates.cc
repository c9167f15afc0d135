// A PEM file is walked block by block, because what a block is decides what the next one may be: key, certificate, chain.
// Tested by tls_context_test.
#include "smtpd/net/tls_certificates.h"

#include <optional>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "smtpd/net/tls_handles.h"

namespace headgate::net {

std::vector<std::string> tls_library_problems() {
  std::vector<std::string> lines;
  const char *file = nullptr, *function = nullptr, *data = nullptr;
  int line = 0, flags = 0;
  while (const unsigned long code = ERR_get_error_all(&file, &line, &function, &data, &flags)) {
    char text[256];
    ERR_error_string_n(code, text, sizeof text);
    const bool has_data = (flags & ERR_TXT_STRING) != 0 && data != nullptr && *data != '\0';
    lines.push_back(fmt::format("TLS library problem: {}:{}:{}:{}{}", text, file, line,
                                has_data ? data : "", has_data ? ":" : ""));
  }
  return lines;
}

int no_passphrase(char*, int, int, void*) { return -1; }

void tell_tls_problems(const WarningSink& warn) {
  for (std::string& problem : tls_library_problems())
    warn({Severity::warning, std::move(problem), {}});
}

struct TlsCertificates::Chain {
  struct FreeStack {
    void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, X509_free); }
  };

  KeyPtr key;
  CertificatePtr leaf;
  std::unique_ptr<STACK_OF(X509), FreeStack> above{sk_X509_new_null()};
};

TlsCertificates::TlsCertificates() = default;
TlsCertificates::~TlsCertificates() = default;

bool TlsCertificates::use_in(ssl_ctx_st* context) const {
  for (const Chain& chain : chains_) {
    if (SSL_CTX_use_cert_and_key(context, chain.leaf.get(), chain.key.get(), chain.above.get(),
                                 1) != 1)
      return false;
  }
  return true;
}

bool TlsCertificates::use_in(ssl_st* connection) const {
  SSL_certs_clear(connection);
  for (const Chain& chain : chains_) {
    if (SSL_use_cert_and_key(connection, chain.leaf.get(), chain.key.get(), chain.above.get(), 1) !=
        1)
      return false;
  }
  return true;
}

namespace {

// One block of a PEM file.
struct Block {
  Block() = default;
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  ~Block() {
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(bytes, size < 0 ? 0 : static_cast<std::size_t>(size));
  }

  bool read(BIO* from) { return PEM_read_bio(from, &name, &header, &bytes, &size) == 1; }

  [[nodiscard]] bool is_certificate() const {
    const std::string_view what = name;
    return what == PEM_STRING_X509 || what == PEM_STRING_X509_OLD ||
           what == PEM_STRING_X509_TRUSTED;
  }

  // One with a passphrase is a key, too, which key() cannot read.
  [[nodiscard]] bool is_key() const { return std::string_view(name).ends_with("PRIVATE KEY"); }

  [[nodiscard]] CertificatePtr certificate() const {
    const unsigned char* at = bytes;
    CertificatePtr found(std::string_view(name) == PEM_STRING_X509_TRUSTED
                             ? d2i_X509_AUX(nullptr, &at, size)
                             : d2i_X509(nullptr, &at, size));
    if (at != bytes + size) found.reset();
    return found;
  }

  [[nodiscard]] KeyPtr key() const {
    const unsigned char* at = bytes;
    KeyPtr found(d2i_AutoPrivateKey(nullptr, &at, size));
    if (at != bytes + size) found.reset();
    return found;
  }

  char *name = nullptr, *header = nullptr;
  unsigned char* bytes = nullptr;
  long size = 0;
};

}  // namespace

class TlsCertificates::Reader {
 public:
  explicit Reader(std::vector<Chain>& chains) : chains_(chains) {}

  Result<void> read(BIO* from, const std::string& name) {
    const std::size_t chains_before = chains_.size();
    for (int number = 1;; ++number) {
      Block block;
      if (!block.read(from)) break;
      TRY_OK(take(block, number, name));
    }
    if (pending_) return fail(Code::invalid, no_certificate(name));
    if (chains_.size() == chains_before)
      return fail(Code::invalid,
                  fmt::format("error loading chain from {}: no key and certificate", name));
    ERR_clear_error();  // "no start line" is how the end of a file looks
    return {};
  }

 private:
  Result<void> take(const Block& block, int number, const std::string& name) {
    if (block.is_key()) {
      if (pending_) return fail(Code::invalid, no_certificate(name));
      pending_ = block.key();
      if (!pending_) return bad("private key", number, name);
      in_chain_ = false;
      return {};
    }
    if (!block.is_certificate()) return {};  // parameters and the like
    CertificatePtr certificate = block.certificate();
    if (!certificate) return bad("certificate", number, name);
    if (pending_) return begin(std::move(certificate), name);
    if (!in_chain_)
      return fail(Code::invalid, fmt::format("error loading chain from {}: key not first", name));
    sk_X509_push(chains_.back().above.get(), certificate.release());
    return {};
  }

  Result<void> begin(CertificatePtr certificate, const std::string& name) {
    if (X509_check_private_key(certificate.get(), pending_.get()) != 1)
      return fail(Code::invalid,
                  fmt::format("error loading certificate chain: key at index {} in {} does not "
                              "match the certificate",
                              chains_.size() + 1, name));
    Chain chain;
    chain.key = std::move(pending_);
    chain.leaf = std::move(certificate);
    chains_.push_back(std::move(chain));
    in_chain_ = true;
    return {};
  }

  [[nodiscard]] std::string no_certificate(const std::string& name) const {
    return fmt::format(
        "error loading certificate chain: key at index {} in {} not followed by a certificate",
        chains_.size() + 1, name);
  }

  static tl::unexpected<Error> bad(std::string_view what, int number, const std::string& name) {
    return fail(Code::invalid,
                fmt::format("error loading {} (PEM object number {}) from {}", what, number, name));
  }

  std::vector<Chain>& chains_;
  KeyPtr pending_;
  bool in_chain_ = false;
};

Result<std::shared_ptr<const TlsCertificates>> TlsCertificates::read_chains(
    const std::vector<std::string>& files, const WarningSink& warn) {
  const std::shared_ptr<TlsCertificates> all(new TlsCertificates);
  for (const std::string& file : files) {
    const BioPtr from(BIO_new_file(file.c_str(), "r"));
    Result<void> done = fail(Code::not_found, fmt::format("error opening chain file: {}", file));
    if (from) done = Reader(all->chains_).read(from.get(), file);
    if (done) continue;
    warn({Severity::warning, done.error().what, file});
    tell_tls_problems(warn);
    return tl::unexpected(std::move(done.error()));
  }
  return all;
}

Result<std::shared_ptr<const TlsCertificates>> TlsCertificates::read_chains_of(
    std::string_view pem, const std::string& name, const WarningSink& warn) {
  const std::shared_ptr<TlsCertificates> all(new TlsCertificates);
  const BioPtr from(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!from) return fail(Code::unavailable, "error opening memory BIO for " + name);
  Result<void> done = Reader(all->chains_).read(from.get(), name);
  if (!done) {
    warn({Severity::warning, done.error().what, name});
    tell_tls_problems(warn);
    return tl::unexpected(std::move(done.error()));
  }
  return all;
}

// The file with the certificate may hold those above it; the key may stand in the same file.
Result<std::shared_ptr<const TlsCertificates>> TlsCertificates::read_pairs(
    const std::vector<TlsOptions::Pair>& pairs, const WarningSink& warn) {
  const std::shared_ptr<TlsCertificates> all(new TlsCertificates);
  const auto cannot = [&warn](std::string text, const std::string& parameter) {
    // Postfix's order: what cannot be had, then why.
    warn({Severity::warning, text, {}});
    tell_tls_problems(warn);
    return fail(Code::invalid, std::move(text), parameter);
  };
  for (const TlsOptions::Pair& pair : pairs) {
    Chain chain;
    const BioPtr certificates(BIO_new_file(pair.certificate_file.c_str(), "r"));
    if (certificates)
      chain.leaf.reset(PEM_read_bio_X509_AUX(certificates.get(), nullptr, no_passphrase, nullptr));
    if (!chain.leaf)
      return cannot(fmt::format("cannot get {} certificate from file \"{}\": disabling TLS support",
                                pair.kind, pair.certificate_file),
                    pair.certificate_parameter);
    while (X509* above = PEM_read_bio_X509(certificates.get(), nullptr, no_passphrase, nullptr))
      sk_X509_push(chain.above.get(), above);
    ERR_clear_error();
    const BioPtr keys(BIO_new_file(pair.key_file.c_str(), "r"));
    if (keys) chain.key.reset(PEM_read_bio_PrivateKey(keys.get(), nullptr, no_passphrase, nullptr));
    if (!chain.key)
      return cannot(fmt::format("cannot get {} private key from file \"{}\": disabling TLS support",
                                pair.kind, pair.key_file),
                    pair.key_parameter);
    if (X509_check_private_key(chain.leaf.get(), chain.key.get()) != 1)
      return cannot(fmt::format("{} private key in {} does not match public key in {}: disabling "
                                "TLS support",
                                pair.kind, pair.key_file, pair.certificate_file),
                    pair.key_parameter);
    all->chains_.push_back(std::move(chain));
  }
  return all;
}

}  // namespace headgate::net
