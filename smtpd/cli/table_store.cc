// The file is looked at before and after it is read: when the two differ somebody writes it just now, and what was read
// may be half of it. Tested by tests/smtpd/cli/table_store_test.cc and tests/e2e/reload_test.py.
#include "smtpd/cli/table_store.h"

#include <fmt/format.h>

#include "engine/rules/program.h"

namespace headgate::cli {

namespace {

constexpr std::string_view kStays = "the table that was loaded before stays in force";

bool is_file(const std::string& name) { return !name.starts_with('{'); }

FileStamp look_at(const std::string& name) { return is_file(name) ? stamp_of(name) : FileStamp(); }

std::string display_name(const std::string& type, const std::string& name) {
  return type.empty() ? name : type + ':' + name;
}

rules::Dialect dialect_of(const std::string& type) {
  return type == rules::name_of(rules::Dialect::regexp) ? rules::Dialect::regexp
                                                        : rules::Dialect::pcre;
}

}  // namespace

std::string reason_of(const Error& error, const std::string& table) {
  return error.where == table ? error.what : error.text();
}

Result<rules::CompiledTable> TableStore::load(rules::Dialect dialect, const std::string& name) {
  const Key key(rules::name_of(dialect), name);
  TRY(content, get(key, [&]() -> Result<Content> {
        TRY(table, source_.load(dialect, name));
        return Content{std::move(table), {}};
      }));
  return std::move(content.table);
}

Result<std::string> TableStore::read_text(const std::string& path, std::size_t limit_bytes) {
  TRY(content, get(Key("", path), [&]() -> Result<Content> {
        TRY(text, source_.read_text(path, limit_bytes));
        return Content{{}, std::move(text)};
      }));
  return std::move(content.text);
}

// The answer without reading anything, if there is one.
std::optional<Result<TableStore::Content>> TableStore::kept(const Entry& entry, bool reloading) {
  if (entry.stale || (!entry.content && !entry.error)) return std::nullopt;
  if (entry.error && (reloading || !entry.content))
    return Result<Content>(tl::unexpected(*entry.error));
  Content quiet = *entry.content;
  quiet.table.diagnostics.clear();
  return Result<Content>(std::move(quiet));
}

Result<TableStore::Content> TableStore::get(const Key& key,
                                            const std::function<Result<Content>()>& read) {
  bool rebuilt = false;
  {
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[key];
    entry.asked = round_;
    if (auto known = kept(entry, reloading_)) return std::move(*known);
    rebuilt =
        std::exchange(entry.rebuilt, false);  // set again: a build has ended during the reading
  }
  const FileStamp before = look_at(key.second);
  Result<Content> fresh = read();
  const FileStamp after = look_at(key.second);
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[key];
  const bool same_text = rebuilt && before == entry.loaded;
  entry.asked = round_;
  entry.stale = false;
  // The end of a build is no reason to take a text that nobody has looked at twice: it may be half written.
  if (rebuilt && !same_text && entry.content && !reloading_) return **kept(entry, false);
  entry.seen = after;
  if (!fresh) return keep_last_good(entry, key, std::move(fresh.error()), before);
  if (before != after && entry.content && !reloading_) {
    entry.loaded = FileStamp();  // looked at again, and read when it is at rest
    return **kept(entry, false);
  }
  return keep(entry, key, std::move(*fresh), before, same_text);
}

Result<TableStore::Content> TableStore::keep(Entry& entry, const Key& key, Content fresh,
                                             const FileStamp& before, bool same_text) {
  entry.loaded = before;
  entry.error.reset();
  entry.when = env_.wall();
  const bool first = !entry.content;
  if (fresh.table.full) {
    if (!entry.statistics) entry.statistics = std::make_shared<rules::TableStatistics>(env_);
    fresh.table.count_into = entry.statistics->use(*fresh.table.full);
    entry.info = describe_program(fresh.table);
    plan_build(entry, fresh.table.wants_build);
  }
  entry.info.name = display_name(key.first, key.second);
  entry.content = fresh;
  if ((!reloading_ || same_text) && !first) {
    changes_.push_back({entry.info.name, same_text, false, same_text && fresh.table.wants_build,
                        entry.info.databases != 0});
  }
  if (same_text) fresh.table.diagnostics.clear();
  return fresh;
}

// A build that failed is not tried again for the same text, unless at a reload.
void TableStore::plan_build(Entry& entry, bool wants_build) {
  if (!wants_build) {
    entry.build = Build::none;
  } else if (entry.rebuilt) {
    return;  // ready since this reading began: it is read once more
  } else if (entry.build == Build::done && entry.tried == entry.loaded) {
    entry.build = Build::failed;
    entry.build_problem = "what was built could not be used";
  } else if (entry.build != Build::running && entry.tried != entry.loaded) {
    entry.build = Build::wanted;
  }
}

Result<TableStore::Content> TableStore::keep_last_good(Entry& entry, const Key& key, Error error,
                                                       const FileStamp& before) {
  entry.loaded = before;
  entry.error = error;
  if (reloading_ || !entry.content) return tl::unexpected(std::move(error));
  changes_.push_back({display_name(key.first, key.second), false, true, false, false});
  Content last = *entry.content;
  last.table.diagnostics = {Diagnostic{
      Severity::warning,
      fmt::format("{}: {}; {}", display_name(key.first, key.second), error.text(), kStays),
      key.second, 0, 0}};
  return last;
}

void TableStore::begin_reload() {
  const std::lock_guard lock(mutex_);
  ++round_;
  reloading_ = true;
  for (auto& [key, entry] : entries_) {
    entry.stale = true;
    // The operator may have mended what failed; and an image that was there may be gone.
    if (entry.build != Build::running) entry.tried.reset();
  }
}

std::vector<std::string> TableStore::mark_changed(bool look) {
  std::vector<std::pair<Key, FileStamp>> looks;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, entry] : entries_) looks.emplace_back(key, FileStamp());
  }
  for (auto& [key, stamp] : looks) {
    if (look) stamp = look_at(key.second);
  }
  const std::lock_guard lock(mutex_);
  ++round_;
  std::vector<std::string> files;
  for (const auto& [key, stamp] : looks) {
    Entry& entry = entries_[key];
    const bool changed =
        look && is_file(key.second) && stamp != entry.loaded && stamp == entry.seen;
    if (look) entry.seen = stamp;
    if (changed) entry.rebuilt = false;
    entry.stale = changed || entry.rebuilt;
    if (entry.stale) files.push_back(key.second);
  }
  return files;
}

std::vector<TableStore::Change> TableStore::end_round(bool forget) {
  const std::lock_guard lock(mutex_);
  for (auto at = entries_.begin(); at != entries_.end();) {
    Entry& entry = at->second;
    if (entry.asked < round_ && (entry.stale || forget) && entry.build != Build::running) {
      at = entries_.erase(at);
      continue;
    }
    entry.stale = false;
    ++at;
  }
  reloading_ = false;
  return std::exchange(changes_, {});
}

std::optional<TableStore::Wanted> TableStore::next_build() {
  const std::lock_guard lock(mutex_);
  for (auto& [key, entry] : entries_) {
    if (entry.build != Build::wanted || !entry.content) continue;
    entry.build = Build::running;
    entry.tried = entry.loaded;
    return Wanted{dialect_of(key.first), key.second, entry.content->table.full->patterns().size()};
  }
  return std::nullopt;
}

Result<void> TableStore::build(rules::Dialect dialect, const std::string& name,
                               const std::atomic<bool>& cancelled) {
  return source_.build(dialect, name, cancelled);
}

void TableStore::built(const Wanted& table, const Result<void>& result) {
  const std::lock_guard lock(mutex_);
  const auto at = entries_.find(Key(rules::name_of(table.dialect), table.name));
  if (at == entries_.end()) return;
  Entry& entry = at->second;
  if (entry.tried != entry.loaded) {  // the text changed meanwhile
    entry.build = Build::wanted;
    return;
  }
  entry.build = result ? Build::done : Build::failed;
  entry.rebuilt = result.has_value();
  if (!result) entry.build_problem = reason_of(result.error(), table.name);
}

std::string TableStore::why_without_database(const Entry& entry) {
  if (!entry.info.is_program || entry.info.databases != 0) return {};
  switch (entry.build) {
    case Build::wanted:
      return "its database waits to be built";
    case Build::running:
    case Build::done:
      return "its database is being built";
    case Build::failed:
      return entry.build_problem;
    case Build::none:
      break;
  }
  return entry.info.without_database;
}

std::vector<TableInfo> TableStore::tables() const {
  std::vector<TableInfo> infos;
  const std::lock_guard lock(mutex_);
  for (const auto& [key, entry] : entries_) {
    TableInfo info = entry.info;
    info.name = display_name(key.first, key.second);
    info.without_database = why_without_database(entry);
    info.loaded = entry.when;
    if (entry.error) info.problem = entry.error->text();
    if (entry.statistics) info.counts = entry.statistics->rows();
    infos.push_back(std::move(info));
  }
  return infos;
}

}  // namespace headgate::cli
