// measure: tables x a corpus -> a Report. Every table is built from nothing in a folder that goes when it is done.
//   Threads   the caller's; peers compile in child processes.
//   Errors    Code::invalid, not_found … of a table that cannot be opened; what an engine cannot do is a line of the Report.
//   Cost      seconds to minutes; Options::limit bounds each compilation and each engine's measuring.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/peers/mail_keys.h"
#include "engine/base/diagnostic.h"
#include "engine/base/error.h"
#include "engine/rules/program_source.h"
#include "smtpd/bench/report.h"

namespace headgate::bench {

struct TableChoice {
  std::string spec;                    // "pcre:/etc/postfix/body_checks"
  bool headers = false, body = false;  // neither: what its patterns look like
};

struct Options {
  std::vector<TableChoice> tables;
  std::vector<std::string> engines;  // empty: all; headgate is always measured
  std::uint64_t seed = 1;
  std::size_t runs = 5;
  std::chrono::seconds limit{120};
  double least_seconds = 0.05;  // a measurement
};

// Hears how far it is: 0 … 1, and what is being done.
using OnProgress = std::function<void(double share, std::string_view what)>;

Result<Report> measure(const Options& options, const peers::MailKeys& mail,
                       rules::ProgramSource& programs, const WarningSink& warn,
                       const OnProgress& on_progress);

}  // namespace headgate::bench
