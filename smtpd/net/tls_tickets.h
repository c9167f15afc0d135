// TlsTicketKeys: the secrets that session tickets are sealed with. A key seals for its lifetime and opens for as long again;
// then it is gone, and with it the way into what was sealed with it.
//   Ownership shared by the contexts of all configurations, so that a reload costs no client its session; where the reload is a
//             new process it adopts them.
//   Threads   any.        Errors    no randomness: no ticket.
//   Source    RFC 5077, RFC 8446 §4.6.1; tlsmgr(8).
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/env.h"

namespace headgate::net {

// Bytes that held keys: overwritten, and gone.
void wipe(std::string& bytes);

class TlsTicketKeys {
 public:
  static constexpr std::size_t kNameBytes = 16;

  struct Key {
    std::array<unsigned char, kNameBytes> name{};
    std::array<unsigned char, 32> mac{}, cipher{};
    SteadyTime sealed_until{};
  };

  TlsTicketKeys(Env& env, std::chrono::seconds lifetime) : env_(env), lifetime_(lifetime) {}

  TlsTicketKeys(const TlsTicketKeys&) = delete;
  TlsTicketKeys& operator=(const TlsTicketKeys&) = delete;
  ~TlsTicketKeys();

  std::optional<Key> sealing();
  // The key of that name, and whether the ticket should be sealed anew.
  std::optional<std::pair<Key, bool>> opening(const unsigned char* name);

  [[nodiscard]] std::vector<Key> keys();     // the one that seals last; the caller wipes them
  void adopt(const std::vector<Key>& keys);  // in place of those that are here

 private:
  void drop_old(SteadyTime now);

  Env& env_;
  const std::chrono::seconds lifetime_;
  std::mutex mutex_;
  std::optional<Key> current_, previous_;
};

}  // namespace headgate::net
