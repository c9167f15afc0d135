// Tested by tests/tables/cdb_table_test.cc and, beside postmap(1), compiled_agrees_test.cc.
#include "tables/cdb_table.h"

#include <algorithm>
#include <array>
#include <utility>

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
      : name_(std::move(name)), file_(std::move(file)), reader_(reader), key_(options) {}

  Result<std::optional<Found>> find(std::string_view key) override {
    key_.set(key);
    CdbReader::Answer answer;
    bool with_nul = false;  // the form asked for last
    auto look = [this, &answer, &with_nul] {
      const bool usual = reader_.has_nul_form();
      const std::uint32_t hash = cdb_hash_of(key_.form(false));
      const auto find = [this, hash, &with_nul](bool nul) {
        with_nul = nul;
        return reader_.find(key_.form(nul), nul ? cdb_hash_with_nul(hash) : hash);
      };
      if (!key_.leaves_out(usual)) answer = find(usual);
      if (answer.damage == nullptr && !answer.found && !key_.leaves_out(!usual))
        answer = find(!usual);
    };
    if (!guarded_read(look)) return refuse(kCutInUse);
    if (answer.damage != nullptr) return refuse(answer.damage);
    if (!answer.found) return std::nullopt;
    key_.met(with_nul);
    Found found{{}, name_, 0};
    const char* changed = nullptr;
    auto look_again = [this, &changed] { changed = reader_.changed(); };
    if (!copy_value(answer.value, found.value) || !guarded_read(look_again))
      return refuse(kCutInUse);
    if (changed != nullptr) return refuse(changed);
    return found;
  }

  void expect(std::span<const std::string_view> keys) override {
    std::array<std::uint64_t, 2 * kKeys> slots{};
    std::size_t count = 0;
    for (const std::string_view key : keys.first(std::min(keys.size(), kKeys))) {
      key_.set(key);
      const std::uint32_t hash = cdb_hash_of(key_.form(false));
      if (!key_.leaves_out(false)) slots[count++] = reader_.expect_slot(hash);
      if (!key_.leaves_out(true)) slots[count++] = reader_.expect_slot(cdb_hash_with_nul(hash));
    }
    auto look = [this, &slots, count] {
      for (std::size_t i = 0; i < count; ++i) reader_.expect_record(slots[i]);
    };
    (void)guarded_read(look);  // what is wrong the lookup will tell
  }

  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  [[nodiscard]] tl::unexpected<Error> refuse(const char* why) const {
    return tl::unexpected(damaged(file_->path(), why));
  }

  std::string name_;
  std::shared_ptr<const DataFile> file_;
  CdbReader reader_;
  CompiledKey key_;
};

}  // namespace

Result<std::unique_ptr<Lookup>> open_cdb_table(std::string_view spec, const std::string& path,
                                               const WarningSink& warn, const OpenOptions& options,
                                               rules::ProgramSource* programs, bool optional) {
  const std::string name = path + ".cdb";
  rules::DataForm form;
  form.name = "cdb";
  form.optional = optional;
  form.check = [&name](std::string_view bytes) -> Result<void> {
    CdbReader reader(bytes);
    const char* const why = check(reader);
    if (why != nullptr) return tl::unexpected(damaged(name, why));
    return {};
  };
  TRY(file, compiled_file(name, programs, form));
  CdbReader reader(file->bytes());
  if (const char* const why = check(reader)) return tl::unexpected(damaged(name, why));
  warn_if_older(name, path, warn);
  return std::make_unique<CdbTable>(std::string(spec), std::move(file), reader, options);
}

}  // namespace headgate::tables
