// The -M, -P and -F views of `headgate config`. Columns are postconf's: a field that is too wide borrows from the next.
// Tested by tests/smtpd/config/postconf_test.py.
#include <array>
#include <ostream>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/cli/config_view.h"
#include "smtpd/cli/fold.h"

namespace headgate::cli {

namespace {

using config::Dictionary;
using config::Layer;
using config::MasterEntry;
using config::Source;

constexpr std::array<std::size_t, 7> kColumns{11, 17, 25, 33,
                                              41, 49, 57};  // where the next field starts
constexpr std::size_t kLineLimit = 80;

// "smtp/inet/name" with "*" and missing parts as wildcards.
class Pattern {
 public:
  explicit Pattern(const std::string& text) {
    for (const std::string_view part : text::split(text, "/")) parts_.emplace_back(part);
  }

  [[nodiscard]] bool matches(std::initializer_list<std::string_view> parts) const {
    std::size_t i = 0;
    for (const std::string_view part : parts) {
      if (i < parts_.size() && parts_[i] != "*" && parts_[i] != part) return false;
      ++i;
    }
    return parts_.size() <= parts.size();
  }

 private:
  std::vector<std::string> parts_;
};

class MasterView {
 public:
  MasterView(Invocation& invocation, const Source& source, const ConfigOptions& options)
      : invocation_(invocation), source_(source), options_(options) {
    for (const std::string& name : options.names) patterns_.push_back({Pattern(name), name, false});
  }

  int show() {
    for (const MasterEntry& entry : source_.entries) {
      const bool shown = options_.view == ConfigView::services             ? show_entry(entry)
                         : options_.view == ConfigView::service_parameters ? show_overrides(entry)
                                                                           : show_fields(entry);
      if (!shown) return fatal(invocation_, kExitBadConfiguration, "macro processing error");
    }
    for (const Wanted& wanted : patterns_) {
      if (!wanted.found)
        warning(invocation_, fmt::format("unmatched request: \"{}\"", wanted.text));
    }
    return kExitOk;
  }

 private:
  struct Wanted {
    Pattern pattern;
    std::string text;
    bool found = false;
  };

  bool wanted(std::initializer_list<std::string_view> parts) {
    bool any = patterns_.empty();
    for (Wanted& one : patterns_) {
      if (one.pattern.matches(parts)) any = one.found = true;
    }
    return any;
  }

  // Expanded as the service sees it when -x asks so; nothing after a failure, which was reported.
  std::optional<std::string> value_of(const MasterEntry& entry, const std::string& value) {
    if (!options_.expand) return value;
    const Layer own = entry.layer();
    const Layer context{{"service_name", config::Setting{entry.name(), "", 0}}};
    auto expanded = source_.dictionary(own, context).expand_text(value);
    if (expanded) return std::move(*expanded);
    warning(invocation_, expanded.error().what);
    return std::nullopt;
  }

  // The words after the command's name; an -o and its setting are one word.
  std::optional<std::vector<std::string>> words_of(const MasterEntry& entry) {
    std::vector<std::string> words;
    std::size_t next_override = 0;
    for (std::size_t i = 0; i < entry.arguments.size(); ++i) {
      if (entry.arguments[i] != "-o" || next_override >= entry.overrides.size()) {
        words.push_back(protect(entry.arguments[i]));
        continue;
      }
      const config::NameValue& pair = entry.overrides[next_override++];
      const auto value = value_of(entry, pair.value);
      if (!value) return std::nullopt;
      words.push_back("-o " + protect(fmt::format("{}={}", pair.name, *value)));
      ++i;
    }
    return words;
  }

  std::optional<std::string> command_of(const MasterEntry& entry, bool fold) {
    const auto words = words_of(entry);
    if (!words) return std::nullopt;
    std::string out = entry.command;
    std::size_t column = kColumns.back() + out.size();
    bool after_option = false;
    for (const std::string& word : *words) {
      const bool option = word.starts_with('-');
      if (fold && (option || after_option || word.starts_with('{') ||
                   column + 1 + word.size() > kLineLimit)) {
        out += "\n    ";
        column = 4;
      } else {
        out += ' ';
        ++column;
      }
      out += word;
      column += word.size();
      after_option = option;
    }
    return out;
  }

  bool show_entry(const MasterEntry& entry) {
    if (!wanted({entry.name(), entry.type()})) return true;
    std::string line;
    for (std::size_t i = 0; i < entry.fields.size(); ++i) {
      line += entry.fields[i];
      line += ' ';
      if (line.size() < kColumns[i]) line.resize(kColumns[i], ' ');
    }
    const auto command = command_of(entry, options_.fold);
    if (!command) return false;
    invocation_.out << line << *command;
    if (options_.origin) invocation_.out << "  # " << config::place(entry.file, entry.line);
    invocation_.out << '\n';
    return true;
  }

  bool show_overrides(const MasterEntry& entry) {
    for (const auto& [name, setting] : entry.layer()) {
      if (!wanted({entry.name(), entry.type(), name})) continue;
      const auto value = value_of(entry, setting.value);
      if (!value) return false;
      print(fmt::format("{}/{}/{}", entry.name(), entry.type(), name), *value);
    }
    return true;
  }

  bool show_fields(const MasterEntry& entry) {
    for (std::size_t i = 0; i < entry.fields.size(); ++i) {
      if (!wanted({entry.name(), entry.type(), config::kMasterFields[i]})) continue;
      print(fmt::format("{}/{}/{}", entry.name(), entry.type(), config::kMasterFields[i]),
            entry.fields[i]);
    }
    if (!wanted({entry.name(), entry.type(), "command"})) return true;
    const auto command = command_of(entry, false);
    if (!command) return false;
    // Not laid out again: blanks inside braces are data.
    const std::string label = fmt::format("{}/{}/command", entry.name(), entry.type());
    invocation_.out << (options_.names_only    ? label
                        : options_.values_only ? *command
                                               : fmt::format("{} = {}", label, *command))
                    << '\n';
    return true;
  }

  void print(const std::string& label, const std::string& value) {
    invocation_.out << labelled(label, value, options_) << '\n';
  }

  Invocation& invocation_;
  const Source& source_;
  const ConfigOptions& options_;
  std::vector<Wanted> patterns_;
};

}  // namespace

int show_master(Invocation& invocation, const Source& source, const ConfigOptions& options) {
  return MasterView(invocation, source, options).show();
}

}  // namespace headgate::cli
