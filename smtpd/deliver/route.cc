// Tested by tests/smtpd/deliver/route_test.cc.
#include "smtpd/deliver/route.h"

#include <algorithm>
#include <charconv>

#include "engine/base/text.h"
#include "smtpd/proto/address.h"
#include "tables/open.h"

namespace headgate::deliver {

namespace {

// A table that cannot be opened answers every question with the reason: mail waits until it is mended.
std::unique_ptr<Lookup> open_or_unavailable(const std::string& spec, rules::ProgramSource& programs,
                                            const WarningSink& warn) {
  auto opened = tables::open_table(spec, programs, warn);
  if (opened) return std::move(opened->full);
  warn(Diagnostic{Severity::error, opened.error().text(), spec, 0, 0});
  return tables::unavailable_table(spec, std::move(opened.error()));
}

std::string_view without_negation(std::string_view item, bool& negated) {
  while (!item.empty() && item.front() == '!') {
    negated = !negated;
    item.remove_prefix(1);
  }
  return item;
}

// An entry of a domain list.
bool is_table(std::string_view item) {
  bool negated = false;
  item = without_negation(item, negated);
  return item.find(':') != std::string_view::npos && item.front() != '[';
}

// Of lists that name no table: nobody asks.
class NoTables final : public rules::ProgramSource {
 public:
  Result<rules::CompiledTable> load(rules::Dialect, const std::string& name) override {
    return fail(Code::invalid, "no tables are opened here", name);
  }

  Result<std::string> read_text(const std::string& path, std::size_t,
                                const rules::TextForm&) override {
    return fail(Code::invalid, "no tables are opened here", path);
  }

  void configure(const rules::ImageSettings&) override {}

  [[nodiscard]] rules::ImageSettings settings() const override { return {}; }
};

// Nothing before a colon is no transport at all: the mail waits, as Postfix's does.
Route with_default(const std::string& configured, std::string_view transport,
                   std::string_view nexthop) {
  Route route = parse_route(configured);
  if (configured.empty()) route.transport = transport;
  if (route.nexthop.empty()) route.nexthop = nexthop;
  return route;
}

}  // namespace

Route parse_route(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return {std::string(text), {}};
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

Result<NextHop> parse_next_hop(std::string_view text) {
  NextHop hop;
  std::string_view port;
  if (!text.empty() && text.front() == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos)
      return fail(Code::invalid, "missing ']' in next hop", std::string(text));
    hop.host = text.substr(1, close - 1);
    if (text::starts_with_ignore_case(hop.host, "ipv6:")) hop.host.erase(0, 5);
    hop.direct = true;
    port = text.substr(close + 1);
    if (!port.empty() && port.front() != ':')
      return fail(Code::invalid, "text after ']' in next hop", std::string(text));
    if (!port.empty()) port.remove_prefix(1);
  } else {
    const std::size_t colon = text.find(':');
    hop.host = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon + 1);
  }
  if (hop.host.empty()) return fail(Code::invalid, "next hop has no host", std::string(text));
  if (port.empty() || port == "smtp") return hop;
  if (port == "submission") {
    hop.port = 587;
    return hop;
  }
  const auto parsed = std::from_chars(port.data(), port.data() + port.size(), hop.port);
  if (parsed.ec != std::errc() || parsed.ptr != port.data() + port.size() || hop.port == 0)
    return fail(Code::invalid, "bad port in next hop", std::string(text));
  return hop;
}

DomainList::DomainList(const std::vector<std::string>& items, bool match_subdomains,
                       rules::ProgramSource& programs, const WarningSink& warn)
    : match_subdomains_(match_subdomains) {
  for (const std::string& text : items) {
    Item item;
    const std::string_view rest = without_negation(text, item.negated);
    if (is_table(rest)) item.table = open_or_unavailable(std::string(rest), programs, warn);
    item.name = text::lower(rest);
    items_.push_back(std::move(item));
  }
}

Result<bool> DomainList::contains(std::string_view domain) {
  const std::string key = text::lower(domain);
  for (Item& item : items_) {
    TRY(hit, matches(item, key));
    if (hit) return !item.negated;
  }
  return false;
}

bool DomainList::may_wait() const {
  return std::any_of(items_.begin(), items_.end(), [](const Item& item) {
    return item.table != nullptr && item.table->may_wait();
  });
}

Result<bool> DomainList::matches(Item& item, const std::string& domain) const {
  if (item.table == nullptr) {
    if (domain == item.name) return true;
    return match_subdomains_ && domain.size() > item.name.size() + 1 && !item.name.empty() &&
           domain.compare(domain.size() - item.name.size(), std::string::npos, item.name) == 0 &&
           domain[domain.size() - item.name.size() - 1] == '.';
  }
  std::string_view key = domain;
  for (;;) {
    TRY(found, item.table->find(key));
    if (found) return true;
    const std::size_t dot = key.find('.');
    if (!match_subdomains_ || item.table->whole_key_only() || dot == std::string_view::npos)
      return false;
    key.remove_prefix(dot + 1);
  }
}

Routing::Routing(config::SettingsPtr settings, rules::ProgramSource& programs,
                 const WarningSink& warn)
    : settings_(std::move(settings)),
      local_(settings_->mydestination, false, programs, warn),
      virtual_(settings_->virtual_mailbox_domains, false, programs, warn),
      relay_(settings_->relay_domains, true, programs, warn) {}

std::unique_ptr<Routing> Routing::by_names(config::SettingsPtr settings) {
  for (const auto* const list :
       {&settings->mydestination, &settings->virtual_mailbox_domains, &settings->relay_domains}) {
    if (std::any_of(list->begin(), list->end(), is_table)) return nullptr;
  }
  NoTables none;
  return std::make_unique<Routing>(std::move(settings), none, [](const Diagnostic&) {});
}

Router::Router(config::SettingsPtr settings, rules::ProgramSource& programs,
               const WarningSink& warn)
    : routing_(settings, programs, warn) {
  for (const std::string& spec : settings->virtual_mailbox_maps)
    mailboxes_.push_back(open_or_unavailable(spec, programs, warn));
}

bool Routing::may_wait() const {
  return local_.may_wait() || virtual_.may_wait() || relay_.may_wait();
}

bool Router::mailboxes_may_wait() const {
  return std::any_of(mailboxes_.begin(), mailboxes_.end(),
                     [](const auto& table) { return table->may_wait(); });
}

Route Routing::route(const queue::Envelope& envelope, std::string_view recipient) {
  if (!envelope.content_filter.empty())
    return with_default(envelope.content_filter, "smtp", proto::domain_part(recipient));
  Result<Route> resolved = resolve(recipient);
  if (resolved) return std::move(*resolved);
  return {"retry", "4.3.0 " + resolved.error().text()};
}

std::vector<std::string> Routing::destinations(const queue::Envelope& envelope,
                                               const std::vector<std::size_t>& recipients) {
  std::vector<std::string> all;
  for (const std::size_t index : recipients) {
    const Route found = route(envelope, envelope.recipients[index].address);
    all.push_back(found.transport + ":" + found.nexthop);
  }
  return all;
}

Result<Route> Routing::resolve(std::string_view recipient) {
  const std::string domain = text::lower(proto::domain_part(recipient));
  bool is_local = domain.empty();
  if (!is_local) {
    TRY(listed, local_.contains(domain));
    is_local = listed;
  }
  if (is_local) return with_default(settings_->local_transport, "local", settings_->myhostname);
  TRY(is_virtual, virtual_.contains(domain));
  if (is_virtual) return with_default(settings_->virtual_transport, "virtual", domain);
  const std::string& next = settings_->relayhost.empty() ? domain : settings_->relayhost;
  TRY(is_relay, relay_.contains(domain));
  if (is_relay) return with_default(settings_->relay_transport, "relay", next);
  return with_default(settings_->default_transport, "smtp", next);
}

Result<std::optional<std::string>> Router::virtual_mailbox(std::string_view recipient) {
  const std::string whole = text::lower(recipient);
  const std::string catch_all = "@" + std::string(proto::domain_part(whole));
  for (const std::string& key : {whole, catch_all}) {
    for (const auto& table : mailboxes_) {
      if (key == catch_all && table->whole_key_only()) continue;
      TRY(found, table->find(key));
      if (found) return std::optional<std::string>(found->value);
    }
  }
  return std::optional<std::string>();
}

}  // namespace headgate::deliver
