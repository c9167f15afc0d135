// Routing: recipient -> transport and next hop, as trivial-rewrite(8) resolves them. Router: the same, and the mailboxes.
//   Form      a destination is "transport:nexthop"; "smtp:[host]:port" = that host, no MX.
//   Threads   one owner (it holds open tables).
//   Errors    a table that cannot be opened is told to `warn`; a table that failed gives transport "retry" with its text: mail waits, it is never misrouted.
//   Source    ADDRESS_CLASS_README, transport(5), postconf(5) relayhost; smtpd.md §8.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/lookup.h"
#include "engine/rules/program_source.h"
#include "smtpd/config/settings.h"
#include "smtpd/queue/message.h"

namespace headgate::deliver {

struct Route {
  std::string transport;
  std::string nexthop;
};

// Splits at the first colon. "smtp" has an empty next hop, ":[host]" an empty transport.
Route parse_route(std::string_view text);

// One destination: "[mail.example]:587", "[192.0.2.1]", "mail.example:25", "example.org".
struct NextHop {
  std::string host;
  std::uint16_t port = 25;
  bool direct = false;  // no MX look-up
};

Result<NextHop> parse_next_hop(std::string_view text);

// mydestination, relay_domains: names, "type:table" entries, "!" before what is not meant.
class DomainList {
 public:
  DomainList(const std::vector<std::string>& items, bool match_subdomains,
             rules::ProgramSource& programs, const WarningSink& warn);
  Result<bool> contains(std::string_view domain);
  [[nodiscard]] bool may_wait() const;  // one of the tables may

 private:
  struct Item {
    bool negated = false;
    std::string name;
    std::unique_ptr<Lookup> table;
  };

  Result<bool> matches(Item& item, const std::string& domain) const;

  std::vector<Item> items_;
  bool match_subdomains_;
};

class Routing {
 public:
  Routing(config::SettingsPtr settings, rules::ProgramSource& programs, const WarningSink& warn);

  // For who opens no tables; nothing where a table has to be asked.
  static std::unique_ptr<Routing> by_names(config::SettingsPtr settings);

  Route route(const queue::Envelope& envelope, std::string_view recipient);

  // "transport:nexthop" for each of those recipients.
  std::vector<std::string> destinations(const queue::Envelope& envelope,
                                        const std::vector<std::size_t>& recipients);

  [[nodiscard]] bool may_wait() const;  // not to be asked on an event loop

 private:
  Result<Route> resolve(std::string_view recipient);

  config::SettingsPtr settings_;
  DomainList local_, virtual_, relay_;
};

class Router {
 public:
  Router(config::SettingsPtr settings, rules::ProgramSource& programs, const WarningSink& warn);

  Route route(const queue::Envelope& envelope, std::string_view recipient) {
    return routing_.route(envelope, recipient);
  }

  std::vector<std::string> destinations(const queue::Envelope& envelope,
                                        const std::vector<std::size_t>& recipients) {
    return routing_.destinations(envelope, recipients);
  }

  [[nodiscard]] bool routes_may_wait() const { return routing_.may_wait(); }

  [[nodiscard]] bool mailboxes_may_wait() const;

  // virtual_mailbox_maps: user@domain, then @domain; nothing when the mailbox does not exist.
  Result<std::optional<std::string>> virtual_mailbox(std::string_view recipient);

 private:
  Routing routing_;
  std::vector<std::unique_ptr<Lookup>> mailboxes_;
};

}  // namespace headgate::deliver
