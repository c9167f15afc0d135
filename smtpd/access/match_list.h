// MatchList: "does this name or address match?", for mynetworks, mydestination, relay_domains and their like.
//   Items     1.2.3.4, 1.2.3.0/24, [2001:db8::]/32, name, .domain, !item (excludes; the first match decides), /file (its
//             items in its place), type:table.
//   Errors    a malformed item, an unreadable file or a failed lookup is an Error for every question that reaches it,
//             never "no match": the caller answers 451.
//   Lifetime  owns its tables.         Threads  one owner, one list a thread.
//   Source    match_list(3), addr_match_list(3), domain_list(3); smtpd.md §4.7.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/lookup.h"
#include "engine/rules/program_source.h"

namespace headgate::access {

enum class MatchKind : std::uint8_t {
  domains,  // mydestination, virtual_mailbox_domains: names as they are, .domain for subdomains
  domains_with_parents,  // relay_domains: "example" also matches a.example (parent_domain_matches_subdomains)
  addresses,             // mynetworks
  clients,               // names and addresses: smtpd_authorized_xclient_hosts
  words,                 // plain strings and tables; no domain logic (smtpd_forbidden_commands)
};

class MatchList {
 public:
  MatchList(const std::vector<std::string>& items, MatchKind kind, rules::ProgramSource& programs,
            const WarningSink& warn);
  ~MatchList();
  MatchList(MatchList&&) noexcept;
  MatchList& operator=(MatchList&&) noexcept;

  // `subject`: a domain or word in any case, or for `addresses` an IP address.
  [[nodiscard]] Result<bool> matches(std::string_view subject) const;

  // For `clients`: its verified name, or its address.
  [[nodiscard]] Result<bool> matches_client(std::string_view name, std::string_view address) const;

  [[nodiscard]] bool empty() const { return items_.empty(); }

 private:
  struct Item;

  void add(const std::vector<std::string>& items, rules::ProgramSource& programs,
           const WarningSink& warn, int depth);
  [[nodiscard]] Result<bool> match_item(const Item& item, std::string_view subject) const;
  [[nodiscard]] Result<bool> match_table(const Item& item, std::string_view subject) const;

  MatchKind kind_;
  std::vector<Item> items_;
};

// 4 or 16 bytes of an IP address; "" when it is none. ::ffff:1.2.3.4 becomes 1.2.3.4.
std::string address_bytes(std::string_view address);

}  // namespace headgate::access
