// Resolver: names to addresses, domains to mail exchangers, addresses to names. The real one runs
// c-ares on a thread of its own; tests use tests/support/fake_resolver.h.
//   Units     addresses in presentation form ("192.0.2.1", "2001:db8::1"); a lower preference is
//   better. Threads   any executor; the answer comes back on the caller's. Errors Code::not_found:
//   the name does not exist or has no such records. Code::unavailable: the servers failed.
//             Code::timeout: the deadline passed. "Failed" is never "not found": the caller must
//             defer.
//   Source    RFC 1035, RFC 5321 §5.1, RFC 7505; resolv.conf(5), hosts(5).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "smtpd/net/aio.h"

namespace headgate::net {

struct MxHost {
  std::uint16_t preference = 0;
  std::string host;  // "" = null MX (RFC 7505)
};

class Resolver {
 public:
  Resolver() = default;
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  virtual ~Resolver() = default;

  // IPv4 first, then IPv6. A numeric address answers at once with itself.
  virtual Task<Result<std::vector<std::string>>> addresses(std::string host,
                                                           std::chrono::milliseconds deadline) = 0;
  // Sorted by preference.
  virtual Task<Result<std::vector<MxHost>>> mail_exchangers(std::string domain,
                                                            std::chrono::milliseconds deadline) = 0;
  virtual Task<Result<std::string>> name_of(std::string address,
                                            std::chrono::milliseconds deadline) = 0;
};

bool is_numeric_address(const std::string& text);

// resolv.conf and hosts are read now. `servers` ("127.0.0.1:5353,…") stands in for resolv.conf's, for tests.
Result<std::unique_ptr<Resolver>> open_system_resolver(const std::string& servers = {});

}  // namespace headgate::net
