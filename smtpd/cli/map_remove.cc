// Postfix's -d changes each table as it goes; here a table's changes become visible together, at the end, or not at all.
// Tested by tests/tables/map_agrees_test.py and map_types_test.py, both beside postmap(1).
#include "smtpd/cli/map_remove.h"

#include <memory>
#include <string>
#include <string_view>
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
 public:
  KeyRemoval(Invocation& invocation, const MapOptions& options, const config::Settings& settings)
      : invocation_(invocation),
        options_(options),
        voice_(invocation, settings.smtputf8_enable),
        utf8_(settings.smtputf8_enable && !options.disable_utf8),
        folding_(tables::folding_of(options.fold, utf8_)) {}

  int run() {
    for (const std::string& spec : options_.tables) {
      if (!open(spec)) return kFailed;
    }
    if (options_.key != "-") {
      if (!remove(options_.key)) return kFailed;
    } else {
      LineInput input(invocation_.in);
      while (const auto key = input.next()) {
        if (!remove(*key)) return kFailed;
      }
    }
    for (const auto& maker : makers_) {
      if (auto committed = maker->commit(); !committed) return refuse(committed.error().text());
    }
    return found_ ? kFound : kFailed;
  }

 private:
  bool open(const std::string& spec) {
    const auto split = tables::split_type(spec);
    if (!split) {
      refuse(split.error().text());
      return false;
    }
    if (const auto why = why_not_removed(split->type, split->name)) {
      refuse(*why);
      return false;
    }
    tables::MakeOptions make;
    make.mode = tables::MakeMode::existing;
    auto maker = tables::make_map(split->type, std::string(split->name), make);
    if (!maker) {
      refuse(maker.error().text());
      return false;
    }
    makers_.push_back(std::move(*maker));
    return true;
  }

  // False: it went wrong. A key that is not UTF-8 counts as found, as by postmap.
  bool remove(std::string_view key) {
    key = key.substr(0, key.find('\0'));
    for (std::size_t i = 0; i < makers_.size(); ++i) {
      if (utf8_ && !text::valid_utf8(key)) {
        voice_.warn(fmt::format("{}: non-UTF-8 key \"{}\": malformed UTF-8 or invalid codepoint",
                                options_.tables[i], key));
        found_ = true;
        continue;
      }
      const auto removed = makers_[i]->remove(tables::fold_key(key, folding_, folded_));
      if (!removed) {
        refuse(removed.error().text());
        return false;
      }
      found_ = found_ || *removed;
    }
    return true;
  }

  int refuse(std::string_view text) {
    voice_.fatal(text);
    return kFailed;
  }

  Invocation& invocation_;
  const MapOptions& options_;
  MapVoice voice_;
  bool utf8_;
  tables::Folding folding_;
  std::vector<std::unique_ptr<tables::MapMaker>> makers_;
  std::string folded_;
  bool found_ = false;
};

}  // namespace

int remove_keys(Invocation& invocation, const MapOptions& options,
                const config::Settings& settings) {
  return KeyRemoval(invocation, options, settings).run();
}

}  // namespace headgate::cli
