// tune: one table x a corpus -> the image whose plan is the fastest on that mail. Some images are built, one by guesses and
// others by what is measured on one half of the messages; they are run in turn over the other half, and the fastest takes the
// place of the table's image.
//   Units     nanoseconds of CPU time a byte of text.
//   Threads   the caller's; images are built by builder processes.
//   Errors    ProgramSource's; Code::not_found: the corpus has no text of this kind; Code::unavailable: no image could be
//             built, the table changed, or there is nowhere to keep the image; Code::bug: two plans gave different answers, nothing is kept.
//   Cost      a build each; none is begun past Options::limit.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/peers/mail_keys.h"
#include "bench/peers/spread.h"
#include "engine/base/diagnostic.h"
#include "engine/base/error.h"
#include "engine/rules/program_source.h"
#include "smtpd/bench/measure.h"

namespace headgate::bench {

struct TuneOptions {
  TableChoice table;  // of headers, or of body lines, or what it looks like
  std::uint64_t seed = 1;
  std::size_t rounds = 7;
  std::chrono::seconds limit{600};
  double least_seconds = 0.1;  // a measurement
};

// One plan.
struct Tried {
  std::string name;  // "guessed", "measured", "measured, without rows"
  bool measured = false;
  std::string problem;  // why there is no image of it, or no figures
  std::size_t databases = 0, database_bytes = 0, rows = 0;  // rows: where there are body lines
  double build_seconds = 0;                                 // of the clock
  std::vector<double> nanoseconds;                          // by round

  [[nodiscard]] peers::Spread spread() const { return peers::spread_of(nanoseconds); }
};

struct TuneReport {
  std::string spec;
  peers::KeyKind kind = peers::KeyKind::body;
  bool kind_guessed = false;
  std::uint64_t measured_texts = 0, measured_bytes = 0;
  std::uint64_t tried_texts = 0, tried_bytes = 0, hits = 0;
  std::vector<Tried> tried;
  std::size_t kept = 0;
};

Result<TuneReport> tune(const TuneOptions& options, const peers::MailKeys& mail,
                        rules::ProgramSource& programs, const OnProgress& on_progress);

}  // namespace headgate::bench
