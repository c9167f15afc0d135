// A BIO of our own carries the bytes: OpenSSL's for sockets raises SIGPIPE when the peer has hung up.
// Tested by tcp_wire_tls_test and tests/e2e/tls_test.py.
#include "smtpd/net/tls_session.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstdint>

#include <fmt/format.h>
#include <openssl/err.h>

#include "smtpd/net/tls_handles.h"

namespace headgate::net {
namespace {

int socket_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

int finish(BIO* bio, ssize_t count, int retry_flag) {
  BIO_clear_retry_flags(bio);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
    BIO_set_flags(bio, retry_flag | BIO_FLAGS_SHOULD_RETRY);
  return static_cast<int>(count);
}

int write_socket(BIO* bio, const char* bytes, int size) {
  errno = 0;
  return finish(bio, ::send(socket_of(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL),
                BIO_FLAGS_WRITE);
}

int read_socket(BIO* bio, char* bytes, int size) {
  errno = 0;
  const ssize_t count = ::recv(socket_of(bio), bytes, static_cast<std::size_t>(size), 0);
  const int result = finish(bio, count, BIO_FLAGS_READ);
  if (count == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return result;
}

long control_socket(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP ? 1 : 0;
}

// One for the process, made at first use and then never changed.
const BIO_METHOD* socket_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "headgate socket");
    if (made == nullptr) return made;
    BIO_meth_set_write(made, write_socket);
    BIO_meth_set_read(made, read_socket);
    BIO_meth_set_ctrl(made, control_socket);
    return made;
  }();
  return method;
}

BIO* make_bio(int socket) {
  const BIO_METHOD* method = socket_method();
  BIO* bio = method == nullptr ? nullptr : BIO_new(method);
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace

int TlsSession::index() {
  static const int number = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return number;
}

TlsSession::TlsSession(std::shared_ptr<TlsContext> context, int socket, TlsNames* names, Say say,
                       bool trace)
    : context_(std::move(context)), names_(names), say_(std::move(say)) {
  SslPtr ssl(SSL_new(context_->handle()));
  BIO* bio = make_bio(socket);
  if (!ssl || bio == nullptr || SSL_set_ex_data(ssl.get(), index(), this) != 1) {
    BIO_free(bio);
    return;  // the handshake fails
  }
  SSL_set_bio(ssl.get(), bio, bio);
  SSL_set_accept_state(ssl.get());
  if (trace) SSL_set_info_callback(ssl.get(), tell_state);
  ssl_ = ssl.release();
}

TlsSession::~TlsSession() { SSL_free(ssl_); }

// Postfix's lines at smtpd_tls_loglevel 2.
void TlsSession::tell_state(const ssl_st* ssl, int where, int result) {
  auto* session = static_cast<TlsSession*>(SSL_get_ex_data(ssl, index()));
  if (session == nullptr || !session->say_) return;
  std::string line;
  if ((where & SSL_CB_LOOP) != 0) {
    line = fmt::format("SSL_accept:{}", SSL_state_string_long(ssl));
  } else if ((where & SSL_CB_ALERT) != 0) {
    if ((result & 0xff) == SSL3_AD_CLOSE_NOTIFY) return;
    line = fmt::format("SSL3 alert {}:{}:{}", (where & SSL_CB_READ) != 0 ? "read" : "write",
                       SSL_alert_type_string_long(result), SSL_alert_desc_string_long(result));
  } else if ((where & SSL_CB_EXIT) != 0 && result <= 0) {
    const int error = SSL_get_error(ssl, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return;
    line = fmt::format("SSL_accept:{} in {}", result == 0 ? "failed" : "error",
                       SSL_state_string_long(ssl));
  }
  if (!line.empty()) session->say_(Severity::info, std::move(line));
}

TlsSession::Step TlsSession::step_of(int result) {
  if (result > 0) return Step::done;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return Step::want_read;
    case SSL_ERROR_WANT_WRITE:
      return Step::want_write;
    case SSL_ERROR_ZERO_RETURN:
      return Step::closed;
    case SSL_ERROR_SYSCALL:
      broken_ = true;
      ERR_clear_error();
      return Step::closed;
    default:
      break;
  }
  broken_ = true;
  // A peer that hangs up without saying goodbye has hung up.
  const bool hung_up = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  if (hung_up) {
    ERR_clear_error();
    return Step::closed;
  }
  problems_ = tls_library_problems();
  return Step::failed;
}

TlsSession::Step TlsSession::handshake() {
  if (ssl_ == nullptr) {
    problems_ = tls_library_problems();
    return Step::failed;
  }
  ERR_clear_error();
  const Step step = step_of(SSL_accept(ssl_));
  if (step == Step::done) {
    SSL_set_info_callback(ssl_, nullptr);
    say_ = nullptr;
    names_ = nullptr;
  }
  return step;
}

TlsSession::Step TlsSession::read(char* to, std::size_t room, std::size_t& count) {
  count = 0;
  if (broken_ || ssl_ == nullptr) return Step::closed;
  ERR_clear_error();
  return step_of(SSL_read_ex(ssl_, to, room, &count));
}

TlsSession::Step TlsSession::write(std::string_view bytes, std::size_t& count) {
  count = 0;
  if (broken_ || ssl_ == nullptr) return Step::closed;
  ERR_clear_error();
  return step_of(SSL_write_ex(ssl_, bytes.data(), bytes.size(), &count));
}

void TlsSession::say_goodbye() {
  if (broken_ || ssl_ == nullptr || SSL_is_init_finished(ssl_) != 1) return;
  ERR_clear_error();
  static_cast<void>(SSL_shutdown(ssl_));  // the peer's answer is not waited for
  ERR_clear_error();
  broken_ = true;
}

namespace {

std::string bits_text(int bits) { return fmt::format("({} bits)", bits); }

// "ECDHE (prime256v1)"
std::string key_exchange_text(SSL* ssl) {
  EVP_PKEY* borrowed = nullptr;
  if (SSL_get_peer_tmp_key(ssl, &borrowed) != 1 || borrowed == nullptr) return {};
  const KeyPtr key(borrowed);
  char group[64] = "";
  switch (EVP_PKEY_get_base_id(key.get())) {
    case EVP_PKEY_DH:
      return "DHE " + bits_text(EVP_PKEY_get_bits(key.get()));
    case EVP_PKEY_EC:
      if (EVP_PKEY_get_group_name(key.get(), group, sizeof group, nullptr) != 1) return "ECDHE";
      return fmt::format("ECDHE ({})", group);
    default:
      return OBJ_nid2sn(EVP_PKEY_get_base_id(key.get()));
  }
}

// "RSA-PSS (2048 bits)"; TLS 1.3 knows no other signature by an RSA key.
std::string signature_text(const X509* certificate) {
  EVP_PKEY* key = certificate == nullptr ? nullptr : X509_get0_pubkey(certificate);
  if (key == nullptr) return {};
  char group[64] = "";
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
      return "RSA-PSS " + bits_text(EVP_PKEY_get_bits(key));
    case EVP_PKEY_EC:
      if (EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) != 1) return "ECDSA";
      return fmt::format("ECDSA ({})", group);
    default:
      return OBJ_nid2sn(EVP_PKEY_get_base_id(key));
  }
}

std::string common_name(const X509_NAME* name) {
  char text[256] = "";
  const int size = X509_NAME_get_text_by_NID(name, NID_commonName, text, sizeof text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

std::string colons(const unsigned char* bytes, unsigned size) {
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{}{:02X}", i == 0 ? "" : ":", bytes[i]);
  return text;
}

void add_peer(const SSL* ssl, X509* certificate, const std::string& digest_name, TlsInfo& info) {
  const long verdict = SSL_get_verify_result(ssl);
  info.peer = verdict == X509_V_OK ? TlsInfo::Peer::trusted : TlsInfo::Peer::untrusted;
  if (verdict != X509_V_OK) info.verify_error = X509_verify_cert_error_string(verdict);
  info.peer_name = common_name(X509_get_subject_name(certificate));
  info.issuer_name = common_name(X509_get_issuer_name(certificate));
  const EVP_MD* digest = EVP_get_digestbyname(digest_name.c_str());
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (digest == nullptr) return;
  if (X509_digest(certificate, digest, bytes, &size) == 1) info.fingerprint = colons(bytes, size);
  unsigned char* key = nullptr;
  const int key_bytes = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
  if (key_bytes <= 0) return;
  if (EVP_Digest(key, static_cast<std::size_t>(key_bytes), bytes, &size, digest, nullptr) == 1)
    info.public_key_fingerprint = colons(bytes, size);
  OPENSSL_free(key);
}

}  // namespace

TlsInfo TlsSession::info() const {
  TlsInfo info;
  const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl_);
  info.protocol = SSL_get_version(ssl_);
  info.cipher = SSL_CIPHER_get_name(cipher);
  info.cipher_bits = SSL_CIPHER_get_bits(cipher, &info.algorithm_bits);
  info.reused = SSL_session_reused(ssl_) == 1;
  info.server_name = server_name_;
  X509* peer = SSL_get0_peer_certificate(ssl_);
  if (peer != nullptr) add_peer(ssl_, peer, context_->options().fingerprint_digest, info);
  if (SSL_version(ssl_) < TLS1_3_VERSION) return info;
  int digest = NID_undef;
  info.key_exchange = key_exchange_text(ssl_);
  info.server_signature = signature_text(SSL_get_certificate(ssl_));
  if (SSL_get_signature_nid(ssl_, &digest) == 1 && digest != NID_undef)
    info.server_digest = OBJ_nid2sn(digest);
  if (peer == nullptr) return info;
  info.client_signature = signature_text(peer);
  digest = NID_undef;
  if (SSL_get_peer_signature_nid(ssl_, &digest) == 1 && digest != NID_undef)
    info.client_digest = OBJ_nid2sn(digest);
  return info;
}

}  // namespace headgate::net
