// MemcacheConfig: the file that memcache:FILE names, and what of it decides whether and as what a key is asked for.
//   Units     as in memcache_table(5): seconds, bytes.
//   Threads   values; a MemcacheDomains has one owner.
//   Errors    Code::invalid with Postfix's text ("FILE: invalid max_try parameter value 0 < 1"); as open_table() for tables.
//   Source    memcache_table(5); what is refused, and how, was asked of postmap(1) 3.7.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tables/open.h"
#include "tables/stream_client.h"

namespace headgate::tables {

constexpr std::size_t kMostMemcacheConfigBytes = 1U << 20U;  // of the file

struct MemcacheConfig {
  Endpoint server;
  std::string backup;  // "type:name"; empty: none
  std::string key_format;
  std::vector<std::string> domain;  // empty: keys of all domains are asked
  int data_size_limit = 0, line_size_limit = 0;
  int max_try = 0, retry_pause = 0, timeout = 0;
};

Result<MemcacheConfig> parse_memcache_config(const std::string& path, std::string_view text,
                                             const WarningSink& warn);

// What the server is asked for; nothing: the key has not what the format wants, or would be no memcache key.
std::optional<std::string> memcache_key(std::string_view format, std::string_view key);

// What stands in a /file of `domain`.
std::vector<std::string> memcache_domain_file(std::string_view content);

// The `domain` of a file: keys of other domains, and those that are no address, are not asked for.
class MemcacheDomains {
 public:
  static Result<MemcacheDomains> open(const std::vector<std::string>& items,
                                      rules::ProgramSource& programs, const WarningSink& warn,
                                      const OpenOptions& options);

  Result<bool> allow(std::string_view key) const;
  [[nodiscard]] bool may_wait() const;

 private:
  struct Item {
    std::string name;  // lower case, without !
    bool negated = false;
    std::unique_ptr<Lookup> table;
  };

  Result<void> add(const std::vector<std::string>& items, rules::ProgramSource& programs,
                   const WarningSink& warn, const OpenOptions& options, int depth);

  bool limited_ = false;
  std::vector<Item> items_;
};

}  // namespace headgate::tables
