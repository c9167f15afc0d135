// Tested by tests/smtpd/bench/measure_test.cc.
#include "smtpd/bench/engine_runs.h"

#include <algorithm>

#include "bench/peers/ours.h"
#include "bench/peers/rounds.h"

namespace headgate::bench {

namespace {

struct Entry {
  const EngineKind* kind = nullptr;
  peers::Made made;
  const peers::Sample* sample = nullptr;
  std::shared_ptr<checks::CheckSet> checks = nullptr;  // of kOursWhole, which has no peer
};

class Runs {
 public:
  Runs(const std::shared_ptr<const rules::Program>& program,
       const std::deque<peers::MailMessage>& mail, const RunsPlan& plan)
      : program_(program),
        plan_(plan),
        slow_(take_sample(mail, plan.kind, slow_texts(program->patterns().size()), plan.seed)),
        fast_(take_sample(mail, plan.kind, kFastTexts, plan.seed)),
        messages_(mail.size()) {}

  std::vector<EngineRun> run() {
    make_all();
    std::vector<peers::Contestant> contestants;
    for (const Entry& entry : entries_) {
      if (entry.checks != nullptr)
        contestants.push_back({nullptr, [&entry] { inspect_all(entry); }, entry.sample});
      else if (entry.made.peer != nullptr)
        contestants.push_back({entry.made.peer.get(), {}, entry.sample});
    }
    peers::RoundsPlan rounds;
    rounds.rounds = plan_.runs;
    rounds.least_seconds = plan_.least_seconds;
    rounds.limit_seconds = plan_.limit_seconds;
    rounds.on_done = [this](double share) { tell(kMaking + (1 - kMaking) * share); };
    const auto timed = run_rounds(contestants, rounds);
    std::vector<EngineRun> runs;
    std::size_t next = 0;
    for (const Entry& entry : entries_) {
      const bool measured = entry.made.peer != nullptr || entry.checks != nullptr;
      runs.push_back(described(entry, measured ? &timed[next++] : nullptr));
    }
    return runs;
  }

 private:
  static constexpr double kMaking = 0.3;  // of the work, for the progress

  void tell(double share) const {
    if (plan_.on_done) plan_.on_done(share);
  }

  void make_all() {
    peers::Bounds bounds;
    bounds.time = std::chrono::milliseconds(static_cast<std::int64_t>(plan_.limit_seconds * 1e3));
    for (const std::string& name : plan_.engines) {
      const double share = static_cast<double>(entries_.size()) /
                           static_cast<double>(plan_.engines.size()) * kMaking;
      bounds.tick = [this, share] { tell(share); };
      tell(share);
      const EngineKind* kind = find_engine(name);
      if (kind == nullptr || !applies(*kind, *program_)) continue;
      if (kind->name == kOursWhole) {
        const bool body = plan_.kind == peers::KeyKind::body;
        entries_.push_back(
            {kind,
             {},
             &fast_,
             peers::make_check_set(body ? nullptr : program_, body ? program_ : nullptr)});
        continue;
      }
      entries_.push_back(
          {kind, make_engine(*kind, program_, plan_.kind, bounds), kind->slow ? &slow_ : &fast_});
    }
  }

  // The number of actions.
  static std::uint64_t inspect_all(const Entry& entry) {
    std::uint64_t actions = 0;
    for (const peers::MailMessage* message : entry.sample->messages)
      actions += peers::inspect_message(*entry.checks, message->raw);
    return actions;
  }

  // Ours over the sample that the other engine had.
  std::uint64_t our_digest(const peers::Sample& sample) const {
    peers::Hits hits;
    for (const Entry& entry : entries_)
      if (entry.kind->name == kOurs && entry.made.peer != nullptr)
        scan_sample(*entry.made.peer, sample, hits);
    return hits.digest;
  }

  EngineRun described(const Entry& entry, const peers::Timed* timed) const {
    EngineRun run;
    run.engine = entry.kind->name;
    run.left_out = entry.made.left_out.size();
    run.approximate = entry.made.approximate;
    run.memory_bytes = entry.made.memory_bytes;
    run.compile_seconds = entry.made.compile_seconds;
    run.problem = entry.made.problem;
    if (timed == nullptr) return run;
    run.problem.clear();
    run.texts = entry.sample->texts;
    run.bytes = entry.sample->bytes;
    run.whole_corpus = entry.sample->sections.size() == messages_;
    run.hits = timed->hits.texts;
    run.seconds = timed->seconds;
    run.cut = timed->cut;
    if (entry.checks != nullptr) {
      run.hits = inspect_all(entry);
      run.bytes = 0;
      for (const peers::MailMessage* message : entry.sample->messages)
        run.bytes += message->raw.size();
      return run;
    }
    run.exact = entry.made.exact && entry.made.left_out.empty();
    if (run.exact && entry.kind->name != kOurs)
      run.agrees = our_digest(*entry.sample) == timed->hits.digest;
    return run;
  }

  const std::shared_ptr<const rules::Program>& program_;
  const RunsPlan& plan_;
  const peers::Sample slow_, fast_;
  const std::size_t messages_;
  std::vector<Entry> entries_;
};

}  // namespace

std::uint64_t slow_texts(std::size_t patterns) {
  constexpr std::uint64_t kTests = 1'500'000, kLeast = 300;
  return std::clamp(kTests / std::max<std::uint64_t>(1, patterns), kLeast, kFastTexts);
}

std::vector<EngineRun> run_engines(const std::shared_ptr<const rules::Program>& program,
                                   const std::deque<peers::MailMessage>& mail,
                                   const RunsPlan& plan) {
  return Runs(program, mail, plan).run();
}

}  // namespace headgate::bench
