// Tested by tests/smtpd/cli/migrate_directory_test.cc.
#include "smtpd/cli/migrate_leftovers.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/cli/migrate_words.h"
#include "smtpd/config/expand.h"
#include "smtpd/config/params.h"
#include "tables/open.h"

namespace headgate::cli {

namespace {

namespace fs = std::filesystem;

bool exists(const std::string& path) {
  struct stat status {};

  return stat(path.c_str(), &status) == 0;
}

// By its name or, of a compiled table, by one of the names of its parts.
bool is_there(const std::string& path) {
  constexpr std::array<std::string_view, 4> kSuffixes{"", ".cdb", ".lmdb", ".db"};
  return std::any_of(kSuffixes.begin(), kSuffixes.end(),
                     [&](std::string_view suffix) { return exists(path + std::string(suffix)); });
}

bool lies_in(const std::string& path, const std::string& folder) {
  return path.starts_with(folder + "/");
}

std::string real(const std::string& path) {
  std::error_code error;
  const fs::path place(path);
  const fs::path folder = fs::weakly_canonical(place.parent_path(), error);
  return error ? place.lexically_normal().string() : (folder / place.filename()).string();
}

class Search {
 public:
  Search(const config::Source& source, std::string from, std::string to)
      : source_(source), from_(std::move(from)), to_(std::move(to)) {}

  std::vector<MigrationFinding> run() {
    const config::Dictionary main = source_.dictionary();
    search(main, {}, nullptr);
    for (const config::MasterEntry& entry : source_.entries) {
      if (entry.overrides.empty()) continue;
      const config::Layer layer = entry.layer();
      search(source_.dictionary(layer, no_context_), layer, &entry);
    }
    return std::move(findings_);
  }

 private:
  void search(const config::Dictionary& dictionary, const config::Layer& layer,
              const config::MasterEntry* entry) {
    for (const config::Param& param : config::params())
      look_at(dictionary, layer, std::string(param.name), entry);
    const auto classes = dictionary.expanded("smtpd_restriction_classes");
    if (!classes) return;
    for (const std::string& name : text::split_list(*classes))
      look_at(dictionary, layer, name, entry);
  }

  void look_at(const config::Dictionary& dictionary, const config::Layer& layer,
               const std::string& name, const config::MasterEntry* entry) {
    const auto value = dictionary.expanded(name);
    if (!value) return;  // check says so
    const config::Setting* setting = dictionary.find(name);
    const bool is_set = setting != nullptr && !setting->file.empty();
    std::string where = "not set";
    std::string what = name;
    if (entry != nullptr && layer.contains(name)) {
      where = config::place(fs::path(entry->file).filename().string(), entry->line);
      what = "-o " + name;
    } else if (!is_set && entry != nullptr) {
      where = config::place(fs::path(entry->file).filename().string(), entry->line);
    } else if (is_set) {
      where = config::place(fs::path(setting->file).filename().string(), setting->line);
    }
    for (const TableWord& word : table_words(*value, takes_files(name))) {
      if (!word.type.empty() && !tables::is_table_type(word.type)) continue;
      if (!word.name.starts_with('/')) continue;
      const std::string why = why_left(word, is_set);
      if (why.empty()) continue;
      const std::string spec = (word.type.empty() ? "" : word.type + ":") + word.name;
      if (!seen_.insert({where, what + spec}).second) continue;
      findings_.push_back({FindingKind::failed, where, what, fmt::format("{} {}", spec, why)});
    }
  }

  [[nodiscard]] std::string why_left(const TableWord& word, bool is_set) const {
    const std::string path = real(word.name);
    if (lies_in(path, from_)) {
      return fmt::format(
          "still lies in the old directory: copy it to {}/{}, and name that in the new one", to_,
          path.substr(from_.size() + 1));
    }
    if (lies_in(path, to_)) {
      const std::string inside = path.substr(to_.size() + 1);
      const bool was = is_there(from_ + "/" + inside) ||
                       (inside.starts_with("outside/") && is_there(inside.substr(7)));
      if (is_there(path) || !was) return {};
      return fmt::format("was not copied: its name is put together out of pieces; copy it to {}",
                         path);
    }
    // A default's table (of aliases) is the machine's, not this configuration's.
    if (!is_set || !is_there(path) || !names_file(word.type)) return {};
    return fmt::format(
        "was not copied: write its name as one word in the parameter, or copy it yourself");
  }

  static bool names_file(std::string_view type) {
    constexpr std::array<std::string_view, 9> kFiles{"",     "btree", "cdb",    "cidr",    "hash",
                                                     "lmdb", "pcre",  "regexp", "texthash"};
    return std::find(kFiles.begin(), kFiles.end(), type) != kFiles.end();
  }

  const config::Source& source_;
  const std::string from_, to_;
  const config::Layer no_context_;
  std::set<std::pair<std::string, std::string>> seen_;
  std::vector<MigrationFinding> findings_;
};

}  // namespace

std::vector<MigrationFinding> leftovers(const config::Source& source, const std::string& from,
                                        const std::string& to) {
  return Search(source, from, to).run();
}

std::set<std::string, std::less<>> names_in_use(const config::Source& source) {
  std::set<std::string, std::less<>> names;
  std::vector<std::string> open;
  const auto follow = [&](std::string_view text) {
    // A mistake in it is told by check.
    (void)config::visit_names(text, [&](std::string_view name) {
      if (names.emplace(name).second) open.emplace_back(name);
    });
  };
  for (const config::Param& param : config::params()) {
    const auto value = source.dictionary().value(param.name);
    if (value) follow(*value);
  }
  for (const auto& [name, setting] : source.main)
    if (!config::is_built_in(source, name)) follow(setting.value);
  for (const config::MasterEntry& entry : source.entries)
    for (const config::NameValue& setting : entry.overrides) follow(setting.value);
  while (!open.empty()) {
    const std::string name = std::move(open.back());
    open.pop_back();
    if (const auto found = source.main.find(name); found != source.main.end())
      follow(found->second.value);
  }
  return names;
}

}  // namespace headgate::cli
