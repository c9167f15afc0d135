// run_engines: the chosen engines over one table and corpus, round by round, all slow ones over one sample and all fast
// ones over another.
//   Threads   the caller's; compiling in children.       Errors  an engine that cannot is an EngineRun with its problem.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/peers/bounded.h"
#include "bench/peers/mail_keys.h"
#include "smtpd/bench/engines.h"
#include "smtpd/bench/report.h"

namespace headgate::bench {

struct RunsPlan {
  std::vector<std::string> engines;  // names; headgate is among them
  peers::KeyKind kind = peers::KeyKind::body;
  std::uint64_t seed = 1;
  std::size_t runs = 5;
  double least_seconds = 0.05;
  double limit_seconds = 120;
  std::function<void(double)> on_done;
};

std::vector<EngineRun> run_engines(const std::shared_ptr<const rules::Program>& program,
                                   const std::deque<peers::MailMessage>& mail,
                                   const RunsPlan& plan);

// As many texts as an engine that asks `patterns` patterns one by one goes through in a fraction of a second.
std::uint64_t slow_texts(std::size_t patterns);
constexpr std::uint64_t kFastTexts = 30'000;

}  // namespace headgate::bench
