// Tested by tests/tables/cdb_table_test.cc and, beside postmap(1), compiled_agrees_test.cc.
#include "tables/cdb_table.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "engine/base/guarded_read.h"
#include "tables/cdb_reader.h"
#include "tables/compiled_file.h"

namespace headgate::tables {

namespace {

// Why the bytes are no cdb file; null: they may be one.
const char* check(CdbReader& reader) {
  const char* why = nullptr;
  auto look = [&reader, &why] { why = reader.check(); };
  return guarded_read(look) ? why : kCutInUse;
}

class CdbTable final : public Lookup, public KeysAhead {
 public:
  CdbTable(std::string name, std::shared_ptr<const DataFile> file, CdbReader reader,
           const OpenOptions& options)
      : name_(std::move(name)),
        file_(std::move(file)),
        reader_(reader),
        folding_(folding_of(options.fold, options.utf8)),
        forms_(options.nul),
        value_(kUsualValueBytes, '\0') {}

  Result<std::optional<Found>> find(std::string_view key) override {
    const Key& asked = key_of(key);
    Reading reading;
    auto look = [this, &asked, &reading] { read(asked, reading); };
    for (;;) {
      if (!guarded_read(look)) return refuse(kCutInUse);
      if (!reading.found() || reading.answer.value.size() <= value_.size()) break;
      value_.resize(reading.answer.value.size());  // and once more, with room for it
    }
    if (reading.answer.damage != nullptr) return refuse(reading.answer.damage);
    if (!reading.found()) return std::nullopt;
    forms_.met(reading.with_nul);
    const std::string_view value(value_.data(), reading.answer.value.size());
    Found found{std::string(value.substr(0, value.find('\0'))), name_, 0};
    if (value_.size() > kMostKeptBytes) value_ = std::string(kUsualValueBytes, '\0');
    return found;
  }

  void expect(std::span<const std::string_view> keys) override {
    if (expected_.empty()) expected_.resize(kKeys);
    keys = keys.first(std::min(keys.size(), kKeys));
    next_ = count_ = 0;

    struct Slot {
      std::uint64_t at;
      std::uint32_t hash;
    };

    std::array<Slot, 2 * kKeys> slots;
    std::size_t count = 0;
    for (std::size_t i = 0; i < keys.size() && keys[i].size() <= kUsualKeyBytes; ++i) {
      expected_[i].set(keys[i], folding_);
      ++count_;
      for (const bool with_nul : {false, true}) {
        if (forms_.leaves_out(with_nul)) continue;
        const std::uint32_t hash = expected_[i].hash_of(with_nul);
        slots[count++] = {reader_.expect_slot(hash), hash};
      }
    }
    auto look = [this, &slots, count] {
      for (std::size_t i = 0; i < count; ++i) reader_.expect_record(slots[i].at, slots[i].hash);
    };
    (void)guarded_read(look);  // what is wrong the lookup will tell
  }

  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  static constexpr std::size_t kUsualKeyBytes = 512, kUsualValueBytes = 128, kMostKeptBytes = 4096;

  struct Key {
    std::string given;  // by who asks
    CompiledKey compiled;
    std::uint32_t hash = 0;  // without the NUL

    [[nodiscard]] std::uint32_t hash_of(bool with_nul) const {
      return with_nul ? cdb_hash_with_nul(hash) : hash;
    }

    void set(std::string_view key, Folding folding) {
      compiled.set(key, folding);
      hash = cdb_hash_of(compiled.form(false));
      given.assign(key);
    }
  };

  struct Reading {
    CdbReader::Answer answer{};
    bool with_nul = false;  // the form asked for last

    [[nodiscard]] bool found() const { return answer.damage == nullptr && answer.found; }
  };

  // Keys that were expected have mostly been folded and hashed.
  const Key& key_of(std::string_view key) {
    if (next_ < count_ && expected_[next_].given == key) return expected_[next_++];
    key_.set(key, folding_);
    return key_;
  }

  // Looks for both forms, the one first that the file seems to be made of. The value is in value_, if it has room.
  void read(const Key& key, Reading& reading) {
    const bool usual = reader_.has_nul_form();
    reading.answer = {};
    for (const bool with_nul : {usual, !usual}) {
      if (forms_.leaves_out(with_nul)) continue;
      reading.with_nul = with_nul;
      reading.answer = reader_.find(key.compiled.form(with_nul), key.hash_of(with_nul));
      if (reading.answer.damage != nullptr || reading.answer.found) break;
    }
    const std::string_view value = reading.answer.value;
    if (!reading.found() || value.size() > value_.size()) return;
    std::memcpy(value_.data(), value.data(), value.size());
    reading.answer.damage = reader_.changed();
  }

  [[nodiscard]] tl::unexpected<Error> refuse(const char* why) const {
    return tl::unexpected(damaged(file_->path(), why));
  }

  std::string name_;
  std::shared_ptr<const DataFile> file_;
  CdbReader reader_;
  Folding folding_;
  KeyForms forms_;
  Key key_;                           // that nobody expected
  std::vector<Key> expected_;         // kKeys, once there were any
  std::size_t next_ = 0, count_ = 0;  // of expected_
  std::string value_;                 // of the last reading; more room than it needs
};

}  // namespace

Result<std::unique_ptr<Lookup>> open_cdb_table(std::string_view spec, const std::string& path,
                                               const WarningSink& warn, const OpenOptions& options,
                                               rules::ProgramSource* programs,
                                               const StandIn* stand_in) {
  const std::string name = path + ".cdb";
  rules::DataForm form = compiled_form("cdb", stand_in);
  form.check = [&name, stand_in](std::string_view bytes) -> Result<void> {
    CdbReader reader(bytes);
    const char* const why = check(reader);
    if (why != nullptr) return tl::unexpected(damaged(name, why));
    return check_age(name, stand_in);
  };
  TRY(file, compiled_file(name, programs, form));
  CdbReader reader(file->bytes());
  if (const char* const why = check(reader)) return tl::unexpected(damaged(name, why));
  warn_if_older(name, path, warn);
  return std::make_unique<CdbTable>(std::string(spec), std::move(file), reader, options);
}

}  // namespace headgate::tables
