// keys: what an access table is asked for about a name, an address, a mail address: access(5)'s forms, in Postfix's order.
// The first that is found decides, whatever it says.
//   Threads   pure.
//   Source    access(5), smtpd_check(3), mail_addr_find(3); smtpd.md §4.5; each form asked of a live Postfix 3.7.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tables/case_fold.h"
#include "tables/maps.h"

namespace headgate::access {

struct Key {
  std::string text;
  tables::KeyPart part =
      tables::KeyPart::whole;  // partial keys are for tables with fixed keys only
};

struct KeyRules {
  bool parents =
      true;  // smtpd_access_maps in parent_domain_matches_subdomains: else .parent is asked for
  std::string_view delimiters;        // recipient_delimiter
  bool owner_request_special = true;  // owner-list and list-request are whole names
  std::string_view double_bounce_sender = "double-bounce";  // a whole name, too
  tables::Folding folding = tables::Folding::ascii;         // of mail addresses
};

// a.b.example, then b.example and example, or .b.example and .example. An IP address has no parents.
std::vector<Key> domain_keys(std::string_view name, const KeyRules& rules);

// 192.0.2.1, 192.0.2, 192.0, 192; 2001:db8::1, 2001:db8:, 2001:db8, 2001.
std::vector<Key> address_keys(std::string_view address);

// user+ext@domain, user@domain, the domain and its parents, user+ext@, user@, all folded. A local part that must be quoted
// in SMTP is asked for in quotes, then without. `address` is the internal form, with a domain.
std::vector<Key> mail_keys(std::string_view address, const KeyRules& rules);

}  // namespace headgate::access
