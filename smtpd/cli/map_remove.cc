// Postfix's -d changes each table as it goes; here a table's changes become visible together, at the end, or not at all.
// Tested by tests/tables/map_agrees_test.py and map_types_test.py, both beside postmap(1).
#include "smtpd/cli/map_remove.h"

#include <sys/stat.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/cli/line_input.h"
#include "smtpd/cli/map_types.h"
#include "smtpd/cli/map_voice.h"
#include "tables/case_fold.h"
#include "tables/map_maker.h"
#include "tables/type_spec.h"

namespace headgate::cli {

namespace {

constexpr int kFound = 0, kFailed = 1;

class KeyRemoval {
  using File = std::tuple<dev_t, ino_t, std::string>;

 public:
  KeyRemoval(Invocation& invocation, const MapOptions& options, const config::Settings& settings)
      : invocation_(invocation),
        options_(options),
        voice_(invocation, settings.smtputf8_enable),
        utf8_(settings.smtputf8_enable && !options.disable_utf8),
        folding_(tables::folding_of(options.fold, utf8_)) {}

  int run() {
    if (!open_all()) return kFailed;
    if (options_.key != "-") {
      if (!remove(options_.key)) return kFailed;
    } else {
      LineInput input(invocation_.in);
      while (const auto key = input.next()) {
        if (!remove(*key)) return kFailed;
      }
    }
    for (auto& [file, maker] : makers_) {
      if (auto committed = maker->commit(); !committed) {
        refuse(committed.error().text());
        return kFailed;
      }
    }
    return found_ ? kFound : kFailed;
  }

 private:
  // A file has one maker, whatever it is called: two would wait for each other. They are opened in the files' order, so that
  // two who change the same files do not, either.
  bool open_all() {
    std::map<File, std::pair<std::string, std::string>> files;  // type and name
    for (const std::string& spec : options_.tables) {
      const auto split = tables::split_type(spec);
      if (!split) return refuse(split.error().text());
      if (const auto why = why_not_removed(split->type, split->name)) return refuse(*why);
      const File file = file_of(split->type, std::string(split->name));
      files.try_emplace(file, split->type, split->name);
      files_.push_back(file);
    }
    tables::MakeOptions make;
    make.mode = tables::MakeMode::existing;
    make.nul = nul_form_of(options_.terminator);
    for (const auto& [file, table] : files) {
      auto maker = tables::make_map(table.first, table.second, make);
      if (!maker) return refuse(maker.error().text());
      makers_.emplace(file, std::move(*maker));
    }
    return true;
  }

  // One that is not there is known by its name.
  static File file_of(std::string_view type, const std::string& name) {
    struct stat status {};

    const std::string path = fmt::format("{}.{}", name, type);
    if (::stat(path.c_str(), &status) != 0) return {0, 0, path};
    return {status.st_dev, status.st_ino, {}};
  }

  // False: it went wrong. A key that is not UTF-8 counts as found, as by postmap.
  bool remove(std::string_view key) {
    key = key.substr(0, key.find('\0'));
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (utf8_ && !text::valid_utf8(key)) {
        voice_.warn(fmt::format("{}: non-UTF-8 key \"{}\": malformed UTF-8 or invalid codepoint",
                                options_.tables[i], key));
        found_ = true;
        continue;
      }
      const auto removed = makers_.at(files_[i])->remove(tables::fold_key(key, folding_, folded_));
      if (!removed) return refuse(removed.error().text());
      found_ = found_ || *removed;
    }
    return true;
  }

  bool refuse(std::string_view text) {
    voice_.fatal(text);
    return false;
  }

  Invocation& invocation_;
  const MapOptions& options_;
  MapVoice voice_;
  bool utf8_;
  tables::Folding folding_;
  std::vector<File> files_;  // of options_.tables
  std::map<File, std::unique_ptr<tables::MapMaker>> makers_;
  std::string folded_;
  bool found_ = false;
};

}  // namespace

int remove_keys(Invocation& invocation, const MapOptions& options,
                const config::Settings& settings) {
  return KeyRemoval(invocation, options, settings).run();
}

}  // namespace headgate::cli
