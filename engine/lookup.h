// Lookup: the one interface between who asks (checks, access, routing) and what an admin names (pcre:, static:, …).
// find(key) answers found, not found, or Error. An Error is never "not found": the caller must answer 4xx.
//   Lifetime  Found::table borrows the Lookup's name.     Threads  one owner, never shared (it holds scratch memory);
//             open one Lookup a thread. What is big inside (a compiled Program) is shared underneath.
//   Errors    Code::unavailable with Postfix's text ("pcre:/x is unavailable. open /x: No such file or directory").
//   Source    DICT(3) and maps_find(3) of Postfix.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace headgate {

struct Found {
  std::string value;       // may be empty: an empty value is a hit
  std::string_view table;  // "pcre:/etc/postfix/header_checks"
  int line = 0;            // of the rule, from 1; 0 where the type has no lines
};

class Lookup {
 public:
  Lookup() = default;
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;
  virtual ~Lookup() = default;

  // `key` must not contain NUL (callers cut there, as C strings do).
  virtual Result<std::optional<Found>> find(std::string_view key) = 0;

  [[nodiscard]] virtual const std::string& name() const = 0;  // as configured, "type:name"

  // True for types that are asked only with the whole key, never with partial ones (regexp, pcre, cidr, static).
  [[nodiscard]] virtual bool whole_key_only() const { return false; }
};

}  // namespace headgate
