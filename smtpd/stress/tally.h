// Tally: how often clients were refused or sent away because there was too much of something, by cause.
//   Threads   any.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace headgate::stress {

enum class Cause : std::uint8_t {
  connection_count,  // smtpd_client_connection_count_limit
  connection_rate,   // and so on
  message_rate,
  recipient_rate,
  new_tls_session_rate,
  auth_rate,
  errors,       // smtpd_hard_error_limit, junk commands among them
  timeouts,     // smtpd_timeout
  made_room,    // an idle session, for a newcomer
  turned_away,  // stress_waiting_limit
  gave_up,      // hung up while waiting for a slot
};

inline constexpr std::array<std::string_view, 11> kCauses{
    "connection_count", "connection_rate", "message_rate", "recipient_rate", "new_tls_session_rate",
    "auth_rate",        "errors",          "timeouts",     "made_room",      "turned_away",
    "gave_up"};

class Tally {
 public:
  void add(Cause cause) { counts_[static_cast<std::size_t>(cause)].fetch_add(1, kRelaxed); }

  using Counts = std::array<std::uint64_t, kCauses.size()>;

  [[nodiscard]] Counts all() const {
    Counts counts{};
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = counts_[i].load(kRelaxed);
    return counts;
  }

  // What another process has counted before.
  void remember(const Counts& counts) {
    for (std::size_t i = 0; i < counts.size(); ++i) counts_[i].fetch_add(counts[i], kRelaxed);
  }

  [[nodiscard]] std::uint64_t of(Cause cause) const {
    return counts_[static_cast<std::size_t>(cause)].load(kRelaxed);
  }

 private:
  static constexpr auto kRelaxed = std::memory_order_relaxed;
  std::array<std::atomic<std::uint64_t>, kCauses.size()> counts_{};
};

}  // namespace headgate::stress
