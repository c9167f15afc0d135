// KeyedTable: key -> value in memory, the body of texthash: and inline:.
//   Errors    find() never fails.       Threads  one owner, as every Lookup; find() allocates only to fold a key.
//   Cost      the whole source stays in private memory: for big tables a compiled type is the better choice.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/lookup.h"

namespace headgate::tables {

enum class Duplicate { keep_first, take_last };

class KeyedTable final : public Lookup {
 public:
  // `fold`: keys are compared without regard to ASCII case.
  KeyedTable(std::string name, bool fold) : name_(std::move(name)), fold_(fold) {}

  // False when the key was there already.
  bool insert(std::string_view key, std::string_view value, int line, Duplicate duplicate);

  Result<std::optional<Found>> find(std::string_view key) override;

  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  struct Entry {
    std::string value;
    int line = 0;
  };

  [[nodiscard]] std::string stored_form(std::string_view key) const;

  std::string name_;
  bool fold_;
  std::unordered_map<std::string, Entry> entries_;
};

// Length of the key at the start of `text`: up to white space or a byte of `stops`, neither of which counts inside "…"
// or after a backslash. Quotes and backslashes stay part of the key, as in Postfix. nullopt: a quote is not closed.
std::optional<std::size_t> key_length(std::string_view text, std::string_view stops);

}  // namespace headgate::tables
