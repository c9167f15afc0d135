// Tested by tests/tables/reach_test.cc.
#include "tables/reach.h"

#include <netdb.h>

#include <array>
#include <charconv>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "engine/base/file.h"
#include "engine/base/text.h"
#include "tables/combined_table.h"
#include "tables/memcache_config.h"
#include "tables/open.h"
#include "tables/type_spec.h"

namespace headgate::tables {

namespace {

std::uint16_t port_of(const std::string& service) {
  std::uint16_t port = 0;
  if (text::all_digits(service)) {
    std::from_chars(service.data(), service.data() + service.size(), port);
    return port;
  }
  servent entry{};
  servent* found = nullptr;
  std::array<char, 4096> buffer;
  if (::getservbyname_r(service.c_str(), "tcp", &entry, buffer.data(), buffer.size(), &found) != 0)
    return 0;
  return found == nullptr ? port : ntohs(static_cast<std::uint16_t>(found->s_port));
}

class Walk {
 public:
  void table(std::string_view spec, int depth) {
    auto split = split_type(spec);
    while (split && split->type == "proxy") split = split_type(split->name);
    if (!split || depth > kMostNested) return;
    const auto [type, name] = *split;
    std::string proper = fmt::format("{}:{}", type, name);
    if (!seen_.insert(proper).second) return;  // a file may name itself, more than once
    reach_.tables.push_back(std::move(proper));
    if (name.starts_with('/')) reach_.files.emplace_back(name);
    if (type == "unionmap" || type == "pipemap") {
      for (const std::string_view item : braced_items(name).value_or(Items{}))
        table(item, depth + 1);
    } else if (type == "tcp") {
      server(parse_host_port(name));
    } else if (type == "socketmap") {
      server(parse_endpoint(name.substr(0, name.rfind(':'))));
    } else if (type == "memcache") {
      memcache(std::string(name), depth);
    }
  }

  Reach found() { return std::move(reach_); }

 private:
  using Items = std::vector<std::string_view>;

  void server(const Result<Endpoint>& endpoint) {
    if (!endpoint || !endpoint->path.empty()) return;
    if (const std::uint16_t port = port_of(endpoint->service)) reach_.ports.push_back(port);
  }

  void memcache(const std::string& path, int depth) {
    const auto text = read_file(path, kMostMemcacheConfigBytes);
    if (!text) return;
    const auto config = parse_memcache_config(path, *text, [](const Diagnostic&) {});
    if (!config) return;
    server(config->server);
    if (!config->backup.empty()) table(config->backup, depth + 1);
    domains(config->domain, depth);
  }

  void domains(const std::vector<std::string>& items, int depth) {
    for (std::string_view item : items) {
      while (item.starts_with('!')) item.remove_prefix(1);
      if (item.starts_with('/')) {
        if (!seen_.emplace(item).second) continue;
        reach_.files.emplace_back(item);
        if (const auto text = read_file(std::string(item), kMostMemcacheConfigBytes))
          domains(memcache_domain_file(*text), depth);
      } else if (item.find(':') != std::string_view::npos) {
        table(item, depth + 1);
      }
    }
  }

  Reach reach_;
  std::set<std::string> seen_;  // tables and files of domains
};

}  // namespace

Reach reach_of(std::string_view spec) {
  Walk walk;
  walk.table(spec, 1);
  return walk.found();
}

}  // namespace headgate::tables
