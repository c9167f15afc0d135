// Opening: how access opens its tables: who hears what is wrong, what becomes of a table that may wait for another program,
// which tables several Accesses have in common.
//   Ownership borrows the ProgramSource and the SharedTables for the calls; tables live as long as a Lookup on them.
//   Threads   opening: one. A Lookup has one owner; those of one SharedTables may be asked by several threads at once: a
//             table is asked by one at a time, the others wait for it.
//   Errors    what cannot be opened is told to `warn` and fails each lookup.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "engine/base/diagnostic.h"
#include "engine/lookup.h"
#include "engine/rules/program_source.h"
#include "tables/open.h"

namespace headgate::access {

// A table that may wait for another program …
enum class Waits : std::uint8_t {
  yes,    // is asked
  no,     // is an Error: on an event loop, where nobody else can be asked
  apart,  // is an Error with which who asks on an event loop asks again elsewhere: must_ask_apart()
};

[[nodiscard]] bool must_ask_apart(const Error& error);

struct Opening;

// Tables that are opened once for all who name them. Those that may wait are not among them: each owner has its own.
class SharedTables {
 public:
  SharedTables();
  ~SharedTables();
  SharedTables(const SharedTables&) = delete;
  SharedTables& operator=(const SharedTables&) = delete;

 private:
  friend struct Opening;
  class Table;
  class View;

  // Null: it may wait, and is not for sharing.
  std::unique_ptr<Lookup> view(const std::string& spec, const Opening& opening,
                               const tables::OpenOptions& options);

  std::map<std::pair<std::string, bool>, Result<std::shared_ptr<Table>>>
      tables_;  // by "type:name" and utf8
};

struct Opening {
  rules::ProgramSource& programs;
  WarningSink warn;
  Waits waits = Waits::yes;
  SharedTables* shared = nullptr;  // null: each table is its owner's alone
  bool utf8 = false;               // smtputf8_enable: as tables::OpenOptions has it

  [[nodiscard]] std::unique_ptr<Lookup> table(const std::string& spec) const;
};

}  // namespace headgate::access
