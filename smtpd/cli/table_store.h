// TableStore: a ProgramSource that keeps what it has loaded, so that a reload reads each table once and a changed file
// means that one table is read again. It also knows which tables wait for a build, and what status tells about each.
//   Use       a round: begin_reload() (everything is read again) or mark_changed() (what changed is); open all lookups;
//             then end_round() when they are in force, abandon_round() when they were thrown away: all is as it was
//             before. Outside of a round load() and read_text() answer from what is kept.
//   Errors    in a reload a table that cannot be read, or a text that its form refuses, is the Error that it is. Otherwise
//             the last good one stays, and end_round() tells why, once; one that never was good is its Error. What failed
//             for a reason that may pass (no descriptor, no process) is read again at the next look, then at every 2nd,
//             4th, ... 16th.
//   Threads   any; one round at a time. Nothing is locked while a table is read.
//   Lifetime  borrows the source and the environment.
//   Source    DATABASE_README: Postfix's daemons notice a changed table when they are idle; we look at the files.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/env.h"
#include "engine/rules/program_source.h"
#include "engine/rules/statistics.h"
#include "smtpd/cli/file_stamp.h"
#include "smtpd/cli/table_info.h"
#include "smtpd/cli/table_names.h"

namespace headgate::cli {

class TableStore final : public rules::ProgramSource {
 public:
  // A table's text was read that is not the one known (not in a reload): what is said of it may be said again.
  using NewText = std::function<void(const std::string& name)>;

  TableStore(rules::ProgramSource& source, const Env& env, NewText new_text = nullptr)
      : source_(source), env_(env), new_text_(std::move(new_text)) {}

  void configure(const rules::ImageSettings& settings) override { source_.configure(settings); }

  [[nodiscard]] rules::ImageSettings settings() const override { return source_.settings(); }

  Result<rules::CompiledTable> load(rules::Dialect dialect, const std::string& name) override;
  Result<std::string> read_text(const std::string& path, std::size_t limit_bytes,
                                const rules::TextForm& form) override;
  Result<std::shared_ptr<const DataFile>> data_file(const std::string& path,
                                                    const rules::DataForm& form) override;
  [[nodiscard]] bool keeps_data(const std::string& path,
                                const rules::DataForm& form) const override;

  void begin_reload();

  // Looks at the files and names those that are to be read again; with none there is nothing to do. A file counts as
  // changed when it was the same at two looks in a row and is not what was loaded: whoever writes it is done. A mapped
  // database that is another file by now counts at once.
  // Without `look` only tables whose databases are ready count.
  std::vector<std::string> mark_changed(bool look = true);

  // A table that was read again in a round which mark_changed() began; and in any round one that was rebuilt.
  struct Change {
    std::string name;       // "pcre:/x", or the path of a text; short_name()
    bool rebuilt = false;   // the same text; its databases are ready
    bool unusable = false;  // rebuilt, and the databases are not there all the same
    bool scanned = true;    // rebuilt, and it has patterns that a database helps with
    std::string problem;    // why it could not be read: the last good one stays

    bool operator==(const Change&) const = default;
  };

  // Tables that nobody asked for in a reload go.
  std::vector<Change> end_round();
  void abandon_round();

  struct Wanted {
    rules::Dialect dialect = rules::Dialect::pcre;
    std::string name;
    std::size_t patterns = 0;
  };

  // A table whose databases are missing and were not tried yet for its present text. The caller builds it and calls
  // built(); when that was a success, the next mark_changed() names it.
  std::optional<Wanted> next_build();
  Result<void> build(rules::Dialect dialect, const std::string& name,
                     const std::atomic<bool>& cancelled) override;
  void built(const Wanted& table, const Result<void>& result);

  // Whether databases are ready that no round has taken yet.
  [[nodiscard]] bool has_rebuilt() const;

  [[nodiscard]] std::vector<TableInfo> tables() const;

 private:
  struct Key {
    std::string type, name;  // "pcre", "/x"; "" for texts
    std::string form{};      // of a text or a mapped file: TextForm, DataForm
    bool mapped = false, in_place = false, optional = false;  // DataForm

    auto operator<=>(const Key&) const = default;
  };

  enum class Round : std::uint8_t { none, changed, reload };
  enum class Build : std::uint8_t { none, wanted, running, done, failed };

  struct Content {
    rules::CompiledTable table;
    std::string text;
    std::shared_ptr<const DataFile> data;
  };

  // What a reading brought, until the round's end decides whether it is in force.
  struct Fresh {
    std::optional<Content> content;
    std::optional<Error> error;
    FileStamp before, after;
    bool after_build = false;  // read because its databases were ready
    WallTime when{};
  };

  struct Entry {
    std::optional<Content> content;  // the last good one
    std::optional<Error> error;      // of the last reading
    std::optional<Fresh> fresh;      // of this round
    std::optional<FileStamp>
        loaded;  // what was read; nothing: nothing yet, or something half written
    std::optional<FileStamp> failed;        // what could not be read for a reason that may pass
    unsigned patience = 0, looks_left = 0;  // from one try to the next, in looks; to the next
    FileStamp seen;                         // at the last look
    bool stale = false;                     // to be read again when it is asked for next
    bool rebuilt = false;                   // stale because its databases are ready
    std::uint64_t asked = 0;                // the last round in which it was
    WallTime when{};
    std::shared_ptr<rules::TableStatistics> statistics;
    Build build = Build::none;
    std::optional<FileStamp> tried;  // of the text that was built, or could not be
    std::string build_problem;
    TableInfo info;

    // The file as it stands is what answers.
    [[nodiscard]] bool is_in_use() const { return content && !error; }
  };

  static Key mapped_key(const std::string& path, const rules::DataForm& form) {
    return {{}, path, "mapped " + form.name, true, form.in_place, form.optional};
  }

  static FileStamp look_at(const Key& key, bool is_used);
  static FileStamp comparable(const Key& key, bool is_used, FileStamp stamp);
  static bool is_renamed_database(const Key& key, const Entry& entry, const FileStamp& stamp);
  Result<Content> get(const Key& key, const std::function<Result<Content>()>& read);
  [[nodiscard]] std::optional<Result<Content>> known(const Entry& entry) const;
  Result<Content> keep(Entry& entry, const Key& key, Fresh fresh);
  void tell_new_text(const Entry& entry, const Key& key, const Fresh& fresh) const;
  void take(Entry& entry, const Key& key);
  void take_content(Entry& entry, const Key& key, Content content, bool same_text);
  void add_change(Change change);
  void plan_build(Entry& entry, bool wants_build) const;
  void drop_fresh();
  [[nodiscard]] static std::string why_without_database(const Entry& entry);

  rules::ProgramSource& source_;
  const Env& env_;
  NewText new_text_;
  mutable std::mutex mutex_;
  std::map<Key, Entry> entries_;
  std::vector<Change> changes_;  // of this round
  Round kind_ = Round::none;
  std::uint64_t round_ = 1;
};

}  // namespace headgate::cli
