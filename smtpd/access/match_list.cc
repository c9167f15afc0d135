// How: items keep their order, because the first that matches decides (!item: against). Files are read once, when the list
// is made; tables are asked for the whole name and then, unless they take whole keys only, for its parents.
// Tested by match_list_test.
#include "smtpd/access/match_list.h"

#include <arpa/inet.h>

#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "tables/open.h"

namespace headgate::access {
namespace {

constexpr int kMaxFileDepth = 10;
constexpr std::size_t kMaxFileBytes = 16U << 20U;

struct Network {
  std::string bytes;
  unsigned prefix = 0;
};

// Nets of Postfix have no bits set behind the prefix: 192.0.2.1/24 is a mistake, not 192.0.2.0/24.
bool host_bits_zero(const Network& net) {
  for (std::size_t bit = net.prefix; bit < net.bytes.size() * 8; ++bit) {
    if ((static_cast<unsigned char>(net.bytes[bit / 8]) >> (7 - bit % 8) & 1U) != 0) return false;
  }
  return true;
}

bool contains(const Network& net, std::string_view address) {
  if (net.bytes.size() != address.size()) return false;
  for (std::size_t bit = 0; bit < net.prefix; ++bit) {
    const auto differ = static_cast<unsigned char>(net.bytes[bit / 8] ^ address[bit / 8]);
    if ((differ >> (7 - bit % 8) & 1U) != 0) return false;
  }
  return true;
}

// "192.0.2.0/24", "[2001:db8::]/32", "192.0.2.1", "[::1]".
std::optional<Network> parse_network(std::string_view item) {
  const std::size_t slash = item.find('/');
  std::string_view host = item.substr(0, slash);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  Network net{address_bytes(host), 0};
  if (net.bytes.empty()) return std::nullopt;
  const unsigned bits = static_cast<unsigned>(net.bytes.size()) * 8;
  net.prefix = bits;
  if (slash == std::string_view::npos) return net;
  const std::string_view length = item.substr(slash + 1);
  const auto [end, error] =
      std::from_chars(length.data(), length.data() + length.size(), net.prefix);
  if (error != std::errc() || end != length.data() + length.size() || net.prefix > bits ||
      !host_bits_zero(net))
    return std::nullopt;
  return net;
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

// Not what looks like a network gone wrong.
bool is_name(std::string_view item) {
  return item.find_first_not_of("0123456789.") != std::string_view::npos &&
         item.find_first_of("[]/:") == std::string_view::npos;
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

struct MatchList::Item {
  std::string text;  // lower case, without !
  bool negated = false;
  std::optional<Network> network;
  std::unique_ptr<Lookup> table;
  std::optional<Error> broken;  // every question that reaches the item fails
};

MatchList::MatchList(const std::vector<std::string>& items, MatchKind kind,
                     rules::ProgramSource& programs, const WarningSink& warn)
    : kind_(kind) {
  add(items, programs, warn, 0);
}

MatchList::~MatchList() = default;
MatchList::MatchList(MatchList&&) noexcept = default;
MatchList& MatchList::operator=(MatchList&&) noexcept = default;

void MatchList::add(const std::vector<std::string>& items, rules::ProgramSource& programs,
                    const WarningSink& warn, int depth) {
  for (std::string_view given : items) {
    Item item;
    while (!given.empty() && given.front() == '!') {
      item.negated = !item.negated;
      given.remove_prefix(1);
    }
    if (given.empty()) continue;
    item.text = text::lower(given);
    Severity severity =
        Severity::warning;  // a bad pattern; a file or table that is not there is an error
    if (given.front() == '/') {
      auto content = depth < kMaxFileDepth
                         ? programs.read_text(std::string(given), kMaxFileBytes)
                         : Result<std::string>(fail(Code::limit, "files nested too deeply"));
      if (content && !item.negated) {
        std::string text;
        for (const std::string_view line : text::split(*content, "\n")) {
          const std::string_view trimmed = text::trim(line);
          if (!trimmed.empty() && trimmed.front() != '#') text.append(trimmed) += '\n';
        }
        add(text::split_list(text), programs, warn, depth + 1);
        continue;
      }
      item.broken = content ? Error{Code::invalid, "a file cannot be excluded: exclude its items",
                                    std::string(given)}
                            : content.error();
      severity = Severity::error;
    } else if (is_table(given)) {
      auto opened = tables::open_table(given, programs, warn);
      item.table =
          opened ? std::move(opened->full) : tables::unavailable_table(given, opened.error());
      if (!opened) warn({Severity::error, opened.error().text(), std::string(given), 0, 0});
    } else if (kind_ == MatchKind::addresses || kind_ == MatchKind::clients) {
      item.network = parse_network(given);
      const bool may_be_name = kind_ == MatchKind::clients && is_name(given);
      if (!item.network && !may_be_name)
        item.broken =
            Error{Code::invalid,
                  fmt::format("bad address pattern: \"{}\"; write the network's first address "
                              "and its length, as 192.0.2.0/24 or [2001:db8::]/32",
                              given),
                  ""};
    }
    if (item.broken) warn({severity, item.broken->text(), std::string(given), 0, 0});
    items_.push_back(std::move(item));
  }
}

Result<bool> MatchList::match_table(const Item& item, std::string_view subject) const {
  TRY(whole, item.table->find(subject));
  if (whole) return true;
  const bool domains = kind_ != MatchKind::addresses && kind_ != MatchKind::words;
  if (!domains || item.table->whole_key_only()) return false;
  // Without parents a table key .example stands for all below example.
  const std::size_t skip = kind_ == MatchKind::domains_with_parents ? 1 : 0;
  for (std::size_t dot = subject.find('.', 1); dot != std::string_view::npos;
       dot = subject.find('.', dot + 1)) {
    TRY(parent, item.table->find(subject.substr(dot + skip)));
    if (parent) return true;
  }
  return false;
}

Result<bool> MatchList::match_item(const Item& item, std::string_view subject) const {
  if (item.broken) return tl::unexpected(*item.broken);
  if (item.table) return match_table(item, subject);
  if (item.network) return contains(*item.network, address_bytes(subject));
  if (item.text == subject) return true;
  if (kind_ == MatchKind::domains_with_parents) return ends_with_label(subject, item.text);
  const bool names = kind_ == MatchKind::domains || kind_ == MatchKind::clients;
  if (names && item.text.size() > 1 && item.text.front() == '.')
    return ends_with_label(subject, std::string_view(item.text).substr(1));
  return false;
}

Result<bool> MatchList::matches(std::string_view subject) const {
  const std::string lower = text::lower(subject);
  if (lower.empty() || lower.find('\0') != std::string::npos) return false;
  for (const Item& item : items_) {
    TRY(hit, match_item(item, lower));
    if (hit) return !item.negated;
  }
  return false;
}

// An item decides for the name and the address alike, so that !item excludes both.
Result<bool> MatchList::matches_client(std::string_view name, std::string_view address) const {
  const std::string lower = text::lower(name);
  for (const Item& item : items_) {
    for (const std::string_view subject : {std::string_view(lower), address}) {
      if (subject.empty() || subject.find('\0') != std::string_view::npos) continue;
      TRY(hit, match_item(item, subject));
      if (hit) return !item.negated;
    }
  }
  return false;
}

}  // namespace headgate::access
