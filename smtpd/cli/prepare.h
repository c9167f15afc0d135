// Prepared: all that a reload or a changed table brings, opened and ready, so that the loop has only to swap it in.
//   Threads   prepare_*() run on a thread of their own, one at a time; a Prepared then belongs to the loop.
//   Ownership what is in it shares the store's tables.
//   Errors    in a reload a table that cannot be opened is an error of its service or of the delivery, and the reload is
//             refused as a whole: what is in force is always of one configuration. After a changed file the store has
//             seen to it that the last good table is opened.
//   Source    postfix reload; smtpd.md §1.4.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "smtpd/cli/generation.h"
#include "smtpd/cli/table_store.h"
#include "smtpd/config/load.h"
#include "smtpd/deliver/worker.h"
#include "smtpd/session/front.h"

namespace headgate::cli {

struct PreparedService {
  config::Service service;
  Result<session::Generations> generations;
  Endpoints endpoints;  // where a service that is new shall listen
};

struct Prepared {
  std::optional<config::Config> config;  // of a reload
  std::shared_ptr<TlsContexts> tls;      // of a reload
  std::vector<PreparedService> services;
  std::optional<deliver::Worker::Tables> delivery;
  std::string delivery_error;  // of a table that cannot be opened and does not fail already
};

// What is in force, as far as a new round must know it.
struct InForce {
  std::vector<config::Service> services;  // with the settings that their fronts use
  config::SettingsPtr main;
  std::shared_ptr<TlsContexts> tls;
  bool delivers = true;   // this process is DELIVER, or the whole house
  bool listens = true;    // it opens the ports of new services itself
  std::size_t loops = 1;  // that sessions run on
};

// Begins and leaves open a reload round of the store.
Prepared prepare_reload(config::Config fresh, const InForce& now, TableStore& store,
                        OpeningReports& reports, EventSink& log);

// The same configuration with the tables that mark_changed() marked.
Prepared prepare_tables(const InForce& now, TableStore& store, OpeningReports& reports,
                        EventSink& log);

deliver::TransportCommands transports(const config::Config& config);

}  // namespace headgate::cli
