// How it works: this file reads the options and shows parameters; config_master.cc shows services. Nothing is typed or
// judged here: like postconf, it shows what the files say, also when a value is wrong. `headgate check` judges.
// Tested by tests/smtpd/cli/config_test.cc and, against the installed postconf, by tests/smtpd/config/postconf_test.py.
#include <map>
#include <ostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "smtpd/cli/config_view.h"
#include "smtpd/cli/fold.h"
#include "smtpd/config/params.h"

namespace headgate::cli {

namespace {

using config::Dictionary;
using config::Layer;
using config::Setting;
using config::Source;

bool take_short_options(std::string_view letters, ConfigOptions& options) {
  for (const char letter : letters) {
    switch (letter) {
      case 'n':
        options.only_set = true;
        break;
      case 'd':
        options.defaults = true;
        break;
      case 'x':
        options.expand = true;
        break;
      case 'f':
        options.fold = true;
        break;
      case 'h':
        options.values_only = true;
        break;
      case 'H':
        options.names_only = true;
        break;
      case 'M':
        options.view = ConfigView::services;
        break;
      case 'P':
        options.view = ConfigView::service_parameters;
        break;
      case 'F':
        options.view = ConfigView::service_fields;
        break;
      case 'p':
        break;
      default:
        return false;
    }
  }
  return true;
}

// An unknown option's text, or "".
std::string parse_options(const std::vector<std::string>& arguments, ConfigOptions& options) {
  bool names_only = false;
  for (const std::string& argument : arguments) {
    if (names_only || argument.size() < 2 || argument[0] != '-') {
      options.names.push_back(argument);
    } else if (argument == "--") {
      names_only = true;
    } else if (argument == "--origin") {
      options.origin = true;
    } else if (argument == "--stress") {
      options.stress = true;
    } else if (argument[1] == '-' ||
               !take_short_options(std::string_view(argument).substr(1), options)) {
      return argument;
    }
  }
  return {};
}

class ParameterView {
 public:
  ParameterView(Invocation& invocation, const Source& source, const ConfigOptions& options)
      : invocation_(invocation),
        source_(source),
        options_(options),
        dictionary_(source.dictionary()) {}

  int show() {
    for (const std::string& name : names()) {
      const bool shown = options_.stress ? show_stress(name) : show_value(name);
      if (!shown) return fatal(invocation_, kExitBadConfiguration, "macro processing error");
    }
    if (invocation_.json)
      invocation_.out << json_.dump(2, ' ', false, nlohmann::json::error_handler_t::replace)
                      << '\n';
    return kExitOk;
  }

 private:
  // What to show, sorted; names asked for keep the order they were asked in.
  std::vector<std::string> names() {
    if (!options_.names.empty()) return asked_names();
    std::map<std::string, bool> sorted;
    const auto unused = config::audit_names(source_).unused;
    for (const auto& [name, setting] : source_.main) {
      if (!unused.contains(name)) sorted[name] = true;
    }
    for (const auto& [name, setting] : source_.overrides) sorted[name] = true;
    if (!source_.embedded) sorted["config_directory"] = true;
    if (!options_.only_set) {
      for (const auto& param : config::params()) sorted[std::string(param.name)] = true;
      for (const auto& param : config::known_params()) sorted[std::string(param.name)] = true;
      for (const auto& [name, setting] : source_.computed) sorted[name] = true;
    }
    std::vector<std::string> list;
    for (auto& [name, shown] : sorted) list.push_back(name);
    return list;
  }

  std::vector<std::string> asked_names() {
    std::vector<std::string> known;
    for (const std::string& name : options_.names) {
      if (!dictionary_.value(name)) {
        warning(invocation_, fmt::format("{}: unknown parameter", name));
      } else if (!options_.only_set || dictionary_.find(name) != nullptr) {
        known.push_back(name);
      }
    }
    return known;
  }

  // The value as the options want it; nothing after a failed expansion, which was reported.
  std::optional<std::string> value_in(const Dictionary& dictionary, const std::string& name,
                                      bool expand) {
    const std::string value(dictionary.value(name).value_or(""));
    if (!expand || config::is_raw(name)) return value;
    auto expanded = dictionary.expand_text(value);
    if (expanded) return std::move(*expanded);
    warning(invocation_, expanded.error().what);
    return std::nullopt;
  }

  [[nodiscard]] std::string origin_of(const std::string& name) const {
    const Setting* setting = dictionary_.find(name);
    if (setting == nullptr || source_.computed.contains(name)) return "default";
    return setting->file.empty() ? "command line" : config::place(setting->file, setting->line);
  }

  bool show_value(const std::string& name) {
    const auto value = value_in(dictionary_, name, options_.expand);
    if (!value) return false;
    if (invocation_.json) {
      json_[name] = {{"value", *value}, {"origin", origin_of(name)}};
      return true;
    }
    invocation_.out << labelled(name, *value, options_);
    if (options_.origin) invocation_.out << "  # " << origin_of(name);
    invocation_.out << '\n';
    return true;
  }

  // The two values of a parameter that stress changes; nothing for the others.
  bool show_stress(const std::string& name) {
    if (name == "stress") return true;
    const Layer calm{{"stress", Setting{"", "", 0}}}, stressed{{"stress", Setting{"yes", "", 0}}},
        none;
    const auto before = value_in(source_.dictionary(calm, none), name, true);
    const auto after = value_in(source_.dictionary(stressed, none), name, true);
    if (!before || !after) return false;
    if (*before == *after) return true;
    if (invocation_.json) {
      json_[name] = {{"calm", *before}, {"stressed", *after}, {"origin", origin_of(name)}};
      return true;
    }
    const auto shown = [](const std::string& value) {
      return value.empty() ? std::string("(empty)") : lay_out(value, false);
    };
    invocation_.out << fmt::format("{} = {} -> {}", name, shown(*before), shown(*after));
    if (options_.origin) invocation_.out << "  # " << origin_of(name);
    invocation_.out << '\n';
    return true;
  }

  Invocation& invocation_;
  const Source& source_;
  const ConfigOptions& options_;
  Dictionary dictionary_;
  nlohmann::json json_ = nlohmann::json::object();
};

void print_diagnostics(Invocation& invocation, const std::vector<Diagnostic>& diagnostics) {
  for (const Diagnostic& diagnostic : diagnostics) warning(invocation, diagnostic.text);
}

}  // namespace

std::string labelled(const std::string& name, const std::string& value,
                     const ConfigOptions& options) {
  if (options.names_only) return name;
  if (options.values_only) return lay_out(value, options.fold);
  return lay_out(fmt::format("{} = {}", name, value), options.fold);
}

int show_parameters(Invocation& invocation, const Source& source, const ConfigOptions& options) {
  return ParameterView(invocation, source, options).show();
}

int run_config(Invocation& invocation) {
  ConfigOptions options;
  if (const std::string unknown = parse_options(invocation.arguments, options); !unknown.empty()) {
    return fatal(invocation, kExitUsage, fmt::format("config: unknown option: {}", unknown));
  }
  if (options.defaults && !invocation.overrides.empty()) {
    return fatal(invocation, kExitUsage, "specify one of -d -o");
  }
  if (options.defaults && options.only_set)
    return fatal(invocation, kExitUsage, "specify one of -d -n");
  auto source = config::read_source({invocation.config_directory, invocation.overrides});
  if (!source) {
    const int code = source.error().code == Code::invalid ? kExitBadConfiguration : kExitNoInput;
    return fatal(invocation, code, source.error().text());
  }
  if (!options.defaults) {
    print_diagnostics(invocation, source->diagnostics);
    const config::NameAudit audit = config::audit_names(*source);
    print_diagnostics(invocation, audit.undefined);
    if (options.view == ConfigView::parameters) print_diagnostics(invocation, audit.unused_main);
    print_diagnostics(invocation, audit.unused_services);
  }
  if (options.view != ConfigView::parameters) return show_master(invocation, *source, options);
  if (options.defaults) {
    source->main.clear();
    config::compute_defaults(*source);
  }
  return show_parameters(invocation, *source, options);
}

}  // namespace headgate::cli
