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
#include "tables/inline_table.h"
#include "tables/lmdb_table.h"
#include "tables/regex_table.h"
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

Result<OpenTable> open_inline(const Request& request) {
  return only_full(open_inline_table(request.spec, request.name, request.options));
}

Result<OpenTable> open_lmdb(const Request& request) {
  return only_full(open_lmdb_table(request.spec, std::string(request.name), request.warn,
                                   request.options, &request.programs));
}

Result<OpenTable> open_pcre(const Request& request) {
  return open_regex_table(request.spec, rules::Dialect::pcre, std::string(request.name),
                          request.programs, request.warn, request.options);
}

Result<OpenTable> open_regexp(const Request& request) {
  return open_regex_table(request.spec, rules::Dialect::regexp, std::string(request.name),
                          request.programs, request.warn, request.options);
}

Result<OpenTable> open_static(const Request& request) {
  return only_full(open_static_table(request.spec, request.name));
}

Result<OpenTable> open_text(const Request& request) {
  return only_full(open_text_table(request.spec, std::string(request.name), request.warn,
                                   request.options, &request.programs));
}

struct Type {
  std::string_view name;
  Result<OpenTable> (*open)(const Request&);
};

constexpr auto kTypes = std::to_array<Type>({
    {"btree", open_berkeley},
    {"cdb", open_cdb},
    {"cidr", open_cidr},
    {"hash", open_berkeley},
    {"inline", open_inline},
    {"lmdb", open_lmdb},
    {"pcre", open_pcre},
    {"regexp", open_regexp},
    {"static", open_static},
    {"texthash", open_text},
});

// Types that Postfix has and we do not (yet): the message says more than Postfix's.
constexpr auto kPostfixTypes = std::to_array<std::string_view>({
    "environ",
    "fail",
    "internal",
    "ldap",
    "memcache",
    "mysql",
    "nis",
    "pgsql",
    "pipemap",
    "proxy",
    "randmap",
    "sdbm",
    "socketmap",
    "sqlite",
    "tcp",
    "unionmap",
    "unix",
});

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

Result<OpenTable> open_table(std::string_view spec, rules::ProgramSource& programs,
                             const WarningSink& warn, const OpenOptions& options) {
  TRY(split, split_type(spec));
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
