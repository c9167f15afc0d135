// How: items keep their order, because the first that matches decides (!item: against). Files are read once, when the list
// is made; tables are asked for the whole name and then, unless they take whole keys only, for its parents.
// Tested by match_list_test.
#include "smtpd/access/match_list.h"

#include <arpa/inet.h>

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "tables/cidr_pattern.h"

namespace headgate::access {
namespace {

constexpr int kMaxFileDepth = 10;
constexpr std::size_t kMaxFileBytes = 16U << 20U;

struct Network {
  std::string bytes;
  unsigned prefix = 0;
};

bool contains(const Network& net, std::string_view address) {
  if (net.bytes.size() != address.size()) return false;
  for (std::size_t bit = 0; bit < net.prefix; ++bit) {
    const auto differ = static_cast<unsigned char>(net.bytes[bit / 8] ^ address[bit / 8]);
    if ((differ >> (7 - bit % 8) & 1U) != 0) return false;
  }
  return true;
}

// "192.0.2.0/24", "[2001:db8::]/32", "192.0.2.1", "[::1]".
Result<Network> network_of(std::string_view item) {
  TRY(parsed, tables::parse_network(item));
  Network net;
  net.prefix = parsed.prefix;
  net.bytes.assign(parsed.first.bytes.begin(),
                   parsed.first.bytes.begin() + parsed.first.byte_count);
  return net;
}

// What can only be meant as a network, and therefore must be one.
bool is_network(std::string_view item) {
  const bool v6 = item.find(':') != std::string_view::npos;
  if (item.front() == '[') return true;
  if (item.find('/') == std::string_view::npos) return !address_bytes(item).empty();
  return item.find_first_not_of(v6 ? "0123456789abcdefABCDEF:./" : "0123456789./") ==
         std::string_view::npos;
}

// "type:name", but not an IPv6 address.
bool is_table(std::string_view item) {
  const std::size_t colon = item.find(':');
  if (colon == std::string_view::npos || item.front() == '[' || item.front() == '/') return false;
  return address_bytes(item.substr(0, item.find('/'))).empty();
}

bool ends_with_label(std::string_view name, std::string_view parent) {
  return name.size() > parent.size() + 1 && name[name.size() - parent.size() - 1] == '.' &&
         name.substr(name.size() - parent.size()) == parent;
}

constexpr std::string_view kDigitsAndDots = "0123456789.";

bool names_parameter(const config::Settings& settings, std::string_view parameter) {
  const auto& users = settings.parent_domain_matches_subdomains;
  return std::any_of(users.begin(), users.end(), [&](const std::string& user) {
    return text::equal_ignore_case(user, parameter);
  });
}

}  // namespace

std::string address_bytes(std::string_view address) {
  const std::string text(address);
  if (text.find('\0') != std::string::npos) return {};
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1)
    return {reinterpret_cast<const char*>(&v4), sizeof v4};
  in6_addr v6{};
  if (inet_pton(AF_INET6, text.c_str(), &v6) != 1) return {};
  const char* bytes = reinterpret_cast<const char*>(&v6);
  if (IN6_IS_ADDR_V4MAPPED(&v6)) return {bytes + 12, 4};
  return {bytes, sizeof v6};
}

MatchKind kind_of_domains(const config::Settings& settings, std::string_view parameter) {
  return names_parameter(settings, parameter) ? MatchKind::domains_with_parents
                                              : MatchKind::domains;
}

MatchKind kind_of_clients(const config::Settings& settings, std::string_view parameter) {
  return names_parameter(settings, parameter) ? MatchKind::clients_with_parents
                                              : MatchKind::clients;
}

struct MatchList::Item {
  std::string text;  // lower case, without !
  bool negated = false;
  bool is_network = false;  // and not asked about names, nor about addresses of another family
  std::optional<Network> network;
  std::unique_ptr<Lookup> table;
  std::optional<Error> broken;  // every question that reaches the item fails
};

// Where an item stands: in main.cf, or in a file that is named there.
struct MatchList::Place {
  const Opening& opening;
  std::string_view parameter;
  bool negated = false;
  int depth = 0;

  [[nodiscard]] std::string named(std::string_view text) const {
    return parameter.empty() ? std::string(text) : fmt::format("{}: {}", parameter, text);
  }

  void warn(Severity severity, std::string text, std::string file = {}) const {
    opening.warn({severity, std::move(text), std::move(file), 0, 0});
  }
};

MatchList::MatchList(const std::vector<std::string>& items, MatchKind kind, const Opening& opening,
                     std::string_view parameter)
    : kind_(kind), folding_(tables::folding_of(true, opening.utf8)) {
  add(items, Place{opening, parameter});
}

MatchList::MatchList(const std::vector<std::string>& items, MatchKind kind,
                     rules::ProgramSource& programs, const WarningSink& warn)
    : MatchList(items, kind, Opening{programs, warn}) {}

MatchList::~MatchList() = default;
MatchList::MatchList(MatchList&&) noexcept = default;
MatchList& MatchList::operator=(MatchList&&) noexcept = default;

bool MatchList::of_clients() const {
  return kind_ == MatchKind::clients || kind_ == MatchKind::clients_with_parents;
}

bool MatchList::with_parents() const {
  return kind_ == MatchKind::domains_with_parents || kind_ == MatchKind::clients_with_parents;
}

bool MatchList::may_wait() const {
  return std::any_of(items_.begin(), items_.end(),
                     [](const Item& item) { return item.table && item.table->may_wait(); });
}

bool MatchList::asks_names() const {
  return std::any_of(items_.begin(), items_.end(), [](const Item& item) {
    return !item.is_network && !item.text.starts_with("cidr:");
  });
}

void MatchList::add(const std::vector<std::string>& items, const Place& place) {
  for (const std::string& item : items) {
    if (item.starts_with('#')) {
      place.warn(Severity::warning,
                 place.named(fmt::format("comment at end of line is not supported: {}", item)));
      return;
    }
    add_item(item, place);
  }
}

void MatchList::add_file(std::string_view path, const Place& place) {
  Place inner = place;
  ++inner.depth;
  auto content = place.depth < kMaxFileDepth
                     ? place.opening.programs.read_text(std::string(path), kMaxFileBytes)
                     : Result<std::string>(fail(Code::limit, "files nested too deeply"));
  if (content) {
    for (const std::string_view line : text::split(*content, "\n")) {
      if (!text::trim(line).starts_with('#')) add(text::split_list(line), inner);
    }
    return;
  }
  Item item;
  item.text = path;
  item.broken = content.error();
  place.warn(Severity::error, item.broken->text(), std::string(path));
  items_.push_back(std::move(item));
}

// A bad pattern is a warning; a file or table that is not there is an error, for it refuses a reload.
void MatchList::add_item(std::string_view given, const Place& place) {
  Item item;
  item.negated = place.negated;
  while (!given.empty() && given.front() == '!') {
    item.negated = !item.negated;
    given.remove_prefix(1);
  }
  if (given.starts_with('/')) {
    Place file = place;
    file.negated = item.negated;
    return add_file(given, file);
  }
  std::string memory;
  item.text = tables::fold_key(given, folding_, memory);
  Severity severity = Severity::warning;
  if (given.empty()) {
    item.broken = Error{Code::invalid, "no pattern after '!'", ""};
  } else if (is_table(given)) {
    severity = Severity::error;
    item.table = place.opening.table(std::string(given));
    if (place.opening.waits == Waits::no && item.table->may_wait()) {
      item.table.reset();
      item.broken = Error{
          Code::invalid,
          "a table that waits for another program cannot be asked here (docs/tables/access.md)",
          std::string(given)};
    }
  } else if (of_clients() && is_network(given)) {
    item.is_network = true;
    auto network = network_of(given);
    if (network) item.network = std::move(*network);
    if (!network) {
      item.broken = std::move(network.error());
      item.broken->what = place.named(item.broken->what);
    }
  } else if (of_clients() && given.find_first_not_of(kDigitsAndDots) == std::string_view::npos) {
    place.warn(Severity::warning,
               fmt::format("bad address pattern: \"{}\" matches nothing; write the network's "
                           "first address and its length, as 192.0.2.0/24",
                           given),
               std::string(given));
  }
  if (item.broken) place.warn(severity, item.broken->text(), std::string(given));
  items_.push_back(std::move(item));
}

Result<bool> MatchList::match_table(const Item& item, std::string_view subject,
                                    bool is_address) const {
  TRY(whole, item.table->find(subject));
  if (whole) return true;
  if (is_address || kind_ == MatchKind::words || item.table->whole_key_only()) return false;
  // Without parents a table key .example stands for all below example.
  const std::size_t skip = with_parents() ? 1 : 0;
  for (std::size_t dot = subject.find('.', 1);
       dot != std::string_view::npos && dot + skip < subject.size();
       dot = subject.find('.', dot + 1)) {
    TRY(parent, item.table->find(subject.substr(dot + skip)));
    if (parent) return true;
  }
  return false;
}

Result<bool> MatchList::match_item(const Item& item, std::string_view subject,
                                   bool is_address) const {
  if (item.is_network) {
    if (!is_address) return false;
    const bool v6 = item.text.find(':') != std::string::npos;
    const std::string bytes = address_bytes(subject);
    if (item.broken && (bytes.size() == sizeof(in6_addr)) == v6)
      return tl::unexpected(*item.broken);
    return item.network && contains(*item.network, bytes);
  }
  if (item.broken) return tl::unexpected(*item.broken);
  if (item.table) return match_table(item, subject, is_address);
  if (item.text == subject) return true;
  if (is_address || kind_ == MatchKind::words) return false;
  if (with_parents()) return ends_with_label(subject, item.text);
  return item.text.size() > 1 && item.text.front() == '.' &&
         ends_with_label(subject, std::string_view(item.text).substr(1));
}

Result<bool> MatchList::matches(std::string_view subject) const {
  std::string memory;
  const std::string_view lower = tables::fold_key(subject, folding_, memory);
  if (lower.empty() || lower.find('\0') != std::string::npos) return false;
  for (const Item& item : items_) {
    TRY(hit, match_item(item, lower, false));
    if (hit) return !item.negated;
  }
  return false;
}

// An item decides for the name and the address alike, so that !item excludes both.
Result<bool> MatchList::matches_client(std::string_view name, std::string_view address) const {
  std::string memory;
  const std::string_view lower = tables::fold_key(name, folding_, memory);
  for (const Item& item : items_) {
    for (const bool is_address : {false, true}) {
      const std::string_view subject = is_address ? address : lower;
      if (subject.empty() || subject.find('\0') != std::string_view::npos) continue;
      TRY(hit, match_item(item, subject, is_address));
      if (hit) return !item.negated;
    }
  }
  return false;
}

}  // namespace headgate::access
