// Tested by keys_test, and beside Postfix by tests/collide/access_lookups.py.
#include "smtpd/access/keys.h"

#include "engine/base/text.h"
#include "smtpd/proto/address.h"

namespace headgate::access {
namespace {

using tables::KeyPart;

void add_parents(std::string_view name, bool parents, std::vector<Key>& keys) {
  for (std::size_t dot = name.find('.', 1); dot != std::string_view::npos;
       dot = name.find('.', dot + (parents ? 2 : 1))) {
    const std::string_view parent = name.substr(parents ? dot + 1 : dot);
    if (parent.empty()) return;
    keys.push_back({std::string(parent), KeyPart::partial});
  }
}

bool is_owner_or_request(std::string_view local) {
  constexpr std::string_view kOwner = "owner-", kRequest = "-request";
  if (local.size() >= kOwner.size() && text::starts_with_ignore_case(local, kOwner)) return true;
  return local.size() > kRequest.size() &&
         text::equal_ignore_case(local.substr(local.size() - kRequest.size()), kRequest);
}

// Without "+ext"; the whole when there is none.
std::string_view without_extension(std::string_view local, const KeyRules& rules) {
  for (const std::string_view whole :
       {std::string_view("postmaster"), std::string_view("mailer-daemon"),
        rules.double_bounce_sender}) {
    if (text::equal_ignore_case(local, whole)) return local;
  }
  if (rules.owner_request_special && rules.delimiters.find('-') != std::string_view::npos &&
      is_owner_or_request(local))
    return local;
  const std::size_t cut = local.find_first_of(rules.delimiters);
  return cut == 0 ? local : local.substr(0, cut);
}

// `local`@`domain` as SMTP quotes it, and as it is, if that differs.
void add_both_forms(std::string_view local, std::string_view domain, std::string_view shown_domain,
                    KeyPart part, std::vector<Key>& keys) {
  std::string plain(local);
  plain += '@';
  std::string quoted = proto::quote_address(plain + std::string(domain));
  quoted.resize(quoted.size() - domain.size());
  quoted += shown_domain;
  plain += shown_domain;
  const bool differ = quoted != plain;
  keys.push_back({std::move(quoted), part});
  if (differ) keys.push_back({std::move(plain), part});
}

}  // namespace

std::vector<Key> domain_keys(std::string_view name, const KeyRules& rules) {
  std::vector<Key> keys;
  if (name.empty()) return keys;
  keys.push_back({std::string(name), KeyPart::whole});
  if (!proto::valid_host_address(name)) add_parents(name, rules.parents, keys);
  return keys;
}

std::vector<Key> address_keys(std::string_view address) {
  std::vector<Key> keys;
  if (address.empty()) return keys;
  const char separator = address.find(':') == std::string_view::npos ? '.' : ':';
  keys.push_back({std::string(address), KeyPart::whole});
  for (std::size_t end = address.rfind(separator); end != std::string_view::npos && end > 0;
       end = address.rfind(separator, end - 1))
    keys.push_back({std::string(address.substr(0, end)), KeyPart::partial});
  return keys;
}

std::vector<Key> mail_keys(std::string_view address, const KeyRules& rules) {
  std::string memory;
  const std::string_view folded = tables::fold_key(address, rules.folding, memory);
  const std::string_view local = proto::local_part(folded);
  const std::string_view domain = proto::domain_part(folded);
  const std::string_view base = without_extension(local, rules);
  const bool extended = base.size() != local.size();
  std::vector<Key> keys;
  add_both_forms(local, domain, domain, KeyPart::whole, keys);
  if (extended) add_both_forms(base, domain, domain, KeyPart::partial, keys);
  if (!domain.empty()) keys.push_back({std::string(domain), KeyPart::partial});
  add_parents(domain, rules.parents, keys);
  add_both_forms(local, domain, "", KeyPart::partial, keys);
  if (extended) add_both_forms(base, domain, "", KeyPart::partial, keys);
  return keys;
}

}  // namespace headgate::access
