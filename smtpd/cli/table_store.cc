// The file is looked at before and after it is read: when the two differ somebody writes it just now, and what was read
// may be half of it. What a round reads waits beside what is in force until the round's end, because a reload may be
// refused after most of its tables were read. Tested by tests/smtpd/cli/table_store_test.cc and tests/e2e/reload_test.py.
#include "smtpd/cli/table_store.h"

#include <algorithm>

#include "engine/rules/program.h"

namespace headgate::cli {

namespace {

bool is_file(const std::string& name) { return !name.starts_with('{'); }

rules::Dialect dialect_of(const std::string& type) {
  return type == rules::name_of(rules::Dialect::regexp) ? rules::Dialect::regexp
                                                        : rules::Dialect::pcre;
}

// In looks. What is short stays short longer when all tables are opened each second.
constexpr unsigned kMostPatience = 16;

// Whether another reading of the same file may succeed. What the text is stays, and a file that is missing or may not be
// read has another stamp when that is mended.
bool may_pass(const Error& error, const FileStamp& before) {
  switch (error.code) {
    case Code::invalid:
    case Code::limit:
    case Code::corrupt:
      return false;
    case Code::not_found:
    case Code::io:
      return before.readable;
    default:
      return true;
  }
}

}  // namespace

Result<rules::CompiledTable> TableStore::load(rules::Dialect dialect, const std::string& name) {
  const Key key{std::string(rules::name_of(dialect)), name};
  TRY(content, get(key, [&]() -> Result<Content> {
        TRY(table, source_.load(dialect, name));
        return Content{std::move(table), {}, {}};
      }));
  return std::move(content.table);
}

// What one form refuses may be good for another: each keeps its own last good text.
Result<std::string> TableStore::read_text(const std::string& path, std::size_t limit_bytes,
                                          const rules::TextForm& form) {
  TRY(content, get(Key{{}, path, form.name}, [&]() -> Result<Content> {
        TRY(text, source_.read_text(path, limit_bytes, form));
        return Content{{}, std::move(text), {}};
      }));
  return std::move(content.text);
}

Result<std::shared_ptr<const DataFile>> TableStore::data_file(const std::string& path,
                                                              const rules::DataForm& form) {
  const Key key = mapped_key(path, form);
  TRY(content, get(key, [&]() -> Result<Content> {
        TRY(data, source_.data_file(path, form));
        return Content{{}, {}, std::move(data)};
      }));
  return std::move(content.data);
}

bool TableStore::keeps_data(const std::string& path, const rules::DataForm& form) const {
  const std::lock_guard lock(mutex_);
  const auto at = entries_.find(mapped_key(path, form));
  return kind_ != Round::reload && at != entries_.end() && at->second.content.has_value();
}

FileStamp TableStore::look_at(const Key& key, bool is_used) {
  if (!is_file(key.name)) return {};
  return comparable(key, is_used, stamp_of(key.name));
}

// Of a file that is changed in place, and is in use, only which file it is. One that could not be used is looked at whole:
// whatever is written to it may be what it lacked. An older file may be in use in its place.
FileStamp TableStore::comparable(const Key& key, bool is_used, FileStamp stamp) {
  if (!key.in_place || !is_used) return stamp;
  stamp.changed_ns = stamp.inode_changed_ns = 0;
  stamp.bytes = 0;
  return stamp;
}

// The answer without reading anything, if there is one.
std::optional<Result<TableStore::Content>> TableStore::known(const Entry& entry) const {
  if (entry.fresh && entry.fresh->content) return *entry.fresh->content;
  const bool last_good = kind_ != Round::reload && entry.content.has_value();
  if (entry.fresh)
    return last_good ? *entry.content : Result<Content>(tl::unexpected(*entry.fresh->error));
  if (entry.stale || kind_ == Round::reload) return std::nullopt;
  if (last_good) return *entry.content;
  if (entry.error) return Result<Content>(tl::unexpected(*entry.error));
  return std::nullopt;
}

Result<TableStore::Content> TableStore::get(const Key& key,
                                            const std::function<Result<Content>()>& read) {
  Fresh fresh;
  bool is_used = false;
  {
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[key];
    entry.asked = round_;
    if (auto answer = known(entry)) return std::move(*answer);
    fresh.after_build = entry.rebuilt;
    is_used = entry.is_in_use();
  }
  fresh.before = look_at(key, is_used);
  Result<Content> content = read();
  fresh.after = look_at(key, is_used);
  const std::lock_guard lock(mutex_);
  if (content) {
    fresh.content = std::move(*content);
  } else {
    fresh.error = std::move(content.error());
  }
  return keep(entries_[key], key, std::move(fresh));
}

Result<TableStore::Content> TableStore::keep(Entry& entry, const Key& key, Fresh fresh) {
  entry.asked = round_;
  entry.stale = false;
  const bool same_text = fresh.after_build && fresh.before == entry.loaded;
  if (entry.content && kind_ != Round::reload) {
    // The end of a build is no reason to take a text that nobody has looked at twice: it may be half written.
    if (fresh.after_build && !same_text) {
      entry.rebuilt = false;
      return **known(entry);
    }
    const bool has_text =
        fresh.content || fresh.error->code == Code::invalid || fresh.error->code == Code::corrupt;
    if (has_text && fresh.before != fresh.after) {
      entry.seen = fresh.after;
      entry.loaded.reset();  // looked at again, and read when it is at rest
      return **known(entry);
    }
  }
  tell_new_text(entry, key, fresh);
  fresh.when = env_.wall();
  if (fresh.content) {
    rules::CompiledTable& table = fresh.content->table;
    if (table.full) {
      if (!entry.statistics) entry.statistics = std::make_shared<rules::TableStatistics>(env_);
      table.count_into = entry.statistics->number(*table.full);
    }
  }
  entry.fresh = std::move(fresh);
  Result<Content> answer = *known(entry);
  if (kind_ == Round::none) take(entry, key);
  return answer;
}

// Not of a second try, and not when the last good text goes on answering, with the complaints that were said of it.
void TableStore::tell_new_text(const Entry& entry, const Key& key, const Fresh& fresh) const {
  if (!new_text_ || kind_ == Round::reload) return;
  const bool was_read = entry.content || entry.error;
  const bool is_new =
      fresh.content ? entry.loaded != fresh.before : !entry.content && entry.failed != fresh.before;
  if (was_read && is_new) new_text_(key.name);
}

// What was read is in force from now on.
void TableStore::take(Entry& entry, const Key& key) {
  Fresh fresh = *std::exchange(entry.fresh, std::nullopt);
  fresh.before = comparable(key, fresh.content.has_value(), fresh.before);
  fresh.after = comparable(key, fresh.content.has_value(), fresh.after);
  const bool same_text = fresh.after_build && fresh.before == entry.loaded;
  entry.failed.reset();
  if (fresh.error && may_pass(*fresh.error, fresh.before)) {
    entry.failed = fresh.before;  // nothing was read: neither this text nor what was built
    entry.patience = std::clamp(entry.patience * 2, 1U, kMostPatience);
    entry.looks_left = entry.patience;
  } else {
    entry.patience = 0;
    if (fresh.after_build) entry.rebuilt = false;  // or a build has ended during the reading
    entry.loaded = fresh.before;
  }
  entry.seen = fresh.after;
  const std::optional<Error> known_error = std::exchange(entry.error, std::move(fresh.error));
  if (fresh.content) {
    entry.when = fresh.when;
    take_content(entry, key, std::move(*fresh.content), same_text);
  } else if (kind_ == Round::changed && entry.content) {
    const std::string name = short_name(display_name(key.type, key.name));
    if (!known_error || known_error->text() != entry.error->text())
      add_change({name, false, false, false, reason_of(*entry.error, key.name)});
  } else {  // whoever uses it now fails each lookup
    entry.content.reset();
    entry.info = TableInfo();
    entry.when = {};
  }
}

void TableStore::take_content(Entry& entry, const Key& key, Content content, bool same_text) {
  const bool first = !entry.content;
  const bool wants_build = content.table.wants_build;
  if (content.table.full) {
    entry.statistics->use(*content.table.count_into, *content.table.full);
    entry.info = describe_program(content.table);
    plan_build(entry, wants_build);
  }
  entry.content = std::move(content);
  if ((kind_ == Round::changed || same_text) && !first) {
    add_change({short_name(display_name(key.type, key.name)),
                same_text,
                same_text && wants_build,
                entry.info.databases != 0,
                {}});
  }
}

// A file that is read in two forms is one line.
void TableStore::add_change(Change change) {
  const bool said = std::find(changes_.begin(), changes_.end(), change) != changes_.end();
  if (!said) changes_.push_back(std::move(change));
}

// A build that failed is not tried again for the same text, unless at a reload: the operator may have mended what failed;
// and an image that was there may be gone.
void TableStore::plan_build(Entry& entry, bool wants_build) const {
  const bool tried = entry.tried == entry.loaded;
  if (entry.rebuilt && tried && wants_build) return;  // ready since this reading began: read again
  if (wants_build) entry.rebuilt = false;
  if (entry.build == Build::running) return;  // built() sees whether it was this text
  if (!wants_build) {
    entry.build = Build::none;
  } else if (!tried || kind_ == Round::reload) {
    entry.build = Build::wanted;
  } else if (entry.build == Build::done) {
    entry.build = Build::failed;
    entry.build_problem = "what was built could not be used";
  }
}

void TableStore::drop_fresh() {
  changes_.clear();
  for (auto& [key, entry] : entries_) {
    entry.fresh.reset();
    entry.stale = false;
  }
}

void TableStore::begin_reload() {
  const std::lock_guard lock(mutex_);
  drop_fresh();
  ++round_;
  kind_ = Round::reload;
}

// It need not be at rest: whoever builds it renames it when it is whole, and one that is not is refused when it is opened.
bool TableStore::is_renamed_database(const Key& key, const Entry& entry, const FileStamp& stamp) {
  return key.mapped && !key.in_place && stamp.readable && entry.loaded &&
         stamp.inode != entry.loaded->inode;
}

std::vector<std::string> TableStore::mark_changed(bool look) {
  struct Look {
    Key key;
    bool is_used = false;
    FileStamp stamp;
  };

  std::vector<Look> looks;
  {
    const std::lock_guard lock(mutex_);
    drop_fresh();
    for (const auto& [key, entry] : entries_)
      looks.push_back({key, entry.is_in_use(), FileStamp()});
  }
  for (Look& one : looks) {
    if (look) one.stamp = look_at(one.key, one.is_used);
  }
  const std::lock_guard lock(mutex_);
  ++round_;
  std::vector<std::string> files;
  for (const auto& [key, is_used, stamp] : looks) {
    Entry& entry = entries_[key];
    const bool has_failed = look && stamp == entry.failed;
    const bool is_whole = stamp == entry.seen || is_renamed_database(key, entry, stamp);
    const bool changed =
        look && is_file(key.name) && stamp != entry.loaded && is_whole && !has_failed;
    if (look && entry.looks_left > 0) --entry.looks_left;
    const bool once_more = has_failed && entry.looks_left == 0;
    if (look) entry.seen = stamp;
    if (changed) entry.rebuilt = false;
    entry.stale = changed || once_more || (entry.rebuilt && !has_failed);
    if (entry.stale) files.push_back(key.name);
  }
  kind_ = files.empty() ? Round::none : Round::changed;
  return files;
}

std::vector<TableStore::Change> TableStore::end_round() {
  const std::lock_guard lock(mutex_);
  for (auto at = entries_.begin(); at != entries_.end();) {
    Entry& entry = at->second;
    if (entry.fresh) take(entry, at->first);
    const bool unasked = entry.asked < round_ && (entry.stale || kind_ == Round::reload);
    entry.stale = false;
    at = unasked && entry.build != Build::running ? entries_.erase(at) : std::next(at);
  }
  kind_ = Round::none;
  return std::exchange(changes_, {});
}

void TableStore::abandon_round() {
  const std::lock_guard lock(mutex_);
  drop_fresh();
  kind_ = Round::none;
  std::erase_if(entries_, [](const auto& item) {  // came with the round
    const Entry& entry = item.second;
    return !entry.content && !entry.error && entry.build != Build::running;
  });
}

std::optional<TableStore::Wanted> TableStore::next_build() {
  const std::lock_guard lock(mutex_);
  for (auto& [key, entry] : entries_) {
    if (entry.build != Build::wanted || !entry.content) continue;
    entry.build = Build::running;
    entry.tried = entry.loaded;
    return Wanted{dialect_of(key.type), key.name, entry.content->table.full->patterns().size()};
  }
  return std::nullopt;
}

Result<void> TableStore::build(rules::Dialect dialect, const std::string& name,
                               const std::atomic<bool>& cancelled) {
  return source_.build(dialect, name, cancelled);
}

void TableStore::built(const Wanted& table, const Result<void>& result) {
  const std::lock_guard lock(mutex_);
  const auto at = entries_.find(Key{std::string(rules::name_of(table.dialect)), table.name});
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

bool TableStore::has_rebuilt() const {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, entry] : entries_) {
    if (entry.rebuilt) return true;
  }
  return false;
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
    if (!entry.content && !entry.error) continue;  // of a round that has not ended
    if (key.optional && entry.error && entry.error->code == Code::not_found) continue;
    TableInfo info = entry.info;
    info.name = display_name(key.type, key.name);
    info.without_database = why_without_database(entry);
    info.loaded = entry.when;
    if (entry.error) info.problem = entry.error->text();
    if (entry.statistics) info.counts = entry.statistics->rows();
    const bool two_forms = key.type.empty() && !infos.empty() && infos.back().name == info.name;
    if (!two_forms) {
      infos.push_back(std::move(info));
    } else if (!info.problem.empty()) {
      infos.back().problem = info.problem;
    }
  }
  return infos;
}

}  // namespace headgate::cli
