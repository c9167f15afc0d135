// Tested by tests/tables/memcache_table_test.cc and, beside postmap(1), by tests/tables/clients_agree_test.py.
#include "tables/memcache_config.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "engine/base/lines.h"
#include "engine/base/text.h"

namespace headgate::tables {

namespace {

constexpr int kMostFileDepth = 10;

using Settings = std::map<std::string, std::string, std::less<>>;

Result<Settings> read_settings(const std::string& path, std::string_view text,
                               const WarningSink& warn) {
  Settings settings;
  LogicalLines lines(text, path, warn);
  while (const auto line = lines.next()) {
    const std::size_t equals = line->text.find('=');
    const auto bad = [&](std::string_view what) {
      return fail(Code::invalid,
                  fmt::format("{}, line {}: {}: \"{}\"", path, line->first_line, what, line->text));
    };
    if (equals == std::string::npos) return bad("missing '=' after attribute name");
    const std::string name(text::trim(std::string_view(line->text).substr(0, equals)));
    std::string value(text::trim(std::string_view(line->text).substr(equals + 1)));
    if (name.empty()) return bad("missing attribute name");
    if (settings.count(name) != 0)
      warn(Diagnostic{Severity::warning,
                      fmt::format("{}, line {}: overriding earlier entry: {}={}", path,
                                  line->first_line, name, settings[name]),
                      path, line->first_line, 1});
    settings[name] = std::move(value);
  }
  return settings;
}

Result<int> number(const std::string& path, const Settings& settings, std::string_view name,
                   int otherwise, int least) {
  const auto set = settings.find(name);
  if (set == settings.end()) return otherwise;
  const std::string& text = set->second;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return fail(Code::invalid,
                fmt::format("{}: bad numerical configuration: {} = {}", path, name, text));
  if (value < least)
    return fail(Code::invalid,
                fmt::format("{}: invalid {} parameter value {} < {}", path, name, value, least));
  return value;
}

bool well_formed(std::string_view format) {
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    if (++i == format.size()) return false;
    if (std::string_view("%sSuUdD123456789").find(format[i]) == std::string_view::npos)
      return false;
  }
  return true;
}

// An address in two; the domain is empty where there is none.
struct Parts {
  std::string_view local, domain;
};

Parts parts_of(std::string_view key) {
  const std::size_t at = key.rfind('@');
  if (at == std::string_view::npos) return {key, {}};
  return {key.substr(0, at), key.substr(at + 1)};
}

// The n-th label from the right, from 1; nothing: there are not so many. Empty ones do not count.
std::optional<std::string_view> label(std::string_view domain, int n) {
  const auto labels = text::split(domain, ".");
  if (labels.size() < static_cast<std::size_t>(n)) return std::nullopt;
  return labels[labels.size() - static_cast<std::size_t>(n)];
}

std::optional<std::string_view> expansion(char what, std::string_view key) {
  const Parts parts = parts_of(key);
  switch (text::to_lower(what)) {
    case '%':
      return "%";
    case 's':
      return key;
    case 'u':
      if (parts.local.empty()) return std::nullopt;
      return parts.local;
    case 'd':
      if (parts.domain.empty()) return std::nullopt;
      return parts.domain;
    default:
      if (parts.domain.empty()) return std::nullopt;
      return label(parts.domain, what - '0');
  }
}

}  // namespace

Result<MemcacheConfig> parse_memcache_config(const std::string& path, std::string_view text,
                                             const WarningSink& warn) {
  TRY(settings, read_settings(path, text, warn));
  const auto value = [&](std::string_view name, std::string_view otherwise) {
    const auto set = settings.find(name);
    return set == settings.end() ? std::string(otherwise) : set->second;
  };
  MemcacheConfig config;
  TRY(server, parse_endpoint(value("memcache", "inet:localhost:11211")));
  config.server = server;
  config.backup = value("backup", "");
  config.key_format = value("key_format", "%s");
  if (!well_formed(config.key_format))
    return fail(Code::invalid, fmt::format("db_common_parse: {}: Invalid query template: {}", path,
                                           config.key_format));
  config.domain = text::split_list(value("domain", ""));

  struct Number {
    std::string_view name;
    int otherwise, least;
    int* into;
  };

  int of_updates = 0;  // not used, and checked all the same
  const Number numbers[] = {{"data_size_limit", 10240, 1, &config.data_size_limit},
                            {"flags", 0, 0, &of_updates},
                            {"line_size_limit", 1024, 1, &config.line_size_limit},
                            {"max_try", 2, 1, &config.max_try},
                            {"retry_pause", 1, 1, &config.retry_pause},
                            {"timeout", 2, 0, &config.timeout},
                            {"ttl", 3600, INT32_MIN, &of_updates}};
  for (const Number& one : numbers) {
    TRY(set, number(path, settings, one.name, one.otherwise, one.least));
    *one.into = set;
  }
  return config;
}

std::optional<std::string> memcache_key(std::string_view format, std::string_view key) {
  if (key.empty()) return std::nullopt;
  std::string expanded;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      expanded += format[i];
      continue;
    }
    const auto piece = expansion(format[++i], key);
    if (!piece) return std::nullopt;
    expanded += *piece;
  }
  const bool has_blank = std::any_of(expanded.begin(), expanded.end(), text::is_space);
  if (expanded.empty() || has_blank) return std::nullopt;
  return expanded;
}

Result<MemcacheDomains> MemcacheDomains::open(const std::vector<std::string>& items,
                                              rules::ProgramSource& programs,
                                              const WarningSink& warn, const OpenOptions& options) {
  MemcacheDomains domains;
  domains.limited_ = !items.empty();
  TRY_OK(domains.add(items, programs, warn, options, 0));
  return domains;
}

std::vector<std::string> memcache_domain_file(std::string_view content) {
  std::string names;
  for (const std::string_view line : text::split(content, "\n"))
    if (!text::trim(line).starts_with('#')) names.append(line) += '\n';
  return text::split_list(names);
}

Result<void> MemcacheDomains::add(const std::vector<std::string>& items,
                                  rules::ProgramSource& programs, const WarningSink& warn,
                                  const OpenOptions& options, int depth) {
  for (std::string_view text : items) {
    Item item;
    for (; text.starts_with('!'); text.remove_prefix(1)) item.negated = !item.negated;
    if (text.starts_with('/')) {
      if (depth == kMostFileDepth) return fail(Code::limit, "files nested too deeply");
      auto content = programs.read_text(std::string(text));
      if (!content) {
        Error error = std::move(content.error());
        if (error.what.starts_with("open ")) error.what.insert(5, "file ");
        return tl::unexpected(std::move(error));
      }
      if (item.negated)
        return fail(Code::invalid, "a file cannot be excluded: exclude its items",
                    std::string(text));
      TRY_OK(add(memcache_domain_file(*content), programs, warn, options, depth + 1));
      continue;
    }
    if (text.find(':') != std::string_view::npos) {
      TRY(opened, open_table(text, programs, warn, options));
      item.table = std::move(opened.full);
    }
    item.name = item.table ? std::string(text) : text::lower(text);
    items_.push_back(std::move(item));
  }
  return {};
}

Result<bool> MemcacheDomains::allow(std::string_view key) const {
  if (!limited_) return true;
  const Parts parts = parts_of(key);
  if (parts.local.empty() || parts.domain.empty()) return false;
  const std::string domain = text::lower(parts.domain);
  for (const Item& item : items_) {
    bool hit = item.name == domain;
    if (item.table) {
      const auto found = item.table->find(domain);
      if (!found)
        return fail(found.error().code, fmt::format("{}: table lookup problem", item.name));
      hit = found->has_value();
    }
    if (hit) return !item.negated;
  }
  return false;
}

bool MemcacheDomains::may_wait() const {
  return std::any_of(items_.begin(), items_.end(),
                     [](const Item& item) { return item.table && item.table->may_wait(); });
}

}  // namespace headgate::tables
