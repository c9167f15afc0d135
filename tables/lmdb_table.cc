// Each answer is taken together with the state it is from, and believed when that state is at most one transaction old and the
// file is still as long as what was read of it: what a file lost when it was cut reads as zeros up to the end of a page.
// Tested by tests/tables/lmdb_table_test.cc and, beside postmap(1), compiled_agrees_test.cc.
#include "tables/lmdb_table.h"

#include <utility>

#include "engine/base/guarded_read.h"
#include "tables/compiled_file.h"
#include "tables/lmdb_reader.h"

namespace headgate::tables {

namespace {

constexpr int kTries = 100;  // with two transactions ended within each

class LmdbTable final : public Lookup {
 public:
  LmdbTable(std::string name, std::shared_ptr<const DataFile> file, const OpenOptions& options)
      : name_(std::move(name)),
        file_(std::move(file)),
        folding_(folding_of(options.fold, options.utf8)),
        forms_(options.nul) {}

  Result<std::optional<Found>> find(std::string_view key) override {
    key_.set(key, folding_);
    const char* damage = nullptr;
    for (int i = 0; i < kTries; ++i) {
      TRY(outcome, try_once());
      if (outcome.found && outcome.valid) return std::move(value_);
      if (outcome.valid && outcome.damage == nullptr) return std::nullopt;
      damage = outcome.damage;
      if (outcome.valid && damage != nullptr) break;
    }
    if (damage != nullptr) return tl::unexpected(damaged(file_->path(), damage));
    return fail(Code::unavailable, "database is written to all the time", file_->path());
  }

  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  struct Outcome {
    const char* damage = nullptr;
    bool found = false, valid = false;
  };

  // The value, if there is one, is in value_. Postfix's postmap writes the form with a NUL unless told otherwise.
  Result<Outcome> try_once() {
    const LmdbReader reader(file_->bytes());
    LmdbReader::Answer answer;
    bool valid = false;
    bool two_states = false;
    bool with_nul = !forms_.leaves_out(true);  // the form asked for last
    auto look = [&] {
      answer = reader.find(key_.form(with_nul));
      if (answer.damage == nullptr && !answer.found && !forms_.leaves_out(true) &&
          !forms_.leaves_out(false)) {
        const LmdbReader::Answer first = answer;
        with_nul = false;
        answer = reader.find(key_.form(false));
        two_states = answer.state != first.state;  // what is in neither may be in both
        if (answer.bytes_used < first.bytes_used) answer.bytes_used = first.bytes_used;
      }
    };
    auto look_again = [&] { valid = reader.still_valid(answer); };
    if (!guarded_read(look)) return Outcome{kCutInUse, false, true};
    const bool has_grown = answer.bytes_used > reader.size();
    const bool found = !has_grown && answer.damage == nullptr && answer.found;
    if (found) value_ = Found{{}, name_, 0};
    if (found && !copy_value(answer.value, value_->value)) return Outcome{kCutInUse, false, true};
    TRY(size, file_->size_now());
    if (answer.bytes_used > size) return Outcome{kCutInUse, false, true};
    if (has_grown) {
      TRY(again, file_->mapped_again());
      file_ = std::move(again);
      return Outcome{answer.damage, false, false};
    }
    if (!guarded_read(look_again)) return Outcome{kCutInUse, false, true};
    if (found && valid) forms_.met(with_nul);
    return Outcome{answer.damage, found, valid && (found || !two_states)};
  }

  std::string name_;
  std::shared_ptr<const DataFile> file_;
  Folding folding_;
  KeyForms forms_;
  CompiledKey key_;
  std::optional<Found> value_;
};

}  // namespace

Result<std::unique_ptr<Lookup>> open_lmdb_table(std::string_view spec, const std::string& path,
                                                const WarningSink& warn, const OpenOptions& options,
                                                rules::ProgramSource* programs,
                                                const StandIn* stand_in) {
  const std::string name = path + ".lmdb";
  rules::DataForm form = compiled_form("lmdb", stand_in);
  form.check = [&name, stand_in](std::string_view bytes) -> Result<void> {
    const char* why = kCutInUse;
    auto look = [&why, bytes] { why = LmdbReader(bytes).check(); };
    if (!guarded_read(look)) why = kCutInUse;
    if (why != nullptr) return tl::unexpected(damaged(name, why));
    return check_age(name, stand_in);
  };
  TRY(file, compiled_file(name, programs, form));
  warn_if_older(name, path, warn);
  return std::make_unique<LmdbTable>(std::string(spec), std::move(file), options);
}

}  // namespace headgate::tables
