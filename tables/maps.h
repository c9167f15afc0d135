// Maps: the value of a parameter that takes several tables. The first table with an answer wins; an Error stops the list.
//   Ownership owns its Lookups.        Threads  one owner, one Maps a thread.
//   Errors    a table that cannot be opened stays in the list and fails every lookup that reaches it.
//   Source    maps_find(3); content-checks §2.7, §5.7 as recorded in docs/program.md.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/lookup.h"
#include "tables/open.h"

namespace headgate::tables {

enum class KeyPart { whole, partial };  // partial: a parent domain, "user@", "192.0.2" …

class Maps {
 public:
  Maps() = default;

  // `specs` as "type:name", split already. What is wrong with a table goes to `warn`.
  Maps(std::span<const std::string> specs, rules::ProgramSource& programs, const WarningSink& warn,
       const OpenOptions& options = {});

  [[nodiscard]] bool empty() const { return tables_.empty(); }

  // For who asks on an event loop: a table that may wait for another program fails every lookup instead.
  void refuse_waiting(const WarningSink& warn);

  // A partial key is not put to tables that are asked with whole keys only.
  Result<std::optional<Found>> find(std::string_view key, KeyPart part = KeyPart::whole);

 private:
  std::vector<std::unique_ptr<Lookup>> tables_;
};

}  // namespace headgate::tables
