// KeyedTable: key -> value in memory, the body of texthash: and inline:.
//   Errors    find() never fails.       Threads  one owner, as every Lookup; find() allocates only what it answers.
//   Cost      the whole source stays in private memory: for big tables a compiled type is the better choice.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/lookup.h"
#include "tables/case_fold.h"

namespace headgate::tables {

enum class Duplicate { keep_first, take_last };

class KeyedTable final : public Lookup {
 public:
  KeyedTable(std::string name, Folding folding) : name_(std::move(name)), folding_(folding) {}

  // False when the key was there already.
  bool insert(std::string_view key, std::string_view value, int line, Duplicate duplicate);

  Result<std::optional<Found>> find(std::string_view key) override;

  [[nodiscard]] const std::string& name() const override { return name_; }

  // Shows every entry until `visit` says false, in no order.
  void for_each(
      const std::function<bool(std::string_view key, std::string_view value)>& visit) const;

 private:
  struct Entry {
    std::string value;
    int line = 0;
  };

  struct Hash {
    using is_transparent = void;

    std::size_t operator()(std::string_view key) const {
      return std::hash<std::string_view>()(key);
    }
  };

  std::string name_;
  Folding folding_;
  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;
  std::string folded_;  // memory of find()
};

// Length of the key at the start of `text`: up to white space or a byte of `stops`, neither of which counts inside "…"
// or after a backslash. Quotes and backslashes stay part of the key, as in Postfix. nullopt: a quote is not closed.
std::optional<std::size_t> key_length(std::string_view text, std::string_view stops);

}  // namespace headgate::tables
