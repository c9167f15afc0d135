// The readers of compiled tables on bytes that nobody checked: "c" or "l", the length of a key, the key, the file. An answer
// is damage, nothing, or a value that lies within the file; asked twice it is the same.
#include <cstdint>
#include <string_view>
#include <vector>

#include "tables/cdb_reader.h"
#include "tables/lmdb_reader.h"
#include "tests/fuzz/require.h"

namespace headgate::tables {

namespace {

bool is_within(std::string_view value, std::string_view file) {
  return value.empty() ||
         (value.data() >= file.data() && value.data() + value.size() <= file.data() + file.size());
}

template <class Answer>
void compare(const Answer& one, const Answer& other, std::string_view file) {
  fuzz::require(one.damage == other.damage && one.found == other.found && one.value == other.value,
                "the same answer twice");
  fuzz::require(is_within(one.value, file), "a value within the file");
}

void ask_cdb(std::string_view file, std::string_view key) {
  CdbReader reader(file);
  if (reader.check() != nullptr) return;
  const std::uint32_t hash = cdb_hash_of(key);
  reader.expect_record(reader.expect_slot(hash), hash);
  compare(reader.find(key), reader.find(key), file);
  std::uint64_t before = 0;
  for (CdbReader::Entry entry = reader.next_entry({}); entry.damage == nullptr && !entry.at_end;
       entry = reader.next_entry(entry)) {
    fuzz::require(is_within(entry.key, file) && is_within(entry.value, file),
                  "an entry within the file");
    fuzz::require(entry.next > before, "one entry behind the other");
    before = entry.next;
  }
  fuzz::require(reader.changed() == nullptr, "nothing has changed");
}

void ask_lmdb(std::string_view file, std::string_view key) {
  const LmdbReader reader(file);
  (void)reader.check();
  const LmdbReader::Answer answer = reader.find(key);
  compare(answer, reader.find(key), file);
  (void)reader.for_each([file](std::string_view, std::string_view value) {
    fuzz::require(is_within(value, file), "a value within the file");
    return true;
  });
  (void)reader.bytes_wanted();
  (void)reader.check_pages();
  fuzz::require(answer.damage != nullptr || reader.still_valid(answer), "a state that stands");
}

}  // namespace

}  // namespace headgate::tables

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size - 2 < data[1]) return 0;
  const std::size_t key_bytes = data[1];
  const auto* const begin = reinterpret_cast<const char*>(data) + 2;
  const std::string_view key(begin, key_bytes);
  // Memory of its own: a reading past the end is seen.
  const std::vector<char> copy(begin + key_bytes, begin + size - 2);
  const std::string_view file(copy.data(), copy.size());
  if (data[0] == 'c') headgate::tables::ask_cdb(file, key);
  if (data[0] == 'l') headgate::tables::ask_lmdb(file, key);
  return 0;
}
