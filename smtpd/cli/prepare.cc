// Tested by tests/e2e/reload_test.py and lifecycle_test.py.
#include "smtpd/cli/prepare.h"

#include <utility>

namespace headgate::cli {

namespace {

bool runs(const InForce& now, const config::Service& service) {
  for (const config::Service& running : now.services) {
    if (running.canonical == service.canonical) return true;
  }
  return false;
}

PreparedService prepare_new(const config::Service& service, TableStore& store,
                            OpeningReports& reports, TlsContexts& tls, std::size_t loops) {
  Result<Endpoints> endpoints = service_endpoints(service);
  if (!endpoints) return {service, tl::unexpected(std::move(endpoints.error())), {}};
  return {service, open_generations(service, loops, store, reports, Missing::is_an_error, tls),
          std::move(*endpoints)};
}

void prepare_delivery(const config::SettingsPtr& settings, TableStore& store,
                      OpeningReports& reports, EventSink& log, Prepared& prepared) {
  const auto is_new = [&](Program program, const Diagnostic& diagnostic) {
    return reports.first({program, OpeningReports::kDelivery}, diagnostic, prepared.delivery_error);
  };
  prepared.delivery = deliver::Worker::open_tables(settings, store, log, is_new);
}

}  // namespace

// master.cf's own transports: "scan unix … smtp" is a name for the SMTP client.
deliver::TransportCommands transports(const config::Config& config) {
  deliver::TransportCommands commands;
  for (const config::Service& service : config.services) {
    if (service.type == "unix") commands[service.name] = service.command;
  }
  return commands;
}

Prepared prepare_reload(config::Config fresh, const InForce& now, TableStore& store,
                        OpeningReports& reports, EventSink& log) {
  reports.repeat_all();
  reports.begin();
  store.begin_reload();
  Prepared prepared;
  // A FRONT that has been retired may have lost the right to read the keys.
  prepared.tls = now.listens ? now.tls->afresh() : now.tls;
  for (const config::Service& service : fresh.services) {
    if (!is_smtp_service(service)) continue;
    if (runs(now, service)) {
      prepared.services.push_back({service,
                                   open_generations(service, now.loops, store, reports,
                                                    Missing::is_an_error, *prepared.tls),
                                   {}});
    } else if (now.listens) {
      prepared.services.push_back(prepare_new(service, store, reports, *prepared.tls, now.loops));
    }
  }
  if (now.delivers) prepare_delivery(fresh.main, store, reports, log, prepared);
  prepared.config = std::move(fresh);
  return prepared;
}

Prepared prepare_tables(const InForce& now, TableStore& store, OpeningReports& reports,
                        EventSink& log) {
  reports.begin();
  Prepared prepared;
  for (const config::Service& service : now.services) {
    prepared.services.push_back(
        {service,
         open_generations(service, now.loops, store, reports, Missing::fails_each_lookup, *now.tls),
         {}});
  }
  if (now.delivers) prepare_delivery(now.main, store, reports, log, prepared);
  return prepared;
}

}  // namespace headgate::cli
