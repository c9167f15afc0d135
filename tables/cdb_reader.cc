// A file that is cut short loses its end first; within the page where it ends now, what is gone reads as zeros, which is what
// an empty slot is made of. So the last bytes that are not 0 are remembered: as long as they are there, so is all before them.
// Tested by tests/tables/cdb_table_test.cc and tests/fuzz/compiled_fuzz.cc.
#include "tables/cdb_reader.h"

#include <algorithm>

#include "engine/base/guarded_read.h"

namespace headgate::tables {

namespace {

constexpr std::uint32_t kHeaderBytes = 2048, kSlotBytes = 8, kHeadBytes = 8;

}  // namespace

std::uint32_t cdb_hash_of(std::string_view key) {
  std::uint32_t hash = 5381;
  for (const char c : key) hash = (hash * 33) ^ static_cast<unsigned char>(c);
  return hash;
}

std::uint32_t CdbReader::number_at(std::uint64_t at) const {
  return read_once<std::uint32_t>(bytes_.data() + at);
}

const char* CdbReader::check() {
  if (bytes_.size() < kHeaderBytes) return "it is shorter than the header of a cdb file";
  if (bytes_.size() > 0xffffffffU) return "it is bigger than a cdb file can be";
  std::uint64_t next = number_at(0);
  if (next < kHeaderBytes) return "its first hash table is not behind the header";
  for (std::uint32_t i = 0; i < tables_.size(); ++i) {
    const Table table{number_at(std::uint64_t{i} * 8), number_at(std::uint64_t{i} * 8 + 4)};
    if (table.at != next) return "its hash tables do not stand one behind the other";
    next += std::uint64_t{table.slots} * kSlotBytes;
    if (next > bytes_.size()) return "a hash table does not end within the file";
    tables_[i] = table;
  }
  if (next != bytes_.size()) return "its hash tables do not end where the file ends";
  last_at_ = bytes_.size();
  while (last_at_ > kSlotBytes && bytes_[last_at_ - 1] == '\0') --last_at_;
  last_at_ -= kSlotBytes;
  last_[0] = number_at(last_at_);
  last_[1] = number_at(last_at_ + 4);
  const bool has_records = tables_[0].at > kHeaderBytes;
  if (!has_records) return nullptr;
  if (last_at_ + kSlotBytes <= tables_[0].at)
    return "it has records and no hash table that leads to one";
  const Record first = record_at(kHeaderBytes);
  if (!first.in_bounds) return "its first record does not end before the hash tables";
  has_nul_form_ = first.key.ends_with('\0') && first.value.ends_with('\0');
  return nullptr;
}

CdbReader::Record CdbReader::record_at(std::uint32_t at) const {
  const std::uint32_t end = tables_[0].at;
  if (at < kHeaderBytes || end < kHeadBytes || at > end - kHeadBytes) return {};
  const std::uint64_t key_bytes = number_at(at);
  const std::uint64_t value_bytes = number_at(std::uint64_t{at} + 4);
  if (key_bytes + value_bytes > end - at - kHeadBytes) return {};
  const std::string_view content = bytes_.substr(std::uint64_t{at} + kHeadBytes);
  return {content.substr(0, key_bytes), content.substr(key_bytes, value_bytes), true};
}

CdbReader::Entry CdbReader::next_entry(const Entry& before) const {
  Entry entry;
  const std::uint64_t at = before.next == 0 ? kHeaderBytes : before.next;
  entry.at_end = at >= tables_[0].at;
  if (entry.at_end) return entry;
  const Record record = record_at(static_cast<std::uint32_t>(at));
  if (!record.in_bounds) return {"a record does not end before the hash tables"};
  if (const char* const changed_since = changed()) return {changed_since};
  entry.key = record.key;
  entry.value = record.value;
  entry.next = at + kHeadBytes + record.key.size() + record.value.size();
  return entry;
}

CdbReader::Answer CdbReader::search(std::string_view key, std::uint32_t hash) const {
  const std::uint32_t number = hash & 255U;
  const Table table = tables_[number];
  if (number_at(std::uint64_t{number} * 8) != table.at ||
      number_at(std::uint64_t{number} * 8 + 4) != table.slots)
    return {"it was written over while it was in use"};
  if (table.slots == 0) return {};
  std::uint32_t slot = (hash >> 8U) % table.slots;
  for (std::uint32_t i = 0; i < table.slots; ++i) {
    const std::uint64_t at = table.at + std::uint64_t{slot} * kSlotBytes;
    const std::uint32_t slot_hash = number_at(at);
    const std::uint32_t record_at_byte = number_at(at + 4);
    if (record_at_byte == 0) {
      if (slot_hash != 0) return {"a slot of a hash table has a hash and no record"};
      return {};
    }
    if ((slot_hash & 255U) != number) return {"a slot stands in the wrong hash table"};
    if (slot_hash == hash) {
      const Record record = record_at(record_at_byte);
      if (!record.in_bounds) return {"a record is not between the header and the hash tables"};
      if (record.key == key) return {nullptr, true, record.value};
      if (cdb_hash_of(record.key) != hash) return {"a record is not the one its slot was made for"};
    }
    if (++slot == table.slots) slot = 0;
  }
  return {"a hash table has no empty slot"};
}

std::uint64_t CdbReader::expect_slot(std::uint32_t hash) const {
  const Table table = tables_[hash & 255U];
  if (table.slots == 0) return table.at;
  const std::uint64_t at = table.at + std::uint64_t{(hash >> 8U) % table.slots} * kSlotBytes;
  __builtin_prefetch(bytes_.data() + at);
  return at;
}

void CdbReader::expect_record(std::uint64_t slot, std::uint32_t hash) const {
  constexpr std::uint32_t kLineBytes = 64, kMostProbes = 4;
  for (std::uint32_t i = 0; i < kMostProbes; ++i, slot += kSlotBytes) {
    if (slot > bytes_.size() - kSlotBytes) return;
    const std::uint32_t at = number_at(slot + 4);
    if (at == 0) return;
    if (number_at(slot) != hash) continue;
    if (at < bytes_.size()) __builtin_prefetch(bytes_.data() + at);
    if (at < bytes_.size() - kLineBytes) __builtin_prefetch(bytes_.data() + at + kLineBytes);
    return;
  }
}

CdbReader::Answer CdbReader::find(std::string_view key, std::uint32_t hash) const {
  const Answer answer = search(key, hash);
  const char* const changed_since = changed();
  return changed_since != nullptr ? Answer{changed_since} : answer;
}

const char* CdbReader::changed() const {
  const bool same = number_at(last_at_) == last_[0] && number_at(last_at_ + 4) == last_[1];
  return same ? nullptr : "it was cut short or written over while it was in use";
}

}  // namespace headgate::tables
