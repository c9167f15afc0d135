// Why a mutex for each shared table: a lookup takes microseconds, its content may take many megabytes.
// Tested by opening_test, access_pool_test.
#include "smtpd/access/opening.h"

#include <mutex>
#include <optional>
#include <vector>

namespace headgate::access {
namespace {

// Nothing is asked of it: who meets it goes and asks elsewhere.
class ApartTable final : public Lookup {
 public:
  explicit ApartTable(const Lookup& table)
      : name_(table.name()), whole_key_only_(table.whole_key_only()) {}

  Result<std::optional<Found>> find(std::string_view) override {
    return fail(Code::cancelled, "may wait for another program", name_);
  }

  [[nodiscard]] const std::string& name() const override { return name_; }

  [[nodiscard]] bool whole_key_only() const override { return whole_key_only_; }

  [[nodiscard]] bool may_wait() const override { return true; }

 private:
  const std::string name_;
  const bool whole_key_only_;
};

}  // namespace

bool must_ask_apart(const Error& error) { return error.code == Code::cancelled; }

// A table, and who listens to it at the moment.
class SharedTables::Table {
 public:
  // Null: it may wait.
  static Result<std::shared_ptr<Table>> open(const std::string& spec, const Opening& opening,
                                             const tables::OpenOptions& options) {
    auto table = std::make_shared<Table>();
    std::vector<Diagnostic> said;
    const WarningSink keep = [&said](const Diagnostic& diagnostic) { said.push_back(diagnostic); };
    const Listening listening(*table, keep);
    const WarningSink to_asker = [asked = table.get()](const Diagnostic& diagnostic) {
      if (asked->asker_ != nullptr) (*asked->asker_)(diagnostic);
    };
    auto opened = tables::open_table(spec, opening.programs, to_asker, options);
    if (opened && opened->full->may_wait()) return nullptr;
    for (const Diagnostic& diagnostic : said) opening.warn(diagnostic);
    if (!opened) return tl::unexpected(std::move(opened.error()));
    table->lookup_ = std::move(opened->full);
    return table;
  }

  Result<std::optional<Found>> find(std::string_view key, const WarningSink& warn) {
    const std::lock_guard lock(mutex_);
    const Listening listening(*this, warn);
    return lookup_->find(key);
  }

  [[nodiscard]] const Lookup& lookup() const { return *lookup_; }

 private:
  class Listening {
   public:
    Listening(Table& table, const WarningSink& warn) : table_(table) { table_.asker_ = &warn; }

    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;

    ~Listening() { table_.asker_ = nullptr; }

   private:
    Table& table_;
  };

  std::mutex mutex_;
  const WarningSink* asker_ = nullptr;
  std::unique_ptr<Lookup> lookup_;
};

class SharedTables::View final : public Lookup {
 public:
  View(std::shared_ptr<Table> table, WarningSink warn)
      : table_(std::move(table)), warn_(std::move(warn)) {}

  Result<std::optional<Found>> find(std::string_view key) override {
    return table_->find(key, warn_);
  }

  [[nodiscard]] const std::string& name() const override { return table_->lookup().name(); }

  [[nodiscard]] bool whole_key_only() const override { return table_->lookup().whole_key_only(); }

 private:
  const std::shared_ptr<Table> table_;
  const WarningSink warn_;
};

namespace {

std::unique_ptr<Lookup> unavailable(const std::string& spec, const Error& error,
                                    const WarningSink& warn) {
  warn({Severity::error, error.text(), spec, 0, 0});
  return tables::unavailable_table(spec, error);
}

}  // namespace

SharedTables::SharedTables() = default;
SharedTables::~SharedTables() = default;

std::unique_ptr<Lookup> SharedTables::view(const std::string& spec, const Opening& opening,
                                           const tables::OpenOptions& options) {
  auto at = tables_.find({spec, options.utf8});
  if (at == tables_.end())
    at = tables_.emplace(std::pair(spec, options.utf8), Table::open(spec, opening, options)).first;
  const Result<std::shared_ptr<Table>>& table = at->second;
  if (!table) return unavailable(spec, table.error(), opening.warn);
  return *table ? std::make_unique<View>(*table, opening.warn) : nullptr;
}

std::unique_ptr<Lookup> Opening::table(const std::string& spec) const {
  tables::OpenOptions options;
  options.utf8 = utf8;
  std::unique_ptr<Lookup> view = shared == nullptr ? nullptr : shared->view(spec, *this, options);
  if (view) return view;
  auto opened = tables::open_table(spec, programs, warn, options);
  if (!opened) return unavailable(spec, opened.error(), warn);
  if (waits == Waits::apart && opened->full->may_wait())
    return std::make_unique<ApartTable>(*opened->full);
  return std::move(opened->full);
}

}  // namespace headgate::access
