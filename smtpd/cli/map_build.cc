// As root it reads and writes with the rights of the source's owner (-o: stays root), and the table's mode is the source's
// without what only its owner may do (-p: 0644).
// Postfix's hash: and btree: are Berkeley DB, which there is no more in new systems: F.cdb is built for them.
// Tested by tests/tables/map_agrees_test.py, map_types_test.py and map_rights_test.py, all beside postmap(1).
#include "smtpd/cli/map_build.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "engine/base/base64.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "smtpd/cli/file_owner.h"
#include "smtpd/cli/map_types.h"
#include "smtpd/cli/map_voice.h"
#include "smtpd/cli/progress_bar.h"
#include "tables/case_fold.h"
#include "tables/map_maker.h"
#include "tables/source_text.h"

namespace headgate::cli {

namespace {

constexpr unsigned kMode = 0644;

class MapBuild {
 public:
  MapBuild(Invocation& invocation, const MapOptions& options, const config::Settings& settings,
           std::string_view type, std::string_view name)
      : invocation_(invocation),
        options_(options),
        voice_(invocation, settings.smtputf8_enable),
        utf8_(settings.smtputf8_enable && !options.disable_utf8),
        with_nul_(options.terminator == MapTerminator::nul ||
                  (options.terminator == MapTerminator::either && type == "lmdb")),
        type_(type),
        name_(name) {}

  bool run() {
    if (type_ == "proxy" && !options_.incremental)
      return refuse(*why_not_built(type_, name_, false));
    Fd file;
    if (!options_.incremental) {
      auto opened = open_file(name_, O_RDONLY | O_CLOEXEC);
      if (!opened) return refuse(opened.error().text());
      file = std::move(*opened);
    }
    const int source = options_.incremental ? STDIN_FILENO : file.get();

    struct stat status {};

    if (::fstat(source, &status) != 0)
      return refuse(fail_errno("fstat", name_, errno).value().text());
    std::optional<AsOwner> owner;
    if (options_.as_owner) {
      owner.emplace(status.st_uid, status.st_gid);
      if (owner->failed()) return refuse(owner->failed()->text());
    }
    if (const auto why = why_not_built(type_, name_, options_.incremental)) return refuse(*why);
    if (!make(source, status)) return false;
    if (type_ == "hash" || type_ == "btree")
      voice_.say("", fmt::format("{}:{}: built as {}.cdb, which {}: is served from", type_, name_,
                                 name_, type_));
    return true;
  }

 private:
  bool make(int source, const struct stat& status) {
    tables::MakeOptions make;
    make.mode = options_.incremental ? tables::MakeMode::incremental : tables::MakeMode::create;
    make.permissions = kMode;
    if (options_.source_permissions && S_ISREG(status.st_mode))
      make.permissions &= static_cast<unsigned>(status.st_mode) | 0700U;
    auto maker = tables::make_map(type_, name_, make);
    if (!maker) return refuse(maker.error().text());
    if (auto put = put_all(**maker, source, static_cast<double>(status.st_size)); !put)
      return refuse(put.error().text());
    if (auto committed = (*maker)->commit(); !committed) return refuse(committed.error().text());
    return true;
  }

  Result<void> put_all(tables::MapMaker& maker, int source, double size) {
    constexpr unsigned kEntriesAGlance = 8192;
    const std::string path = options_.incremental ? "stdin" : name_;
    tables::FileText file(source, path);
    const MoreText more = [&file](std::string_view left) { return file.more(left); };
    tables::SourceText text(LogicalLines(more, path, voice_.sink(), EmptyLines::as_is), path,
                            tables::SourceReader::postmap, utf8_, voice_.sink());
    ProgressBar bar(invocation_.err);
    for (unsigned count = 1;; ++count) {
      const auto entry = text.next();
      if (!entry) break;
      TRY_OK(put(maker, path, *entry));
      if (count % kEntriesAGlance == 0 && size > 0)
        bar.show(static_cast<double>(file.bytes_read()) / size, name_);
    }
    if (file.error()) return tl::unexpected(*file.error());
    return {};
  }

  Result<void> put(tables::MapMaker& maker, const std::string& path,
                   const tables::SourceEntry& entry) {
    std::string_view key =
        tables::fold_key(entry.key, tables::folding_of(options_.fold, utf8_), folded_);
    std::string_view value = entry.value;
    if (options_.files) {
      auto content = content_of(value);
      if (!content) {
        voice_.warn(fmt::format("{}, line {}: {}: skipping this entry", path, entry.line,
                                content.error().text()));
        return {};
      }
      value = value_ = std::move(*content);
    }
    if (with_nul_) {
      key = key_with_nul_.assign(key) += '\0';
      value = value_with_nul_.assign(value) += '\0';
    }
    const auto duplicate = options_.duplicates == MapDuplicates::replace
                               ? tables::OnDuplicate::replace
                               : tables::OnDuplicate::keep_first;
    TRY(is_new, maker.put(key, value, duplicate));
    if (!is_new && options_.duplicates == MapDuplicates::warn) complain_of_duplicate(key);
    return {};
  }

  // As each of Postfix's drivers names itself.
  void complain_of_duplicate(std::string_view key) {
    if (key.ends_with('\0')) key.remove_suffix(1);
    voice_.warn(
        fmt::format("{}{}: duplicate entry: \"{}\"", type_ == "lmdb" ? "lmdb:" : "", name_, key));
  }

  // -F: the files that a value names, a newline between them, in base64.
  static Result<std::string> content_of(std::string_view names) {
    std::string content;
    const auto paths = text::split(names, ", \t\r\n");
    if (paths.empty())
      return fail(Code::invalid, fmt::format("empty pathname list: >>{}<<'", names));
    for (const std::string_view path : paths) {
      TRY(text, read_file(std::string(path)));
      if (path.data() != paths.front().data()) content += '\n';
      content += text;
    }
    return text::encode_base64(content);
  }

  bool refuse(std::string_view text) {
    voice_.fatal(text);
    return false;
  }

  Invocation& invocation_;
  const MapOptions& options_;
  MapVoice voice_;
  bool utf8_;
  bool
      with_nul_;  // behind keys and values; left to itself, Postfix's lmdb: writes it, and cdb: does not
  std::string type_, name_;
  std::string folded_, value_, key_with_nul_, value_with_nul_;  // of the entry that is being put
};

}  // namespace

bool build_map(Invocation& invocation, const MapOptions& options, const config::Settings& settings,
               std::string_view type, std::string_view name) {
  return MapBuild(invocation, options, settings, type, name).run();
}

}  // namespace headgate::cli
