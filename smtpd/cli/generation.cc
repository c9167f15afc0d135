// Tested by tests/e2e (listeners, reload, stress).
#include "smtpd/cli/generation.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/text.h"
#include "smtpd/net/fields.h"
#include "smtpd/session/open_checks.h"
#include "smtpd/session/tls_names.h"

namespace headgate::cli {
namespace {

bool is_error(const Diagnostic& diagnostic) { return diagnostic.severity >= Severity::error; }

}  // namespace

// The complaints of one generation's tables: while it is opened through OpeningReports, the first that is not in force kept; later, when
// they speak at their lookups, each of them.
class GenerationReports {
 public:
  GenerationReports(OpeningReports& opening, const config::Service& service)
      : log_(opening.log_), opening_(&opening), opener_{Program::cleanup, service.canonical} {}

  void operator()(const Diagnostic& diagnostic) { say(opener_.program, diagnostic); }

  // What has to do with TLS: smtpd says it.
  void of_tls(const Diagnostic& diagnostic) { say(Program::smtpd, diagnostic); }

  // What costs a service its TLS is logged as warnings, as Postfix does, but for a reload it is an error.
  void no_tls(const Error& error) {
    Diagnostic diagnostic{Severity::error, error.text(), {}};
    static_cast<void>(opening_->first(opener_, diagnostic, new_error_));
  }

  void opened() { opening_ = nullptr; }

  [[nodiscard]] const std::string& new_error() const { return new_error_; }

 private:
  void say(Program program, const Diagnostic& diagnostic) {
    const OpeningReports::Opener opener{program, opener_.consumer};
    if (opening_ != nullptr && !opening_->first(opener, diagnostic, new_error_)) return;
    Event event;
    event.program = program;
    event.level = is_error(diagnostic) ? Level::error : Level::warning;
    event.text = diagnostic.text;
    log_.write(event);
  }

  EventSink& log_;
  OpeningReports* opening_;
  OpeningReports::Opener opener_;
  std::string new_error_;
};

bool OpeningReports::first(const Opener& opener, const Diagnostic& diagnostic,
                           std::string& new_error) {
  if (is_error(diagnostic)) {
    const auto error = errors_.emplace(opener.consumer, diagnostic.text).first;
    if (new_error.empty() && !in_force_.contains(*error)) new_error = diagnostic.text;
  }
  const bool is_new =
      said_.emplace(std::make_pair(opener.program, diagnostic.text), diagnostic.file).second;
  return is_new && !muted_;
}

void OpeningReports::repeat_all() { said_before_ = std::exchange(said_, {}); }

void OpeningReports::taken() {
  const bool changed = in_force_ != errors_;
  in_force_ = errors_;
  said_before_.clear();
  if (changed && tell_) tell_();
}

std::string OpeningReports::in_force() const {
  net::FieldWriter writer;
  for (const auto& [consumer, text] : in_force_) writer.text(consumer).text(text);
  return writer.bytes();
}

void OpeningReports::put_in_force(std::string_view errors) {
  net::FieldReader reader(errors);
  while (reader.left() > 0) {
    const Result<std::string> consumer = reader.text(errors.size());
    const Result<std::string> text = reader.text(errors.size());
    if (!consumer || !text) return;
    in_force_.emplace(*consumer, *text);
  }
}

// The tables in force are opened again whenever one of them changes, and have nothing new to say.
void OpeningReports::refused() { said_.merge(std::exchange(said_before_, {})); }

// A table that could not be opened complains as "pcre:/x", a line of it as "/x".
void OpeningReports::repeat(const std::string& file) {
  std::erase_if(said_, [table = ":" + file](const auto& entry) {
    const std::string_view of = entry.second;
    return of == std::string_view(table).substr(1) || of.ends_with(table);
  });
}

namespace {

void open_tls(session::ServiceState& state, const config::Service& service,
              rules::ProgramSource& programs, TlsContexts& tls,
              const std::shared_ptr<GenerationReports>& reports) {
  const WarningSink warn = [reports](const Diagnostic& d) { reports->of_tls(d); };
  TlsContexts::Opened opened = tls.open(*state.settings, service.canonical, warn);
  if (!opened) return reports->no_tls(opened.error());
  const std::vector<std::string>& maps = state.settings->tls_server_sni_maps;
  state.tls = std::move(*opened);
  if (state.tls && !maps.empty())
    state.tls_names = std::make_shared<session::TlsServerNames>(maps, programs, warn);
}

Result<session::GenerationPtr> open_generation(const config::Service& service,
                                               rules::ProgramSource& programs,
                                               OpeningReports& opening, Missing missing,
                                               TlsContexts& tls) {
  const auto reports = std::make_shared<GenerationReports>(opening, service);
  const WarningSink warn = [reports](const Diagnostic& diagnostic) { (*reports)(diagnostic); };
  const session::ServiceChecks checks =
      session::open_service_checks(*service.calm, *service.stressed, programs, warn);
  auto generation = std::make_shared<session::Generation>();
  session::AccessTables tables;
  generation->calm = session::open_state(service.calm, checks.calm, programs, tables, warn);
  generation->stressed =
      session::open_state(service.stressed, checks.stressed, programs, tables, warn);
  open_tls(*generation->calm, service, programs, tls, reports);
  open_tls(*generation->stressed, service, programs, tls, reports);
  reports->opened();
  if (missing == Missing::is_an_error && !reports->new_error().empty())
    return fail(Code::invalid, reports->new_error());
  generation->maxproc = service.maxproc;
  generation->policy.service = service.name;
  generation->policy.canonical = service.canonical;
  generation->policy.eligible = service.stress_eligible;
  generation->policy.switches = service.stress_eligible && service.calm != service.stressed;
  for (const std::string& name : service.calm->stress_signals) {
    const std::optional<stress::SignalName> signal = stress::signal_named(name);
    if (signal) generation->policy.signals.push_back(*signal);
  }
  generation->policy.by_slots =
      std::find(service.calm->stress_signals.begin(), service.calm->stress_signals.end(),
                "slots") != service.calm->stress_signals.end();
  generation->policy.duration = service.calm->stress_duration;
  return generation;
}

}  // namespace

Result<session::Generations> open_generations(const config::Service& service, std::size_t loops,
                                              rules::ProgramSource& programs,
                                              OpeningReports& reports, Missing missing,
                                              TlsContexts& tls) {
  session::Generations generations;
  for (std::size_t i = 0; i < loops; ++i) {
    TRY(generation, open_generation(service, programs, reports, missing, tls));
    generations.push_back(std::move(generation));
  }
  return generations;
}

}  // namespace headgate::cli
