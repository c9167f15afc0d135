// ClientLimits: how many sessions each client has at once, per service. Over smtpd_client_connection_count_limit the
// newcomer is told 421; clients in smtpd_client_event_limit_exceptions are not counted against.
//   Units     sessions; limit 0 = none.         Threads  one owner: the loop that accepts.
//   Source    anvil(8); smtpd.md §3.8. The rate limits are not there yet (docs/compat.md).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace headgate::session {

class ClientLimits {
 public:
  // Counts the connection in; says how many this client has now.
  std::int64_t connected(const std::string& service, const std::string& address) {
    return ++sessions_[std::make_pair(service, address)];
  }

  void disconnected(const std::string& service, const std::string& address) {
    const auto entry = sessions_.find(std::make_pair(service, address));
    if (entry != sessions_.end() && --entry->second <= 0) sessions_.erase(entry);
  }

 private:
  std::map<std::pair<std::string, std::string>, std::int64_t> sessions_;
};

}  // namespace headgate::session
