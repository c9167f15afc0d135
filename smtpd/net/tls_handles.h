// Owners of OpenSSL's objects, and its queue of errors as lines. For the tls_*.cc of this room, and
// for tests that make certificates.
//   Errors    tls_library_problems() empties the calling thread's queue.      Threads  as OpenSSL's objects.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace headgate::net {

template <auto Function>
struct FreedBy {
  template <class T>
  void operator()(T* object) const {
    Function(object);
  }
};

using BioPtr = std::unique_ptr<BIO, FreedBy<BIO_free_all>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, FreedBy<X509_free>>;
using SslPtr = std::unique_ptr<SSL, FreedBy<SSL_free>>;
using SslCtxPtr = std::unique_ptr<SSL_CTX, FreedBy<SSL_CTX_free>>;

// "TLS library problem: error:0A00010B:SSL routines::wrong version number:../ssl/record/ssl3_record.c:350:"
std::vector<std::string> tls_library_problems();

// Never asks at the terminal: a key with a passphrase cannot be used.
int no_passphrase(char* buffer, int size, int writing, void* data);

}  // namespace headgate::net
