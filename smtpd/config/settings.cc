// How it works: one loop over the table of parameters; the type of the Settings field is the type of the parameter.
// Tested by tests/smtpd/config/load_test.cc, params_test.cc.
#include "smtpd/config/settings.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/config/fill.h"
#include "smtpd/config/params.h"
#include "smtpd/config/units.h"

namespace headgate::config {

namespace {

class Filler {
 public:
  explicit Filler(Settings& settings, const Dictionary& dictionary)
      : settings_(settings), dictionary_(dictionary) {}

  Result<void> fill(const Param& param) {
    if (std::holds_alternative<std::monostate>(param.field)) return {};
    auto value = text_of(param);
    if (!value) return tl::unexpected(std::move(value.error()));
    auto stored = std::visit([&](auto field) { return store(param, field, *value); }, param.field);
    if (!stored) stored.error().where = place_of(param.name);
    return stored;
  }

 private:
  [[nodiscard]] Result<std::string> text_of(const Param& param) const {
    if (is_raw(param.name)) return std::string(dictionary_.value(param.name).value_or(""));
    return dictionary_.expanded(param.name);
  }

  [[nodiscard]] std::string place_of(std::string_view name) const {
    const Setting* setting = dictionary_.find(name);
    return setting == nullptr ? std::string() : place(setting->file, setting->line);
  }

  Result<void> store(const Param&, std::monostate, const std::string&) { return {}; }

  Result<void> store(const Param& param, std::string Settings::*field, const std::string& value) {
    const auto choices = text::split(param.choices, " ");
    const bool unset = value.empty() && param.fallback.empty();
    if (!choices.empty() && !unset &&
        std::find(choices.begin(), choices.end(), value) == choices.end()) {
      return fail(Code::invalid, fmt::format("bad parameter value: '{} = {}'", param.name, value));
    }
    settings_.*field = value;
    return {};
  }

  Result<void> store(const Param& param, bool Settings::*field, const std::string& value) {
    TRY(parsed, parse_bool(param.name, value));
    settings_.*field = parsed;
    return {};
  }

  Result<void> store(const Param& param, std::optional<bool> Settings::*field,
                     const std::string& value) {
    if (value.empty()) return {};
    TRY(parsed, parse_bool(param.name, value));
    settings_.*field = parsed;
    return {};
  }

  Result<void> store(const Param& param, std::int64_t Settings::*field, const std::string& value) {
    TRY(parsed, parse_integer(param.name, value, param.minimum));
    settings_.*field = parsed;
    return {};
  }

  Result<void> store(const Param& param, seconds Settings::*field, const std::string& value) {
    TRY(fallback, dictionary_.expand_text(param.fallback));
    TRY(parsed, parse_time(param.name, value, unit_of(fallback), seconds(param.minimum)));
    settings_.*field = parsed;
    return {};
  }

  Result<void> store(const Param&, std::vector<std::string> Settings::*field,
                     const std::string& value) {
    settings_.*field = text::split_list(value);
    return {};
  }

  Settings& settings_;
  const Dictionary& dictionary_;
};

void add_error(std::vector<Diagnostic>& errors, const Error& error) {
  const std::string text = error.text();
  for (const Diagnostic& earlier : errors) {
    if (earlier.text == text) return;  // the same setting reaches several services
  }
  errors.push_back({Severity::fatal, text, error.where});
}

// A mistake in main.cf is told once: see add_error.
Settings::Cleanup read_by_both(const Dictionary& cleanup, std::vector<Diagnostic>& errors) {
  Settings settings;
  Filler filler(settings, cleanup);
  for (const std::string_view name : {"line_length_limit", "message_size_limit", "myhostname"}) {
    if (const auto done = filler.fill(*find_param(name)); !done) add_error(errors, done.error());
  }
  return {settings.line_length_limit, settings.message_size_limit, settings.myhostname};
}

void fill_restriction_classes(Settings& settings, const Dictionary& dictionary,
                              std::vector<Diagnostic>& errors) {
  for (const std::string& name : settings.smtpd_restriction_classes) {
    const auto value = dictionary.expanded(name);
    if (!value) {
      add_error(errors, value.error());
    } else if (value->empty()) {
      const std::string text = fmt::format("restriction class `{}\' needs a definition", name);
      add_error(errors, Error{Code::invalid, text, ""});
    } else {
      settings.restriction_classes[name] = text::split_list(*value);
    }
  }
}

}  // namespace

SettingsPtr fill_settings(const Dictionary& dictionary, std::vector<Diagnostic>& errors) {
  return fill_settings(dictionary, dictionary, errors);
}

SettingsPtr fill_settings(const Dictionary& smtpd, const Dictionary& cleanup,
                          std::vector<Diagnostic>& errors) {
  const auto settings = std::make_shared<Settings>();
  Filler as_smtpd(*settings, smtpd), as_cleanup(*settings, cleanup);
  for (const Param& param : params()) {
    Filler& filler = is_cleanup_param(param.name) ? as_cleanup : as_smtpd;
    if (const auto done = filler.fill(param); !done) add_error(errors, done.error());
  }
  settings->cleanup = read_by_both(cleanup, errors);
  fill_restriction_classes(*settings, smtpd, errors);
  const auto stress = smtpd.expanded("stress");
  if (!stress) add_error(errors, stress.error());
  settings->stress = stress && !stress->empty();
  return settings;
}

namespace {

// What a list of restrictions does to a stranger who wants to relay.
enum class Strangers : std::uint8_t { go_on, pass, stop };

class RelayControl {
 public:
  explicit RelayControl(const Settings& settings) : settings_(settings) {}

  [[nodiscard]] bool in(const std::vector<std::string>& list) {
    return strangers(list) == Strangers::stop;
  }

 private:
  // What is softened by warn_if_reject does not count, nor what stands after permit.
  Strangers strangers(const std::vector<std::string>& list) {
    bool softened = false;
    for (const std::string& name : list) {
      const bool skipped = softened;
      softened = text::equal_ignore_case(name, "warn_if_reject");
      if (skipped || softened) continue;
      if (text::equal_ignore_case(name, "permit")) return Strangers::pass;
      if (is_required(name)) return Strangers::stop;
      const Strangers within = of_class(name);
      if (within != Strangers::go_on) return within;
    }
    return Strangers::go_on;
  }

  // A class that is in itself brings nothing more.
  Strangers of_class(const std::string& name) {
    const auto found = settings_.restriction_classes.find(name);
    if (found == settings_.restriction_classes.end()) return Strangers::go_on;
    if (!entered_.insert(name).second) return Strangers::go_on;
    return strangers(found->second);
  }

  static bool is_required(std::string_view name) {
    constexpr std::string_view kRequired[] = {
        "reject_unauth_destination", "defer_unauth_destination", "reject", "defer",
        "defer_if_permit",           "check_relay_domains"};
    return std::any_of(
        std::begin(kRequired), std::end(kRequired),
        [name](std::string_view required) { return text::equal_ignore_case(name, required); });
  }

  const Settings& settings_;
  std::set<std::string> entered_;
};

}  // namespace

bool has_relay_control(const Settings& settings) {
  return RelayControl(settings).in(settings.smtpd_relay_restrictions) ||
         RelayControl(settings).in(settings.smtpd_recipient_restrictions);
}

Result<void> check_relay_safety(const Settings& settings) {
  if (has_relay_control(settings)) return {};
  return fail(Code::invalid,
              "in parameter smtpd_relay_restrictions or smtpd_recipient_restrictions, specify at "
              "least one working "
              "instance of: reject_unauth_destination, defer_unauth_destination, reject, defer, "
              "defer_if_permit or "
              "check_relay_domains");
}

}  // namespace headgate::config
