// How: resolve() works on the unquoted address, as Postfix does with resolve_dequoted_address=yes: "x@evil"@here must not
// hide its second @ from us, because the next server may look at it.
// Tested by recipients_test and access_test; expectations checked against a live Postfix 3.7.
#include "smtpd/access/recipients.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/proto/address.h"

namespace headgate::access {
namespace {

std::string without_extension(std::string_view local, std::string_view delimiters) {
  if (delimiters.empty()) return std::string(local);
  const std::size_t cut = local.find_first_of(delimiters);
  return std::string(cut == 0 ? local : local.substr(0, cut));
}

// One step of Postfix's rewriting of an address without a (non-local) domain: a!u, then u%b, become u@b.
bool rewrite_route(std::string& address) {
  if (!address.empty() && address.front() == '@') {  // a source route inside quotes
    const std::size_t colon = address.find(':');
    if (colon == std::string::npos) return false;
    address.erase(0, colon + 1);
    return true;
  }
  if (address.find('@') != std::string::npos) return true;  // its domain is looked at next
  if (const std::size_t bang = address.find('!'); bang != std::string::npos) {
    address = address.substr(bang + 1) + '@' + address.substr(0, bang);
    return true;
  }
  if (const std::size_t percent = address.rfind('%'); percent != std::string::npos) {
    address[percent] = '@';
    return true;
  }
  return false;
}

std::string_view strip_dot(std::string_view domain) {
  if (domain.size() > 1 && domain.back() == '.') domain.remove_suffix(1);
  return domain;
}

bool valid_domain(std::string_view domain) {
  return proto::valid_hostname(domain) || proto::valid_address_literal(domain);
}

}  // namespace

// The tables of one *_maps parameter, or none.
class Recipients::Table {
 public:
  Table(const std::vector<std::string>& specs, const Opening& opening) {
    for (const std::string& spec : specs) tables_.push_back(opening.table(spec));
  }

  [[nodiscard]] bool empty() const { return tables_.empty(); }

  [[nodiscard]] bool may_wait() const {
    return std::any_of(tables_.begin(), tables_.end(),
                       [](const auto& table) { return table->may_wait(); });
  }

  Result<bool> has(std::string_view key, bool partial) {
    for (auto& table : tables_) {
      if (partial && table->whole_key_only()) continue;
      TRY(found, table->find(key));
      if (found) return true;
    }
    return false;
  }

 private:
  std::vector<std::unique_ptr<Lookup>> tables_;
};

Recipients::Recipients(config::SettingsPtr settings, std::vector<std::string> own_addresses,
                       const Opening& opening)
    : settings_(std::move(settings)),
      local_domains_(settings_->mydestination, MatchKind::words, opening),
      virtual_domains_(settings_->virtual_mailbox_domains, MatchKind::words, opening),
      relay_domains_(settings_->relay_domains, kind_of_domains(*settings_, "relay_domains"),
                     opening) {
  for (const std::string& address : own_addresses) own_.push_back(address_bytes(address));
  const auto open = [&](const std::vector<std::string>& specs) {
    return std::make_unique<Table>(specs, opening);
  };
  local_users_ = open(settings_->local_recipient_maps);
  virtual_users_ = open(settings_->virtual_mailbox_maps);
  relay_users_ = open(settings_->relay_recipient_maps);
}

Recipients::~Recipients() = default;

bool Recipients::is_own_address(std::string_view address) const {
  const std::string bytes = address_bytes(address);
  return !bytes.empty() && std::find(own_.begin(), own_.end(), bytes) != own_.end();
}

bool Recipients::may_wait() const {
  return local_domains_.may_wait() || virtual_domains_.may_wait() || relay_domains_.may_wait() ||
         local_users_->may_wait() || virtual_users_->may_wait() || relay_users_->may_wait();
}

Result<bool> Recipients::is_local_domain(std::string_view domain) const {
  if (domain.empty()) return true;
  if (domain.front() == '[') return is_own_address(proto::literal_address(domain));
  return local_domains_.matches(domain);
}

Result<AddressClass> Recipients::class_of(std::string_view domain) const {
  TRY(local, is_local_domain(domain));
  if (local) return AddressClass::local;
  TRY(is_virtual, virtual_domains_.matches(domain));
  if (is_virtual) return AddressClass::virtual_mailbox;
  TRY(relay, relay_domains_.matches(domain));
  return relay ? AddressClass::relay : AddressClass::other;
}

Result<Resolved> Recipients::resolve(std::string_view address) const {
  Resolved resolved;
  std::string rest(address);
  std::string stripped;  // the local domain that was taken off last
  // Each round takes a domain or a routing character away, so the text's length bounds the rounds.
  for (std::size_t round = 0; round <= address.size() + 1; ++round) {
    const std::size_t at = rest.rfind('@');
    if (at != std::string::npos) {
      const std::string domain(strip_dot(std::string_view(rest).substr(at + 1)));
      if (domain.empty()) {  // a route to nowhere: u%@here
        resolved.invalid = true;
        resolved.routed = true;
        resolved.address = std::move(rest);
        return resolved;
      }
      TRY(local, is_local_domain(domain));
      if (!local) {
        rest = rest.substr(0, at + 1) + domain;
        TRY(kind, class_of(domain));
        resolved.address_class = kind;
        resolved.invalid = !valid_domain(domain);
        // Wherever the next server might see a route, even if we do not.
        resolved.routed = rest.find_first_of("@!%") != at;
        resolved.address = std::move(rest);
        return resolved;
      }
      stripped = domain;
      rest.resize(at);
    }
    if (!rewrite_route(rest)) break;
  }
  // No domain but ours is left. What still holds a routing character could not be understood: nobody's.
  resolved.address_class = AddressClass::local;
  resolved.routed = rest.find_first_of("@!%") != std::string::npos;
  resolved.address = stripped.empty() ? rest : rest + '@' + stripped;
  return resolved;
}

Result<std::string> Recipients::unknown_in(const Resolved& recipient) const {
  const AddressClass kind = recipient.address_class;
  const bool local = kind == AddressClass::local;
  Table* users = local                                   ? local_users_.get()
                 : kind == AddressClass::virtual_mailbox ? virtual_users_.get()
                 : kind == AddressClass::relay           ? relay_users_.get()
                                                         : nullptr;
  if (users == nullptr || users->empty()) return std::string();
  const std::string user(proto::local_part(recipient.address));
  const std::string domain(proto::domain_part(recipient.address));
  if (local) {
    for (const std::string_view exempt :
         {std::string_view(), std::string_view("postmaster"), std::string_view("mailer-daemon"),
          std::string_view(settings_->double_bounce_sender)}) {
      if (text::equal_ignore_case(user, exempt)) return std::string();
    }
  }
  const std::string base = without_extension(user, settings_->recipient_delimiter);
  const std::string at_domain = '@' + (domain.empty() ? settings_->myorigin : domain);
  std::vector<std::pair<std::string, bool>> keys = {{user + at_domain, false}};
  if (base != user) keys.emplace_back(base + at_domain, false);
  if (local) keys.emplace_back(user, false);
  if (local && base != user) keys.emplace_back(base, false);
  keys.emplace_back(at_domain, true);
  for (const auto& [key, partial] : keys) {
    TRY(found, users->has(key, partial));
    if (found) return std::string();
  }
  return std::string(local                                   ? "local recipient table"
                     : kind == AddressClass::virtual_mailbox ? "virtual mailbox table"
                                                             : "relay recipient table");
}

}  // namespace headgate::access
