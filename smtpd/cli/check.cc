// How it works: load() with all its errors, then every table that a Settings of the server names is opened, once, as the
// server would. A libhs that cannot be trusted is a warning and exit 69. What is set but does nothing here yet is said in one line each, so that nobody relies on it.
// Tested by tests/smtpd/cli/check_test.cc.
#include <ostream>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "engine/match/selftest.h"
#include "smtpd/cli/command.h"
#include "smtpd/cli/configured_tables.h"
#include "smtpd/cli/images.h"
#include "smtpd/config/load.h"
#include "smtpd/config/params.h"
#include "smtpd/config/source.h"
#include "smtpd/net/tls_context.h"
#include "smtpd/session/tls_policy.h"
#include "tables/open.h"

namespace headgate::cli {

namespace {

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
    case Severity::fatal:
      return "fatal";
  }
  return "error";
}

class Checker {
 public:
  explicit Checker(Invocation& invocation) : invocation_(invocation) {}

  int check() {
    if (!libhs_.ok) report({Severity::warning, libhs_.problem, "libhs"});
    std::vector<Diagnostic> errors;
    const config::LoadOptions options{invocation_.config_directory, invocation_.overrides};
    const auto config = config::load(options, &errors);
    if (config && config->embedded && !invocation_.config_directory.empty()) {
      return fatal(invocation_, kExitNoInput,
                   fmt::format("open {}/main.cf: there is no configuration to check",
                               invocation_.config_directory));
    }
    if (config) {
      for (const Diagnostic& diagnostic : config->diagnostics) report(diagnostic);
      use_images_of(*config, invocation_);
      check_tables(*config);
      for (const config::Service& service : config->services) check_tls(service);
      report_services(*config);
    }
    for (const Diagnostic& error : errors) report(error);
    report_parameters(options);
    if (invocation_.json) {
      invocation_.out << json_.dump(2, ' ', false, nlohmann::json::error_handler_t::replace)
                      << '\n';
    } else if (config && !bad_table_ && !bad_tls_ && libhs_.ok) {
      invocation_.out << fmt::format(
          "{}: {} service(s), {} table(s), no mistakes\n",
          config->embedded ? "embedded configuration" : config->directory, config->services.size(),
          opened_);
    }
    if (!config) {
      return config.error().code == Code::invalid ? kExitBadConfiguration : kExitNoInput;
    }
    if (bad_tls_) return kExitBadConfiguration;
    if (bad_table_) return kExitBadTable;
    return libhs_.ok ? kExitOk : kExitUnavailable;
  }

 private:
  void report(const Diagnostic& diagnostic) {
    if (invocation_.json) {
      json_.push_back({{"severity", severity_name(diagnostic.severity)},
                       {"text", diagnostic.text},
                       {"file", diagnostic.file},
                       {"line", diagnostic.line}});
      return;
    }
    std::ostream& stream =
        diagnostic.severity == Severity::info ? invocation_.out : invocation_.err;
    stream << fmt::format("headgate: {}: {}\n", severity_name(diagnostic.severity),
                          diagnostic.text);
  }

  void check_tables(const config::Config& config) {
    for (const ConfiguredTable& table : configured_tables(config)) open(table);
  }

  void open(const ConfiguredTable& table) {
    ++opened_;
    const WarningSink warn = [this](const Diagnostic& diagnostic) {
      if (diagnostic.text == libhs_.problem) return;  // no table's fault, and said already
      if (diagnostic.severity != Severity::info) bad_table_ = true;
      report(diagnostic);
    };
    tables::OpenOptions options;
    options.fold = table.folds;
    const auto opened = tables::open_table(table.spec, invocation_.programs, warn, options);
    if (opened) return;
    bad_table_ = true;
    report({Severity::error, fmt::format("{}: {}", table.parameter, opened.error().text()),
            table.spec});
  }

  // Certificates, ciphers and protocols, as the server would open them; with the parameter that is to blame.
  void check_tls(const config::Service& service) {
    if (service.type == "unix" || service.command != "smtpd") return;
    for (const config::SettingsPtr& settings : {service.calm, service.stressed}) {
      if (!session::uses_tls(*settings)) continue;
      std::vector<Diagnostic> said;
      const WarningSink warn = [&said](const Diagnostic& d) { said.push_back(d); };
      const net::TlsOptions options = session::tls_options(*settings, "");
      if (!opened_tls_.insert(options).second) continue;
      for (std::string& warning : session::tls_warnings(*settings))
        report({Severity::warning, std::move(warning), {}});
      const auto context = net::TlsContext::open(options, nullptr, warn);
      for (const Diagnostic& diagnostic : said) {
        if (context || diagnostic.text != context.error().what) report(diagnostic);
      }
      if (context) continue;
      bad_tls_ = true;
      report({Severity::error,
              fmt::format("service {}/{}: {}", service.name, service.type, context.error().text()),
              {}});
    }
  }

  // What headgate does not start; the roles behind smtpd (cleanup, qmgr, …) are part of it and need no mention.
  void report_services(const config::Config& config) {
    for (const config::Service& service : config.services) {
      if ((service.type != "inet" && service.type != "pass") || service.command == "smtpd")
        continue;
      report({Severity::info,
              fmt::format("service {}/{}: {} is not served", service.name, service.type,
                          service.command),
              config.directory});
    }
  }

  void report_parameters(const config::LoadOptions& options) {
    const auto source = config::read_source(options);
    if (!source || source->embedded) return;  // said already; ours
    for (const auto& [name, setting] : source->main) {
      const std::string where = config::place(setting.file, setting.line);
      const config::Param* param = config::find_param(name);
      std::string text;
      if (param != nullptr && param->state == config::State::differs) {
        text = fmt::format("{}: {}: differs from Postfix: {}", where, name, param->note);
      } else if (param != nullptr ? param->state == config::State::later
                                  : config::is_built_in(*source, name)) {
        text = fmt::format("{}: {}: known, not used here yet", where, name);
      }
      if (!text.empty()) report({Severity::info, std::move(text), setting.file, setting.line});
    }
  }

  Invocation& invocation_;
  const match::SelfTest libhs_ = match::run_selftest();
  std::size_t opened_ = 0;
  bool bad_table_ = false, bad_tls_ = false;
  std::set<net::TlsOptions> opened_tls_;
  nlohmann::json json_ = nlohmann::json::array();
};

}  // namespace

int run_check(Invocation& invocation) {
  if (!invocation.arguments.empty()) {
    return fatal(invocation, kExitUsage,
                 fmt::format("check: unexpected argument: {}", invocation.arguments.front()));
  }
  return Checker(invocation).check();
}

}  // namespace headgate::cli
