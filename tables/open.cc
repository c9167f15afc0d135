// How it works: kTypes has a row a type; a new type is a row here and a pair of files.
// Tested by tests/tables/open_test.cc.
#include "tables/open.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "tables/berkeley_table.h"
#include "tables/cdb_table.h"
#include "tables/cidr_table.h"
#include "tables/combined_table.h"
#include "tables/inline_table.h"
#include "tables/lmdb_table.h"
#include "tables/memcache_table.h"
#include "tables/regex_table.h"
#include "tables/socketmap_table.h"
#include "tables/system_table.h"
#include "tables/tcp_table.h"
#include "tables/text_table.h"
#include "tables/type_spec.h"
#include "tables/utf8_table.h"

namespace headgate::tables {

namespace {

struct Request {
  std::string_view spec, name;  // "pcre:/x", "/x"
  rules::ProgramSource& programs;
  const WarningSink& warn;
  const OpenOptions& options;
};

Result<OpenTable> only_full(Result<std::unique_ptr<Lookup>> table) {
  if (!table) return tl::unexpected(std::move(table.error()));
  OpenTable open;
  open.full = std::move(*table);
  open.ahead = dynamic_cast<KeysAhead*>(open.full.get());
  return open;
}

Result<OpenTable> open_berkeley(const Request& request) {
  return only_full(open_berkeley_table(request.spec, std::string(request.name), request.warn,
                                       request.options, &request.programs));
}

Result<OpenTable> open_cdb(const Request& request) {
  return only_full(open_cdb_table(request.spec, std::string(request.name), request.warn,
                                  request.options, &request.programs));
}

Result<OpenTable> open_cidr(const Request& request) {
  return only_full(open_cidr_table(request.spec, request.name, request.warn, &request.programs));
}

Result<OpenTable> open_environ(const Request& request) {
  return only_full(open_environ_table(request.spec, request.options));
}

Result<OpenTable> open_fail(const Request& request) {
  return only_full(unavailable_table(
      request.spec, Error{Code::unavailable, "Every lookup in such a table fails", {}}));
}

Result<OpenTable> open_inline(const Request& request) {
  return only_full(open_inline_table(request.spec, request.name, request.options));
}

Result<OpenTable> open_lmdb(const Request& request) {
  return only_full(open_lmdb_table(request.spec, std::string(request.name), request.warn,
                                   request.options, &request.programs));
}

Result<OpenTable> open_memcache(const Request& request) {
  return only_full(open_memcache_table(request.spec, request.name, request.programs, request.warn,
                                       request.options));
}

Result<OpenTable> open_pcre(const Request& request) {
  return open_regex_table(request.spec, rules::Dialect::pcre, std::string(request.name),
                          request.programs, request.warn, request.options);
}

Result<OpenTable> open_pipe(const Request& request) {
  return only_full(
      open_pipe_table(request.spec, request.name, request.programs, request.warn, request.options));
}

Result<OpenTable> open_random(const Request& request) {
  return only_full(open_random_table(request.spec, request.name));
}

Result<OpenTable> open_regexp(const Request& request) {
  return open_regex_table(request.spec, rules::Dialect::regexp, std::string(request.name),
                          request.programs, request.warn, request.options);
}

Result<OpenTable> open_socketmap(const Request& request) {
  return only_full(open_socketmap_table(request.spec, request.name, request.warn));
}

Result<OpenTable> open_static(const Request& request) {
  return only_full(open_static_table(request.spec, request.name));
}

Result<OpenTable> open_text(const Request& request) {
  return only_full(open_text_table(request.spec, std::string(request.name), request.warn,
                                   request.options, &request.programs));
}

Result<OpenTable> open_tcp(const Request& request) {
  return only_full(open_tcp_table(request.spec, request.name, request.warn));
}

Result<OpenTable> open_union(const Request& request) {
  return only_full(open_union_table(request.spec, request.name, request.programs, request.warn,
                                    request.options));
}

Result<OpenTable> open_unix(const Request& request) {
  return only_full(open_unix_table(request.spec, request.name, request.options));
}

struct Type {
  std::string_view name;
  Result<OpenTable> (*open)(const Request&);
};

constexpr auto kTypes = std::to_array<Type>({
    {"btree", open_berkeley},    {"cdb", open_cdb},
    {"cidr", open_cidr},         {"environ", open_environ},
    {"fail", open_fail},         {"hash", open_berkeley},
    {"inline", open_inline},     {"lmdb", open_lmdb},
    {"memcache", open_memcache}, {"pcre", open_pcre},
    {"pipemap", open_pipe},      {"randmap", open_random},
    {"regexp", open_regexp},     {"socketmap", open_socketmap},
    {"static", open_static},     {"tcp", open_tcp},
    {"texthash", open_text},     {"unionmap", open_union},
    {"unix", open_unix},
});

// Types that Postfix has and we do not (yet): the message says more than Postfix's.
constexpr auto kPostfixTypes = std::to_array<std::string_view>({
    "internal",
    "ldap",
    "mysql",
    "nis",
    "pgsql",
    "sdbm",
    "sqlite",
});

Result<void> check_nesting(std::string_view spec, const Nesting* within) {
  if (within == nullptr) return {};
  if (within->depth >= kMostNested)
    return fail(Code::limit, fmt::format("tables in tables, more than {} deep", kMostNested));
  for (const Nesting* outer = within; outer != nullptr; outer = outer->outer) {
    if (outer->spec == spec) return fail(Code::limit, fmt::format("{} leads back to itself", spec));
  }
  return {};
}

// "type:name" of the table proper: there is no proxymap(8) here, and proxy:type:name is that table.
Result<TypeSpec> split_proxied(std::string_view spec) {
  TRY(split, split_type(spec));
  while (split.type == "proxy") {
    TRY(inner, split_type(split.name));
    split = inner;
  }
  return split;
}

Error unsupported(std::string_view type) {
  std::string what = fmt::format("unsupported dictionary type: {}", type);
  if (std::find(kPostfixTypes.begin(), kPostfixTypes.end(), type) != kPostfixTypes.end()) {
    what += " (Postfix has it, headgate not yet; it has";
    for (const Type& row : kTypes) what += fmt::format(" {}:", row.name);
    what += ')';
  }
  return Error{Code::invalid, std::move(what), {}};
}

}  // namespace

bool is_table_type(std::string_view type) {
  return std::any_of(kTypes.begin(), kTypes.end(),
                     [&](const Type& row) { return row.name == type; });
}

Result<OpenTable> open_table(std::string_view spec, rules::ProgramSource& programs,
                             const WarningSink& warn, const OpenOptions& options) {
  TRY_OK(check_nesting(spec, options.within));
  TRY(split, split_proxied(spec));
  const auto row = std::find_if(kTypes.begin(), kTypes.end(),
                                [&](const Type& type) { return type.name == split.type; });
  if (row == kTypes.end()) return tl::unexpected(unsupported(split.type));
  TRY(open, row->open(Request{spec, split.name, programs, warn, options}));
  if (options.utf8) {
    open.full = utf8_table(std::move(open.full), warn);
    if (open.emergency) open.emergency = utf8_table(std::move(open.emergency), warn);
  }
  return std::move(open);
}

}  // namespace headgate::tables
