// Recipients: which class is this address in, is mail for it ours, does it exist?
//   Classes   local (mydestination, [my address], no domain), virtual mailbox, relay, other. A routed address (user@a@b,
//             user%a@b, a!user@b) for a domain that is not local is nobody's: relaying it would be an open relay by proxy.
//   Rewriting as Postfix resolves with default settings: a local domain is stripped, then a!u, u%b and u@b within the local
//             part become u@b, until nothing changes. Resolved::address is what the tables are asked for.
//   Errors    a table that fails, or cannot be opened, is an Error: 451, never "unknown user", never "exists".
//   Threads   one owner.      Source    trivial-rewrite(8), smtpd_check(3), ADDRESS_CLASS_README; smtpd.md §4.7.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smtpd/access/match_list.h"
#include "smtpd/config/settings.h"

namespace headgate::access {

enum class AddressClass : std::uint8_t { local, virtual_mailbox, relay, other };

struct Resolved {
  AddressClass address_class = AddressClass::other;
  std::string address;  // rewritten: user@domain, or user alone
  bool routed = false;
  bool invalid = false;  // rewriting ended in a domain that is none

  // Mail for it is ours to take from anybody.
  [[nodiscard]] bool authorised() const {
    return !invalid && !routed && address_class != AddressClass::other;
  }
};

class Recipients {
 public:
  Recipients(config::SettingsPtr settings, std::vector<std::string> own_addresses,
             const Opening& opening);
  ~Recipients();

  [[nodiscard]] Result<Resolved> resolve(std::string_view address) const;

  // The table in which the user is not: "local recipient table", …; "" when it is there or is not looked for.
  [[nodiscard]] Result<std::string> unknown_in(const Resolved& recipient) const;

  [[nodiscard]] bool is_own_address(std::string_view address) const;

  [[nodiscard]] bool may_wait() const;  // a table may wait for another program

 private:
  class Table;

  [[nodiscard]] Result<bool> is_local_domain(std::string_view domain) const;
  [[nodiscard]] Result<AddressClass> class_of(std::string_view domain) const;

  config::SettingsPtr settings_;
  std::vector<std::string> own_;  // address_bytes()
  MatchList local_domains_, virtual_domains_, relay_domains_;
  std::unique_ptr<Table> local_users_, virtual_users_, relay_users_;
};

}  // namespace headgate::access
