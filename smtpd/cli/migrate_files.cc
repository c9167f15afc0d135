// How it works: the text is gone through line by line; words that name tables are replaced in place, so comments and layout stay.
// hash:, btree: and their kin become cdb:, built from the text beside them; other tables keep their type.
// Tested by tests/smtpd/cli/migrate_directory_test.cc.
#include "smtpd/cli/migrate_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "engine/base/file.h"
#include "engine/base/text.h"
#include "smtpd/cli/migrate_leftovers.h"
#include "smtpd/cli/migrate_words.h"
#include "smtpd/config/params.h"
#include "tables/open.h"

namespace headgate::cli {

namespace {

namespace fs = std::filesystem;

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::array<std::string_view, 4> kDatabases{"hash", "btree", "dbm", "sdbm"};
constexpr std::array<std::string_view, 2> kCompiled{"cdb", "lmdb"};
constexpr std::array<std::string_view, 2> kTexts{"texthash", "cidr"};
constexpr std::array<std::string_view, 2> kRules{"pcre", "regexp"};
// Of Postfix; which of them are served, tables/ says.
constexpr std::array<std::string_view, 8> kOthers{"ldap", "mysql",   "pgsql",   "sqlite",
                                                  "nis",  "nisplus", "netinfo", "mongodb"};

std::string_view parameter_of(std::string_view line) {
  return text::trim(line.substr(0, line.find('=')));
}

}  // namespace

MigratedFiles::MigratedFiles(Invocation& invocation, const MigrateOptions& options,
                             std::string from, std::string to, const config::Source& source)
    : invocation_(invocation),
      options_(options),
      from_(std::move(from)),
      to_(std::move(to)),
      source_(source),
      in_use_(names_in_use(source)) {}

void MigratedFiles::note(FindingKind kind, const Place& place, std::string what, std::string text) {
  findings_.push_back({kind, place.line_of, std::move(what), std::move(text)});
}

// The folder that a file really lies in, whatever it is called: by `..`, or by a link. The file's own name stays.
std::string MigratedFiles::relative(const std::string& path) const {
  std::error_code error;
  const fs::path name = fs::path(path).filename();
  const bool is_file = !name.empty() && name != "." && name != "..";
  const fs::path folder =
      fs::weakly_canonical(is_file ? fs::path(path).parent_path() : fs::path(path), error);
  // On an error (a loop of links) nothing can be read either.
  const std::string real = error     ? fs::path(path).lexically_normal().string()
                           : is_file ? (folder / name).string()
                                     : folder.string();
  const std::string prefix = from_ + "/";
  if (real == from_) return "";  // the beginning of names that are put together
  if (real.starts_with(prefix)) return real.substr(prefix.size());
  return "outside" + real;
}

// Nothing outside the new directory is written, and nothing of the old one.
std::string MigratedFiles::why_no_target(const std::string& path, const std::string& target) const {
  std::error_code error;
  const fs::path folder = fs::weakly_canonical(fs::path(target).parent_path(), error);
  if (error || (folder.string() + "/").compare(0, to_.size() + 1, to_ + "/") != 0)
    return fmt::format("its copy {} would not lie in {}", target, to_);
  if (fs::equivalent(path, target, error))
    return fmt::format("its copy {} would be itself", target);
  return {};
}

std::string MigratedFiles::new_name(const std::string& path) const {
  return "$config_directory/" + relative(path);
}

void MigratedFiles::take_configuration(const std::string& file, bool is_main) {
  const std::string path = from_ + "/" + file;
  const Place place{file, ""};
  const auto text = read_file(path);
  if (!text) {
    if (text.error().code != Code::not_found || is_main)
      note(FindingKind::failed, place, path, text.error().what);
    return;
  }
  const std::string changed = rewritten(*text, file, is_main);
  copy(path, place, &changed);
}

std::string MigratedFiles::rewritten(std::string_view text, const std::string& file, bool is_main) {
  std::string out;
  std::string parameter;
  bool follows = true;
  for (int number = 1; !text.empty(); ++number) {
    const auto newline = text.find('\n');
    const std::string_view line = text.substr(0, newline);
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    const std::string_view content = text::trim_left(line);
    if (content.empty() || content.front() == '#') {
      out += line;
    } else {
      if (is_main && !text::is_space(line.front())) {
        parameter = parameter_of(line);
        // What changes nothing here is left alone, with what it names.
        follows = config::find_param(parameter) != nullptr || in_use_.contains(parameter) ||
                  !config::is_built_in(source_, parameter);
      }
      const Place place{fmt::format("{}, line {}", file, number), parameter};
      out += follows ? rewritten_line(line, place, false, is_main && takes_files(parameter))
                     : std::string(line);
    }
    if (newline != std::string_view::npos) out += '\n';
  }
  return out;
}

std::string MigratedFiles::rewritten_line(std::string_view line, const Place& place, bool is_list,
                                          bool names_files) {
  std::string out;
  std::size_t at = 0;
  for (const TableWord& word : table_words(line, names_files)) {
    const std::string_view between = line.substr(at, word.begin - at);
    out += is_list ? std::string(between) : with_old_directory(std::string(between));
    out += replaced(word, line.substr(word.begin, word.size), place);
    at = word.begin + word.size;
  }
  out += is_list ? std::string(line.substr(at)) : with_old_directory(std::string(line.substr(at)));
  return out;
}

// A certificate that is named by $config_directory stays where it is.
std::string MigratedFiles::with_old_directory(std::string text) const {
  for (const std::string_view name : {"${config_directory}/", "$config_directory/"}) {
    for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos;)
      text.replace(at, name.size(), from_ + "/");
  }
  return text;
}

std::string MigratedFiles::replaced(const TableWord& word, std::string_view as_written,
                                    const Place& place) {
  const std::string written(as_written);
  const auto dictionary = source_.dictionary();
  const auto type = dictionary.expand_text(word.type);
  const auto path = dictionary.expand_text(word.name);
  if (!type || !path) return written;
  const bool is_file = word.type.empty() || is_one_of(*type, kDatabases) ||
                       is_one_of(*type, kCompiled) || is_one_of(*type, kTexts) ||
                       is_one_of(*type, kRules);
  if (!is_file) {
    if (is_one_of(*type, kOthers) && !tables::is_table_type(*type) &&
        source_.main.find(*type) == source_.main.end())
      note(FindingKind::unsupported, place, written,
           fmt::format(
               "there are no {}: tables: whoever asks it is answered with a temporary error; "
               "put what it holds into a text and that into a cdb:",
               *type));
    return written;
  }
  const std::string key = word.type + ":" + *path;
  if (const auto known = replaced_.find(key); known != replaced_.end()) return known->second;
  if (!path->starts_with('/')) {
    if (!word.type.empty())
      note(FindingKind::unsupported, place, written,
           "its name is no whole path: write one, the server does not run in the directory of "
           "Postfix's daemons");
    return written;
  }
  std::string result;
  if (word.type.empty()) {
    result = take_list(*path, place) ? new_name(*path) : *path;
  } else if (is_one_of(*type, kRules)) {
    result = rules(*type, *path, place);
  } else {
    const bool is_text = is_one_of(*type, kTexts);
    if (is_text) copy(*path, place);
    result = is_text ? fmt::format("{}:{}", *type, new_name(*path)) : database(*type, *path, place);
  }
  if (result != written)
    note(FindingKind::changed, place, written, fmt::format("is {} now", result));
  replaced_[key] = result;
  return result;
}

std::string MigratedFiles::database(const std::string& type, const std::string& path,
                                    const Place& place) {
  const std::string name = new_name(path);
  const std::string target = to_ + "/" + relative(path);

  struct stat status {};

  const bool has_text = stat(path.c_str(), &status) == 0;
  if (is_one_of(type, kCompiled)) {
    if (has_text) copy(path, place);
    copy(path + "." + type, place);
    return fmt::format("{}:{}", type, name);
  }
  if (!has_text) {
    const bool has_db = stat((path + ".db").c_str(), &status) == 0;
    note(FindingKind::failed, place, fmt::format("{}:{}", type, path),
         has_db ? fmt::format("its text is not there, and Berkeley DB files are not read: "
                              "`postmap -s {0}:{1} > {1}` brings the text back",
                              type, path)
                : fmt::format("open {}: No such file or directory", path));
    return fmt::format("cdb:{}", name);
  }
  if (copy(path, place)) {
    std::string said;
    if (!build_cdb(invocation_, target, CdbOwner::caller, said))
      note(FindingKind::failed, place, fmt::format("cdb:{}", target),
           "could not be built: " + std::string(text::trim(said)));
    else if (!said.empty())
      note(FindingKind::changed, place, fmt::format("cdb:{}", target),
           "built; said: " + std::string(text::trim(said)));
    if (stat(path.c_str(), &status) == 0)
      if (const std::string why = keep_owner(target + ".cdb", status); !why.empty())
        note(FindingKind::unsupported, place, target + ".cdb", why);
  }
  return fmt::format("cdb:{}", name);
}

std::string MigratedFiles::rules(const std::string& type, const std::string& path,
                                 const Place& place) {
  const std::string same = fmt::format("{}:{}", type, new_name(path));
  const auto text = read_file(path);
  const bool is_pcre = type == "pcre";
  if (const auto other = anew_.find(relative(path));
      other != anew_.end() && other->second != type) {
    note(
        FindingKind::failed, place, fmt::format("{}:{}", type, path),
        fmt::format("its copy was written anew as what it is elsewhere, a {}: table: give this one "
                    "a copy of its own",
                    other->second));
    return same;
  }
  if ((is_pcre || !options_.to_pcre_like) && !options_.group) {
    copy(path, place);
    return same;
  }
  if (!text || copied_.contains(relative(path))) {  // as what it was named first
    copy(path, place);
    return same;
  }
  auto migration =
      migrate_rules(invocation_, options_, is_pcre ? rules::Dialect::pcre : rules::Dialect::regexp,
                    path, std::string(*text));
  const std::string was = fmt::format("{}:{}", type, path);
  if (!migration) {
    note(FindingKind::failed, place, was, migration.error().text());
    copy(path, place);
    return same;
  }
  const std::string_view becomes = migration->dialect == rules::Dialect::pcre
                                       ? std::string_view("pcre")
                                       : std::string_view("regexp");
  MigratedTable table{was, fmt::format("{}:{}/{}", becomes, to_, relative(path)),
                      std::move(*migration)};
  for (const rules::SkippedLine& line : table.migration.skipped)
    note(FindingKind::failed, {fmt::format("{}, line {}", path, line.line), ""}, line.text,
         "Postfix skips it, and so does headgate: the table stays as it was: " + line.why);
  const bool complete = table.complete();
  if (!complete) table.to = fmt::format("{}:{}/{} (as it was)", type, to_, relative(path));
  if (copy(path, place, complete ? &table.migration.text : nullptr) && complete)
    anew_[relative(path)] = type;
  tables_.push_back(std::move(table));
  return complete ? fmt::format("{}:{}", becomes, new_name(path)) : same;
}

bool MigratedFiles::take_list(const std::string& path, const Place& place) {
  const std::string place_there = relative(path);
  if (const auto known = copied_.find(place_there); known != copied_.end())
    return known->second.done;
  const auto text = read_file(path);
  if (!text) {
    return copy(path, place);  // which says why not
  }
  copied_[place_there] = {path, true};  // it may name itself
  std::string changed;
  std::string_view rest = *text;
  for (int number = 1; !rest.empty(); ++number) {
    const auto newline = rest.find('\n');
    const std::string_view line = rest.substr(0, newline);
    rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
    const std::string_view content = text::trim_left(line);
    changed +=
        content.starts_with('#')
            ? std::string(line)
            : rewritten_line(line, {fmt::format("{}, line {}", path, number), ""}, true, true);
    if (newline != std::string_view::npos) changed += '\n';
  }
  copied_.erase(place_there);
  return copy(path, place, &changed);
}

// Root gives the copy its owner; what is left to say of who may read it.
std::string MigratedFiles::keep_owner(const std::string& target, const struct stat& old) {
  if (geteuid() == 0 && lchown(target.c_str(), old.st_uid, old.st_gid) != 0)
    return fmt::format("its owner could not be set: {}", std::strerror(errno));

  struct stat now {};

  const bool same =
      lstat(target.c_str(), &now) == 0 && now.st_uid == old.st_uid && now.st_gid == old.st_gid;
  if (!same && (old.st_mode & 0004U) == 0) {
    return fmt::format(
        "it was user {}'s and group {}'s and is {}'s and {}'s now: see to it that the "
        "server's user (mail_owner) may read it",
        old.st_uid, old.st_gid, now.st_uid, now.st_gid);
  }
  if ((old.st_mode & 0044U) == 0)
    return "only its owner may read it: see to it that the server's user (mail_owner) may";
  return {};
}

bool MigratedFiles::copy(const std::string& path, const Place& place, const std::string* text) {
  const std::string place_there = relative(path);
  const auto failed = [&](const std::string& why) {
    note(FindingKind::failed, place, path, why);
    return false;
  };
  std::error_code error;
  if (const auto known = copied_.find(place_there); known != copied_.end()) {
    const Copied& other = known->second;
    if (other.from != path && other.done && !fs::equivalent(other.from, path, error))
      return failed(fmt::format("its place in the new directory, {}, is that of {}: rename it",
                                place_there, other.from));
    return other.done;
  }
  bool& done = copied_.emplace(place_there, Copied{path, false}).first->second.done;

  struct stat status {};

  if (stat(path.c_str(), &status) != 0) return failed(fail_errno("open", path, errno).value().what);
  if (!S_ISREG(status.st_mode)) return failed("it is no file");
  const auto content = text != nullptr ? Result<std::string>(*text) : read_file(path);
  if (!content) return failed(content.error().what);
  const std::string target = to_ + "/" + place_there;
  if (const std::string why = why_no_target(path, target); !why.empty()) return failed(why);
  fs::create_directories(fs::path(target).parent_path(), error);
  if (error) return failed(fmt::format("create {}: {}", target, error.message()));
  const auto written = write_file_atomically(target, *content, status.st_mode & 0777U);
  if (!written) return failed(written.error().what);
  if (fs::is_symlink(path, error))
    note(FindingKind::changed, place, path,
         fmt::format("a symbolic link to {}: the copy is a file",
                     fs::read_symlink(path, error).string()));
  if (const std::string why = keep_owner(target, status); !why.empty())
    note(FindingKind::unsupported, place, target, why);
  done = true;
  return true;
}

}  // namespace headgate::cli
