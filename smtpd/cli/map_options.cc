// Tested by tests/smtpd/cli/map_options_test.cc and, beside postmap(1), tests/tables/map_types_test.py.
#include "smtpd/cli/map_options.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace headgate::cli {

namespace {

constexpr std::string_view kUsage =
    "usage: headgate map [-bfFhijmnNoprsuUvw] [--confirm-only] [-c DIR] [-d KEY|-] [-q KEY|-] "
    "[TYPE:]FILE...";

class Parser {
 public:
  explicit Parser(const std::vector<std::string>& words) : words_(words) {}

  MapOptions parse() {
    while (next_ < words_.size() && options_.complaint.empty()) {
      const std::string& word = words_[next_];
      if (word == "--confirm-only") {  // ours
        options_.scan = false;
        ++next_;
        continue;
      }
      if (word == "--") ++next_;
      if (word == "--" || word.size() < 2 || word[0] != '-') break;
      ++next_;
      take_flags(word);
    }
    options_.tables.assign(words_.begin() + static_cast<std::ptrdiff_t>(next_), words_.end());
    if (options_.complaint.empty()) options_.complaint = contradiction();
    return std::move(options_);
  }

 private:
  void take_flags(std::string_view word) {
    for (std::size_t i = 1; i < word.size() && options_.complaint.empty(); ++i) {
      const std::string_view attached = word.substr(i + 1);
      if (word[i] == 'q') return take_key(MapMode::query, attached);
      if (word[i] == 'd') return take_key(MapMode::remove, attached);
      if (word[i] == 'c') {
        options_.config_directory = value_of('c', attached);
        return;
      }
      if (!take_flag(word[i]))
        options_.complaint = fmt::format("unknown option -{}\n{}", word[i], kUsage);
    }
  }

  bool take_flag(char letter) {
    if (bool* flag = on(letter)) {
      *flag = true;
    } else if (bool* unset = off(letter)) {
      *unset = false;
    } else if (letter == 's') {
      choose(MapMode::list, "specify only one of -s or -q or -d");
    } else if (letter == 'w' || letter == 'r') {
      options_.duplicates = letter == 'w' ? MapDuplicates::ignore : MapDuplicates::replace;
    } else if (letter == 'N' || letter == 'n') {
      options_.terminator = letter == 'N' ? MapTerminator::nul : MapTerminator::none;
    } else {
      return letter == 'v';
    }
    return true;
  }

  bool* on(char letter) {
    switch (letter) {
      case 'b':
        return &options_.body;
      case 'h':
        return &options_.header;
      case 'm':
        return &options_.mime;
      case 'U':
        return &options_.force_utf8;
      case 'u':
        return &options_.disable_utf8;
      case 'i':
        return &options_.incremental;
      case 'F':
        return &options_.files;
      case 'j':
        return &options_.json;
      default:
        return nullptr;
    }
  }

  bool* off(char letter) {
    switch (letter) {
      case 'f':
        return &options_.fold;
      case 'o':
        return &options_.as_owner;
      case 'p':
        return &options_.source_permissions;
      default:
        return nullptr;
    }
  }

  // -s may be given twice, as to postmap.
  void choose(MapMode mode, std::string_view complaint) {
    const bool again = options_.mode == MapMode::list && mode == MapMode::list;
    if (options_.mode != MapMode::build && !again)
      options_.complaint = complaint;
    else
      options_.mode = mode;
  }

  void take_key(MapMode mode, std::string_view attached) {
    choose(mode, "specify only one of -s -q or -d");
    if (options_.complaint.empty())
      options_.key = value_of(mode == MapMode::query ? 'q' : 'd', attached);
  }

  std::string value_of(char letter, std::string_view attached) {
    if (!attached.empty()) return std::string(attached);
    if (next_ < words_.size()) return words_[next_++];
    options_.complaint = fmt::format("option requires an argument -{}\n{}", letter, kUsage);
    return {};
  }

  [[nodiscard]] std::string contradiction() const {
    const bool asks_input = options_.mode == MapMode::query && options_.key == "-";
    if ((options_.is_message() || options_.mime) && !asks_input)
      return "specify -b -h or -m only with \"-q -\"";
    if (options_.tables.empty()) return std::string(kUsage);
    return {};
  }

  const std::vector<std::string>& words_;
  std::size_t next_ = 0;
  MapOptions options_;
};

}  // namespace

tables::NulForm nul_form_of(MapTerminator terminator) {
  switch (terminator) {
    case MapTerminator::nul:
      return tables::NulForm::with;
    case MapTerminator::none:
      return tables::NulForm::without;
    case MapTerminator::either:
      break;
  }
  return tables::NulForm::first_met;
}

MapOptions parse_map_options(const std::vector<std::string>& words) {
  return Parser(words).parse();
}

}  // namespace headgate::cli
