// TlsCertificates: private keys with their certificate chains, read from PEM files or text, to be used in a context or for
// one connection (a server name with certificates of its own).
//   Ownership shared: a context and connections under way keep what they use.     Threads  immutable.
//   Errors    worded as Postfix's, with the file; `warn` hears of it, and then of what the library said, line by line.
//   Source    smtpd_tls_chain_files, smtpd_tls_cert_file in postconf(5).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/base/error.h"
#include "smtpd/net/tls_options.h"

struct ssl_ctx_st;
struct ssl_st;

namespace headgate::net {

class TlsCertificates {
 public:
  // One chain after another, each its key first; a file may hold several, a chain ends with its file.
  static Result<std::shared_ptr<const TlsCertificates>> read_chains(
      const std::vector<std::string>& files, const WarningSink& warn);
  static Result<std::shared_ptr<const TlsCertificates>> read_chains_of(std::string_view pem,
                                                                       const std::string& name,
                                                                       const WarningSink& warn);
  static Result<std::shared_ptr<const TlsCertificates>> read_pairs(
      const std::vector<TlsOptions::Pair>& pairs, const WarningSink& warn);

  ~TlsCertificates();
  TlsCertificates(const TlsCertificates&) = delete;
  TlsCertificates& operator=(const TlsCertificates&) = delete;

  [[nodiscard]] bool use_in(ssl_ctx_st* context) const;
  [[nodiscard]] bool use_in(ssl_st* connection) const;  // in the place of the context's

 private:
  struct Chain;
  class Reader;
  TlsCertificates();

  std::vector<Chain> chains_;
};

// Tells `warn` what is in the library's queue of errors, and empties it.
void tell_tls_problems(const WarningSink& warn);

}  // namespace headgate::net
