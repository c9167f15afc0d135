// Why not a mutex around one Lookup: a dear pattern would then hold up every delivery. Why not a Lookup a delivery: there
// may be hundreds, and they only ask while they have a thread.
// Tested by tests/tables/shared_table_test.cc.
#include "tables/shared_table.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace headgate::tables {

namespace {

class SharedTable final : public Lookup {
 public:
  explicit SharedTable(std::vector<std::unique_ptr<Lookup>> copies) : copies_(std::move(copies)) {
    for (const auto& copy : copies_) free_.push_back(copy.get());
  }

  Result<std::optional<Found>> find(std::string_view key) override {
    const Borrowed copy(*this);
    return copy.lookup().find(key);
  }

  [[nodiscard]] const std::string& name() const override { return copies_.front()->name(); }

  [[nodiscard]] bool whole_key_only() const override { return copies_.front()->whole_key_only(); }

 private:
  // A find() that throws (no memory) gives its copy back, too.
  class Borrowed {
   public:
    explicit Borrowed(SharedTable& table) : table_(table), copy_(table.take()) {}

    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;

    ~Borrowed() { table_.give_back(copy_); }

    [[nodiscard]] Lookup& lookup() const { return *copy_; }

   private:
    SharedTable& table_;
    Lookup* const copy_;
  };

  Lookup* take() {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [this] { return !free_.empty(); });
    Lookup* const copy = free_.back();
    free_.pop_back();
    return copy;
  }

  void give_back(Lookup* copy) {
    {
      const std::lock_guard lock(mutex_);
      free_.push_back(copy);  // does not allocate: there was room for all
    }
    returned_.notify_one();
  }

  std::vector<std::unique_ptr<Lookup>> copies_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<Lookup*> free_;
};

// Hands out what was loaded the first time.
class LoadedOnce final : public rules::ProgramSource {
 public:
  explicit LoadedOnce(rules::ProgramSource& source) : source_(source) {}

  Result<rules::CompiledTable> load(rules::Dialect dialect, const std::string& name) override {
    if (!loaded_) {
      TRY(table, source_.load(dialect, name));
      loaded_ = std::move(table);
    }
    return *loaded_;
  }

  // Of one table: the form is the same each time.
  Result<std::string> read_text(const std::string& path, std::size_t limit_bytes,
                                const rules::TextForm& form) override {
    if (const auto known = texts_.find(path); known != texts_.end()) return known->second;
    TRY(text, source_.read_text(path, limit_bytes, form));
    return texts_.emplace(path, std::move(text)).first->second;
  }

  Result<std::shared_ptr<const DataFile>> data_file(const std::string& path,
                                                    const rules::DataForm& form) override {
    if (const auto known = data_.find(path); known != data_.end()) return known->second;
    TRY(data, source_.data_file(path, form));
    return data_.emplace(path, std::move(data)).first->second;
  }

 private:
  rules::ProgramSource& source_;
  std::optional<rules::CompiledTable> loaded_;
  std::map<std::string, std::string> texts_;
  std::map<std::string, std::shared_ptr<const DataFile>> data_;
};

}  // namespace

Result<std::unique_ptr<Lookup>> open_shared_table(std::string_view spec,
                                                  rules::ProgramSource& programs,
                                                  const WarningSink& warn,
                                                  const OpenOptions& options, std::size_t copies) {
  LoadedOnce once(programs);
  const auto silent = std::make_shared<std::atomic<bool>>(false);
  const WarningSink first_time = [warn, silent](const Diagnostic& diagnostic) {
    if (!*silent) warn(diagnostic);
  };
  std::vector<std::unique_ptr<Lookup>> opened;
  do {
    TRY(table, open_table(spec, once, first_time, options));
    opened.push_back(std::move(table.full));
    *silent = true;
  } while (opened.size() < copies);
  *silent = false;
  return std::unique_ptr<Lookup>(std::make_unique<SharedTable>(std::move(opened)));
}

}  // namespace headgate::tables
