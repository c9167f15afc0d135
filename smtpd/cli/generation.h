// From a master.cf entry to what a Front needs: the two states of its sessions with their tables.
//   Threads   any: a generation is opened on one thread and then handed to the loop.
//   Errors    open_generations: restriction lists that cannot work
//             (an open relay), and, with Missing::is_an_error, a table or a certificate that cannot be opened.
//   Source    master(5); smtpd.md §1.4, §2.1; content-checks §5.7.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/event.h"
#include "engine/rules/program_source.h"
#include "smtpd/cli/tls_contexts.h"
#include "smtpd/config/load.h"
#include "smtpd/master/ports.h"
#include "smtpd/session/front.h"

namespace headgate::cli {

// What a table that cannot be opened does. At start it makes each lookup fail (451, as Postfix); at a reload it is an
// error, because there is a set that works: unless in that set it fails, too.
enum class Missing { fails_each_lookup, is_an_error };

// What opening has complained about in the mail log. Each of Postfix's programs says each complaint once, although
// services, calm and stressed states open the same tables, and every changed table opens all of them again.
class OpeningReports {
 public:
  // Who opens a table: the program that complains, and for whom: a service's canonical name or kDelivery. What a table
  // fails already for one consumer is new for another: where mail is refused by it today, or goes out, differs.
  struct Opener {
    Program program = Program::cleanup;
    std::string consumer;
  };

  static constexpr const char* kDelivery = "delivery";

  explicit OpeningReports(EventSink& log) : log_(log) {}

  void repeat_all();  // the complaints of all files may come again; refused() takes it back
  void repeat(const std::string& file);  // those of one

  // Around what is opened together: the errors of what is in force are no reason to refuse what comes next.
  void begin() { errors_.clear(); }

  void taken();
  void refused();

  // The errors that are in force, for the process that comes after this one, and from the one before.
  [[nodiscard]] std::string in_force() const;
  void put_in_force(std::string_view errors);

  void mute() { muted_ = true; }

  void when_taken(std::function<void()> tell) { tell_ = std::move(tell); }

  // Takes note of it; true when its program has not said it yet. `new_error` becomes the first error that is not in
  // force for this consumer.
  bool first(const Opener& opener, const Diagnostic& diagnostic, std::string& new_error);

 private:
  friend class GenerationReports;
  using Said = std::map<std::pair<Program, std::string>, std::string>;  // text; file or table
  using Errors = std::set<std::pair<std::string, std::string>>;         // consumer, text

  EventSink& log_;
  Said said_, said_before_;  // by this set and, while a reload is not decided, by the one in force
  Errors errors_, in_force_;
  std::function<void()> tell_;
  bool muted_ = false;
};

// One for each of the `loops` that the service's sessions run on.
Result<session::Generations> open_generations(const config::Service& service, std::size_t loops,
                                              rules::ProgramSource& programs,
                                              OpeningReports& reports, Missing missing,
                                              TlsContexts& tls);

using master::Endpoints;
using master::is_known_service;
using master::is_smtp_service;
using master::service_endpoints;

}  // namespace headgate::cli
