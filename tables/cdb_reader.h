// CdbReader: finds a key in the bytes of a cdb file, and believes nothing that they say before it is checked.
//   Use       check() once, then find() as often as wanted; both within guarded_read() when the bytes are mapped.
//   Damage    check() refuses a header whose 256 tables do not stand one behind the other up to the end of the file, so no
//             change of the header passes. find() notices a slot or a record that is out of bounds or in the wrong table, a
//             record that is not the one its slot was made for, and a file that was cut short or written over since check().
//             Not noticed: another hash in a slot, which hides that one key, and another value; the format has no checksum.
//   Errors    a reason in plain words, or null.      Lifetime  borrows the bytes.
//   Threads   immutable after check().           Source  http://cr.yp.to/cdb/cdb.txt.
//   Cost      2 KiB; find() touches the slots of one table and one record.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace headgate::tables {

std::uint32_t cdb_hash_of(std::string_view key);

// Of the same key with a NUL behind it.
constexpr std::uint32_t cdb_hash_with_nul(std::uint32_t hash) { return hash * 33; }

class CdbReader {
 public:
  explicit CdbReader(std::string_view bytes) : bytes_(bytes) {}

  // Why this is no cdb file; null: it may be one.
  const char* check();

  struct Answer {
    const char* damage = nullptr;  // what is wrong; nothing else is said then
    bool found = false;
    std::string_view value{};  // of the bytes
  };

  [[nodiscard]] Answer find(std::string_view key, std::uint32_t hash) const;

  [[nodiscard]] Answer find(std::string_view key) const { return find(key, cdb_hash_of(key)); }

  // Fetches what find() will read first, without waiting for it: the key's slot; then, of the slot, its record.
  [[nodiscard]] std::uint64_t expect_slot(std::uint32_t hash) const;
  void expect_record(std::uint64_t slot, std::uint32_t hash) const;

  // One record after the other, as they stand in the file: begin with an Entry{}.
  struct Entry {
    const char* damage = nullptr;
    bool at_end = false;
    std::string_view key{}, value{};  // of the bytes
    std::uint64_t next = 0;           // where the record behind it begins
  };

  [[nodiscard]] Entry next_entry(const Entry& before) const;

  // To be asked after an answer was used: why it cannot be believed, or null.
  [[nodiscard]] const char* changed() const;

  // The first record's key and value both end in NUL: the file was made by `postmap -N`.
  [[nodiscard]] bool has_nul_form() const { return has_nul_form_; }

 private:
  struct Table {
    std::uint32_t at = 0, slots = 0;
  };

  struct Record {
    std::string_view key{}, value{};
    bool in_bounds = false;
  };

  [[nodiscard]] std::uint32_t number_at(std::uint64_t at) const;
  [[nodiscard]] Record record_at(std::uint32_t at) const;
  [[nodiscard]] Answer search(std::string_view key, std::uint32_t hash) const;

  std::string_view bytes_;
  std::array<Table, 256> tables_{};
  std::uint64_t last_at_ = 0;       // of the last 8 bytes up to one that is not 0
  std::uint32_t last_[2] = {0, 0};  // these bytes
  bool has_nul_form_ = false;
};

}  // namespace headgate::tables
