// Lookup: the one interface between who asks (checks, access, routing) and what an admin names (pcre:, static:, …).
// find(key) answers found, not found, or Error. An Error is never "not found": the caller must answer 4xx.
// The second door is for lines of a body: scan() looks at a block of them at once and tells which are worth asking for with
// find_line(); the others are not found. What find_line() answers is what find() would.
//   Lifetime  Found::table borrows the Lookup's name.     Threads  one owner, never shared (it holds scratch memory);
//             open one Lookup a thread. What is big inside (a compiled Program) is shared underneath.
//   Errors    Code::unavailable with Postfix's text ("pcre:/x is unavailable. open /x: No such file or directory").
//   Source    DICT(3) and maps_find(3) of Postfix.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

  // Lines end with \n, the last one need not; an empty line is not asked for, a line that holds a NUL neither, by this door.
  // Appends to `touched`, in order, where the lines begin that find_line() must be asked for. The block stays where it is
  // until the last of its lines. False: this type has no such door; ask find() for every line.
  virtual bool scan(std::string_view block, std::vector<std::uint32_t>& touched) {
    (void)block;
    (void)touched;
    return false;
  }

  // `line` begins at `offset` of the block that was scanned last.
  virtual Result<std::optional<Found>> find_line(std::uint32_t offset, std::string_view line) {
    (void)offset;
    return find(line);
  }

  [[nodiscard]] virtual const std::string& name() const = 0;  // as configured, "type:name"

  // True for types that are asked only with the whole key, never with partial ones (regexp, pcre, cidr, randmap, tcp, socketmap).
  [[nodiscard]] virtual bool whole_key_only() const { return false; }

  // True for types whose find() may wait for another program (tcp, socketmap, memcache): never on an event loop.
  [[nodiscard]] virtual bool may_wait() const { return false; }
};

}  // namespace headgate
