// MatchList: "does this name or address match?", for mynetworks, mydestination, relay_domains and their like.
//   Items     1.2.3.4, 1.2.3.0/24, [2001:db8::]/32, name, .domain, !item (excludes; the first match decides), /file (its
//             items in its place; those of !/file exclude), type:table. A # ends the line.
//   Errors    a malformed network, an unreadable file or a failed lookup is an Error for every question that reaches it,
//             never "no match": the caller answers 451.
//   Lifetime  owns its tables.         Threads  one owner, one list a thread.
//   Source    match_list(3), match_ops(3), domain_list(3), namadr_list(3), string_list(3); smtpd.md §4.7. Each form asked of
//             a live Postfix 3.7.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/lookup.h"
#include "engine/rules/program_source.h"
#include "smtpd/access/opening.h"
#include "smtpd/config/settings.h"
#include "tables/case_fold.h"

namespace headgate::access {

enum class MatchKind : std::uint8_t {
  domains,               // relay_domains: names as they are, .domain for subdomains
  domains_with_parents,  // the same, with "example" for a.example, too, and without .domain
  clients,               // mynetworks: addresses, and names as `domains`
  clients_with_parents,
  words,  // mydestination, virtual_mailbox_domains: plain strings and tables; no domain logic
};

// `with_parents` where parent_domain_matches_subdomains names the parameter.
MatchKind kind_of_domains(const config::Settings& settings, std::string_view parameter);
MatchKind kind_of_clients(const config::Settings& settings, std::string_view parameter);

class MatchList {
 public:
  // `parameter`: whose list it is; what is wrong with it is told under that name.
  MatchList(const std::vector<std::string>& items, MatchKind kind, const Opening& opening,
            std::string_view parameter = {});
  // All alone.
  MatchList(const std::vector<std::string>& items, MatchKind kind, rules::ProgramSource& programs,
            const WarningSink& warn);
  ~MatchList();
  MatchList(MatchList&&) noexcept;
  MatchList& operator=(MatchList&&) noexcept;

  // `subject`: a domain or word in any case.
  [[nodiscard]] Result<bool> matches(std::string_view subject) const;

  // For clients: its verified name, and its address.
  [[nodiscard]] Result<bool> matches_client(std::string_view name, std::string_view address) const;

  [[nodiscard]] bool empty() const { return items_.empty(); }

  [[nodiscard]] bool may_wait() const;    // a table in it may wait for another program
  [[nodiscard]] bool asks_names() const;  // of clients: something may match a name

 private:
  struct Item;

  struct Place;

  void add(const std::vector<std::string>& items, const Place& place);
  void add_item(std::string_view given, const Place& place);
  void add_file(std::string_view path, const Place& place);
  [[nodiscard]] bool of_clients() const;
  [[nodiscard]] bool with_parents() const;
  [[nodiscard]] Result<bool> match_item(const Item& item, std::string_view subject,
                                        bool is_address) const;
  [[nodiscard]] Result<bool> match_table(const Item& item, std::string_view subject,
                                         bool is_address) const;

  MatchKind kind_;
  tables::Folding folding_;
  std::vector<Item> items_;
};

// 4 or 16 bytes of an IP address; "" when it is none. ::ffff:1.2.3.4 becomes 1.2.3.4.
std::string address_bytes(std::string_view address);

}  // namespace headgate::access
