// From a master.cf entry to what a Front needs: where to listen, and the two states of its sessions with their tables.
//   Threads   any: a generation is opened on one thread and then handed to the loop.
//   Errors    service_endpoints: a host or port that means nothing. open_generation: restriction lists that cannot work
//             (an open relay), and, with Missing::is_an_error, a table that cannot be opened.
//   Source    master(5); smtpd.md §1.4, §2.1; content-checks §5.7.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/base/event.h"
#include "engine/rules/program_source.h"
#include "smtpd/config/load.h"
#include "smtpd/session/front.h"

namespace headgate::cli {

// What a table that cannot be opened does. At start it makes each lookup fail (451, as Postfix); at a reload it is an
// error, because there is a set that works: unless in that set it fails, too.
enum class Missing { fails_each_lookup, is_an_error };

// What opening has complained about, in the mail log and as cleanup's. Each complaint comes once, although services, calm
// and stressed states open the same tables, and every changed table opens all of them again.
class OpeningReports {
 public:
  explicit OpeningReports(EventSink& log) : log_(log) {}

  void repeat_all() { said_.clear(); }

  void repeat(const std::string& file);  // its complaints may come again

  // Around what is opened together: the errors of what is in force are no reason to refuse what comes next.
  void begin() { errors_.clear(); }

  void taken() { in_force_ = errors_; }

  // Takes note of it; true when it has not been said yet. `new_error` becomes the first error that is not in force.
  bool first(const Diagnostic& diagnostic, std::string& new_error);

 private:
  friend class GenerationReports;
  EventSink& log_;
  std::map<std::string, std::string> said_;  // text; file or table
  std::set<std::string> errors_, in_force_;  // texts
};

Result<session::GenerationPtr> open_generation(const config::Service& service,
                                               rules::ProgramSource& programs,
                                               OpeningReports& reports, Missing missing);

using Endpoints = std::vector<aio::ip::tcp::endpoint>;
Result<Endpoints> service_endpoints(const config::Service& service);

bool is_smtp_service(const config::Service& service);
// Postfix daemons whose work this server does itself, or which it need not have.
bool is_known_service(const config::Service& service);

}  // namespace headgate::cli
