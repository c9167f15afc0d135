// How it works: read_source() takes the files apart; here each master.cf entry becomes a Service with its two Settings,
// which are two evaluations of the same parameters, one with "stress" empty and one with "yes". A service that neither
// overrides anything nor gets stress shares the main Settings.
// What only cleanup reads an smtpd service takes from its cleanup service's entry, as cleanup(8) would, but under its own
// stress: Postfix's master tells cleanup of none, and then ${stress?…} in header_checks could never switch anything.
// Which services get stress: master(8)'s rule (inet beyond loopback, or pass; more than one process), and, ours, inet on
// loopback too while stress_on_loopback is on. `-o stress=…` in master.cf forces it, as in STRESS_README.
// Tested by tests/smtpd/config/load_test.cc.
#include "smtpd/config/load.h"

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/config/cleanup_service.h"
#include "smtpd/config/fill.h"
#include "smtpd/config/interfaces.h"
#include "smtpd/config/source.h"

namespace headgate::config {

namespace {

constexpr std::string_view kStress = "stress";
// stress/signals.h has them, and the slots.
constexpr std::string_view kSignals[] = {"slots",  "loop_lag",        "commit_latency",
                                         "memory", "memory_pressure", "rss"};

class Loader {
 public:
  Loader(Source source, std::vector<Diagnostic>& errors)
      : source_(std::move(source)), errors_(errors) {}

  Config load() {
    config_.directory = source_.directory;
    config_.embedded = source_.embedded;
    config_.diagnostics = std::move(source_.diagnostics);
    config_.main = fill_settings(source_.dictionary(), errors_);
    ports_ = source_.dictionary().expanded("known_tcp_ports").value_or(std::string());
    for (const MasterEntry& entry : source_.entries) add(entry);
    for (Diagnostic& diagnostic : audit_names(source_).all())
      config_.diagnostics.push_back(std::move(diagnostic));
    warn_of_overridden_stress();
    return std::move(config_);
  }

 private:
  void add(const MasterEntry& entry) {
    Service service;
    service.name = entry.name();
    service.type = entry.type();
    service.command = entry.command;
    service.arguments = entry.arguments;
    service.maxproc = entry.process_limit().value_or(config_.main->default_process_limit);
    name_canonically(entry, service);
    fill(entry, service);
    const auto same =
        std::find_if(config_.services.begin(), config_.services.end(), [&](const Service& other) {
          return other.canonical == service.canonical && other.type == service.type;
        });
    if (same == config_.services.end()) {
      config_.services.push_back(std::move(service));
      return;
    }
    warn(fmt::format("duplicate master.cf entry for service \"{}\" ({}) -- using the last entry",
                     service.name, service.canonical),
         entry.file, entry.line);
    *same = std::move(service);
  }

  void name_canonically(const MasterEntry& entry, Service& service) const {
    if (service.type != "inet") {
      service.canonical =
          fmt::format("{}/{}", entry.fields[2] == "n" ? "public" : "private", service.name);
      return;
    }
    Endpoint endpoint = split_endpoint(service.name);
    service.host = std::move(endpoint.host);
    service.port = port_number(endpoint.port, ports_);
    service.canonical =
        service.host.empty() ? service.port : fmt::format("[{}]:{}", service.host, service.port);
    service.loopback_only = listens_on_loopback_only(service);
  }

  [[nodiscard]] bool listens_on_loopback_only(const Service& service) const {
    if (!service.host.empty()) return is_loopback_host(service.host);
    const std::vector<std::string>& interfaces = config_.main->inet_interfaces;
    if (interfaces.empty()) return false;
    return std::all_of(interfaces.begin(), interfaces.end(), [](const std::string& name) {
      return name == "loopback-only" || (name != "all" && is_loopback_host(name));
    });
  }

  void fill(const MasterEntry& entry, Service& service) {
    const Layer own = entry.layer();
    Layer context;
    context["service_name"] = Setting{service.name, "", 0};
    const bool forced = own.contains(kStress);
    service.stress_eligible = eligible(service, source_.dictionary(own, context));
    if (service.stress_eligible && !forced) context[std::string(kStress)] = Setting{"", "", 0};
    const bool as_main = own.empty() && !service.stress_eligible && service.type != "inet" &&
                         service.command != "smtpd";
    service.calm = as_main ? config_.main : settings_of(entry, own, context);
    service.stressed = service.calm;
    if (service.stress_eligible && !forced) {
      context[std::string(kStress)].value = "yes";
      service.stressed = settings_of(entry, own, context);
      stressable_.push_back(service.name);
    }
    if (service.command != "smtpd") return;
    warn_of_unknown_signals(*service.calm, entry);
    check_safety(*service.calm, *service.stressed, entry);
    if (auto warning = overrides_without_effect(entry))
      config_.diagnostics.push_back(std::move(*warning));
  }

  SettingsPtr settings_of(const MasterEntry& entry, const Layer& own, const Layer& context) {
    const Dictionary dictionary = source_.dictionary(own, context);
    if (entry.command != "smtpd") return fill_settings(dictionary, errors_);
    const auto name = dictionary.expanded("cleanup_service_name");
    if (!name) return unusable(dictionary, name.error());
    auto overrides = cleanup_overrides(source_.entries, *name);
    if (!overrides) {
      overrides.error().where =
          fmt::format("{}: service {}", place(entry.file, entry.line), entry.name());
      return unusable(dictionary, overrides.error());
    }
    Layer inherited{{"service_name", Setting{*name, "", 0}}};
    // An expansion that fails here fails again, with its place, in fill_settings.
    inherited[std::string(kStress)].value = dictionary.expanded(kStress).value_or(std::string());
    return fill_settings(dictionary, source_.dictionary(*overrides, inherited), errors_);
  }

  // The error, once for calm and stressed, and what else is wrong with the service.
  SettingsPtr unusable(const Dictionary& dictionary, const Error& error) {
    const std::string text = error.text();
    const auto same = [&](const Diagnostic& earlier) { return earlier.text == text; };
    if (std::none_of(errors_.begin(), errors_.end(), same))
      errors_.push_back({Severity::fatal, text, error.where});
    return fill_settings(dictionary, errors_);
  }

  [[nodiscard]] bool eligible(const Service& service, const Dictionary& dictionary) const {
    if (service.maxproc <= 1) return false;
    if (service.type == "pass") return true;
    if (service.type != "inet") return false;
    const auto on_loopback =
        dictionary.expanded("stress_on_loopback");  // a bad value is fill_settings' business
    return !service.loopback_only || (on_loopback && text::equal_ignore_case(*on_loopback, "yes"));
  }

  void check_safety(const Settings& calm, const Settings& stressed, const MasterEntry& entry) {
    for (const Settings* settings : {&calm, &stressed}) {
      const auto safe = check_relay_safety(*settings);
      if (safe) continue;
      errors_.push_back({Severity::fatal, safe.error().what, entry.file, entry.line});
      return;
    }
  }

  void warn_of_unknown_signals(const Settings& settings, const MasterEntry& entry) {
    for (const std::string& name : settings.stress_signals) {
      if (std::find(std::begin(kSignals), std::end(kSignals), name) != std::end(kSignals)) continue;
      const std::string text = fmt::format("stress_signals: no such signal: {}", name);
      const auto same = [&](const Diagnostic& earlier) { return earlier.text == text; };
      if (std::none_of(config_.diagnostics.begin(), config_.diagnostics.end(), same))
        warn(text, entry.file, entry.line);
    }
  }

  void warn_of_overridden_stress() {
    const auto set = source_.main.find(kStress);
    if (set == source_.main.end() || stressable_.empty()) return;
    warn(fmt::format("main.cf \"stress\" is overridden by master for services {}",
                     fmt::join(stressable_, ", ")),
         set->second.file, set->second.line);
  }

  void warn(std::string text, const std::string& file, int line) {
    config_.diagnostics.push_back({Severity::warning, std::move(text), file, line});
  }

  Source source_;
  std::vector<Diagnostic>& errors_;
  Config config_;
  std::string ports_;
  std::vector<std::string> stressable_;  // services whose stress the server decides
};

}  // namespace

Result<Config> load(const LoadOptions& options, std::vector<Diagnostic>* all_errors) {
  std::vector<Diagnostic> errors;
  auto source = read_source(options);
  if (!source) {
    errors.push_back({Severity::fatal, source.error().text(), source.error().where});
    if (all_errors != nullptr) *all_errors = std::move(errors);
    return tl::unexpected(std::move(source.error()));
  }
  Config config = Loader(std::move(*source), errors).load();
  if (all_errors != nullptr) *all_errors = errors;
  if (!errors.empty()) return fail(Code::invalid, errors.front().text);
  return config;
}

}  // namespace headgate::config
