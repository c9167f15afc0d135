// open_table: "type:name" -> Lookup, one row a type.
//   Ownership the caller owns the Lookups; `programs` is borrowed for the call.
//   Threads   call it once a thread; Programs underneath are shared.
//   Errors    Code::invalid for an unknown type or a bad inline table, Code::not_found/io when a file cannot be read,
//             Code::limit for tables in tables that are too deep, or come back to themselves.
//             A daemon turns such an Error into unavailable_table(), which fails every lookup (content-checks §5.7).
//   Source    DATABASE_README, pcre_table(5), regexp_table(5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/diagnostic.h"
#include "engine/lookup.h"
#include "engine/rules/program_source.h"

namespace headgate::tables {

// A table that makes use of knowing which keys it will be asked for next: what they need of a big file is fetched from memory
// while others are being looked up. No answer depends on it.
class KeysAhead {
 public:
  static constexpr std::size_t kKeys = 16;  // what is worth telling at once

  KeysAhead() = default;
  KeysAhead(const KeysAhead&) = delete;
  KeysAhead& operator=(const KeysAhead&) = delete;
  virtual ~KeysAhead() = default;

  virtual void expect(std::span<const std::string_view> keys) = 0;
};

struct OpenTable {
  std::unique_ptr<Lookup> full;
  KeysAhead* ahead = nullptr;         // of `full`; null: it has no use for it
  std::unique_ptr<Lookup> emergency;  // set only when the table has #@emergency marks
};

// A table in a table in a table: what nobody writes would only serve to use up the stack.
constexpr int kMostNested = 32;

// The tables that are being opened around the one that is asked for, from the inside out.
struct Nesting {
  Nesting(std::string_view table, const Nesting* around)
      : spec(table), outer(around), depth(around == nullptr ? 1 : around->depth + 1) {}

  std::string_view spec;
  const Nesting* outer;
  int depth;
};

// Which keys of a compiled table are found: those with a NUL behind them, those without (postmap -N, -n), both; or, as by
// postmap otherwise, both until one is found, and then only those of its form, which spares half of a search in vain.
enum class NulForm : std::uint8_t { either, with, without, first_met };

struct OpenOptions {
  bool fold =
      true;  // fixed-string types ignore the key's case (case_fold.h); regexp: and pcre: see the key as it is
  bool utf8 =
      false;  // a key that is not UTF-8 is not found (warned), a value that is not is an Error (warned)
  bool duplicates =
      false;  // texthash: a key that stands twice is a warning, as for postmap; to daemons it is an Error
  NulForm nul = NulForm::either;
  bool scan = true;  // off: regexp: and pcre: do without Hyperscan, to show that it changes nothing
  std::shared_ptr<match::Scratch>
      scratch;  // of regexp: and pcre: tables that are all asked by one owner; null: each has its own
  const Nesting* within = nullptr;  // set by tables that open others
};

// `warn` gets the table's diagnostics now, and runtime ones ("match limit exceeded") later.
Result<OpenTable> open_table(std::string_view spec, rules::ProgramSource& programs,
                             const WarningSink& warn, const OpenOptions& options = {});

// A type that open_table() serves; proxy: is none by itself.
bool is_table_type(std::string_view type);

// A Lookup that answers every key with `reason`.
std::unique_ptr<Lookup> unavailable_table(std::string_view spec, Error reason);

}  // namespace headgate::tables
