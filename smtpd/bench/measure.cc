// How it works: a table at a time: build, load, hits over all mail, engines, cost of each rule, growth, grouping advice.
// Each is a stage with a share of the progress that is a guess, which is enough for an ETA.
// Tested by tests/smtpd/bench/measure_test.cc.
#include "smtpd/bench/measure.h"

#include <algorithm>
#include <map>

#include "bench/peers/asked.h"
#include "bench/peers/ours.h"
#include "bench/peers/rounds.h"
#include "engine/base/file.h"
#include "smtpd/bench/advice.h"
#include "smtpd/bench/engine_runs.h"
#include "smtpd/bench/key_kind.h"
#include "smtpd/bench/machine.h"
#include "smtpd/bench/rule_costs.h"
#include "smtpd/bench/table_builder.h"

namespace headgate::bench {

namespace {

using ProgramPtr = std::shared_ptr<const rules::Program>;

constexpr std::size_t kMostAdvice = 6;  // groups that are measured one by one

// One table, one class of keys.
class TableRun {
 public:
  TableRun(const Options& options, const peers::MailKeys& mail, TableBuilder& builder,
           const OnProgress& on_progress)
      : options_(options), mail_(mail), builder_(builder), on_progress_(on_progress) {}

  Result<TableReport> run(const TableName& table, const ProgramPtr& program, TableReport report) {
    report_ = std::move(report);
    program_ = program;
    describe();
    count_hits();
    measure_engines();
    measure_rules();
    const auto text = table_text(table);
    if (!text) {
      report_.growth_problem = text.error().text();
      return std::move(report_);
    }
    TRY_OK(measure_growth(*text));
    TRY_OK(measure_advice(*text));
    return std::move(report_);
  }

 private:
  void tell(double share, std::string_view what) const { on_progress_(share, what); }

  void describe() {
    report_.dialect = rules::name_of(program_->dialect());
    report_.rules = program_->rules().size();
    report_.patterns = program_->patterns().size();
    report_.databases = program_->plan().scans.size();
    for (const rules::Scan& scan : program_->plan().scans)
      report_.database_bytes += scan.scanner->size_bytes();
    std::map<std::pair<std::string, std::string>, std::size_t> mix;
    for (const rules::Pattern& pattern : program_->patterns())
      ++mix[{std::string(rules::name_of(pattern.strategy)), pattern.reason}];
    for (const auto& [key, patterns] : mix)
      report_.mix.push_back({key.first, key.second, patterns});
    std::ranges::stable_sort(report_.mix, std::ranges::greater(), &MixRow::patterns);
    for (const rules::Op& op : program_->ops())
      report_.guards += op.kind == rules::OpKind::test && op.role == rules::Role::guard;
  }

  void count_hits() {
    tell(0, "hits");
    const auto ours = peers::make_ours(program_, report_.kind);
    const auto all = take_sample(mail_.messages(), report_.kind, 0, 0);
    scan_sample(*ours.peer, all, hits_);
    report_.hits = hits_.texts;
  }

  [[nodiscard]] RunsPlan runs_plan(double from, double to, std::string_view what) const {
    RunsPlan plan;
    plan.engines = options_.engines;
    plan.kind = report_.kind;
    plan.seed = options_.seed;
    plan.runs = options_.runs;
    plan.least_seconds = options_.least_seconds;
    plan.limit_seconds = static_cast<double>(options_.limit.count());
    plan.on_done = [this, from, to, what](double share) { tell(from + (to - from) * share, what); };
    return plan;
  }

  void measure_engines() {
    report_.engines = run_engines(program_, mail_.messages(), runs_plan(0.05, 0.4, "engines"));
  }

  void measure_rules() {
    const auto sample = take_sample(mail_.messages(), report_.kind,
                                    slow_texts(program_->patterns().size()), options_.seed);
    report_.cost_texts = sample.texts;
    report_.rows = rule_rows(*program_, sample, hits_,
                             [this](double share) { tell(0.4 + 0.1 * share, "rules"); });
    count_asks();
  }

  // By pattern; a pattern that several tests share is counted with each of them.
  void count_asks() {
    const auto sample = take_sample(mail_.messages(), report_.kind, kFastTexts, options_.seed);
    const auto asked = peers::ask_counts(*program_, report_.kind, sample);
    report_.asked_texts = sample.texts;
    auto row = report_.rows.begin();
    for (const rules::Op& op : program_->ops()) {
      if (op.kind != rules::OpKind::test) continue;
      row->asked = asked[op.index].times;
      if (sample.texts > 0)
        row->asked_nanoseconds = asked[op.index].nanoseconds / static_cast<double>(sample.texts);
      ++row;
    }
  }

  static Result<std::string> table_text(const TableName& table) {
    if (table.name.starts_with('{'))
      return fail(Code::invalid, "an inline table is measured as a whole only");
    return read_file(table.name);
  }

  // An engine that was not ready in time for all rules is not waited for again with nearly as many.
  [[nodiscard]] bool is_beyond(const std::string& engine, std::size_t rules) const {
    const auto run = std::ranges::find(report_.engines, engine, &EngineRun::engine);
    return run != report_.engines.end() && !run->problem.empty() && rules > report_.rules / 5;
  }

  Result<void> measure_growth(const std::string& text) {
    const TableText statements(text);
    for (const std::size_t rules : {std::size_t{10}, std::size_t{100}, std::size_t{1000}}) {
      if (rules >= statements.rule_count()) break;
      const double from = 0.5 + 0.1 * static_cast<double>(report_.growth.size());
      tell(from, "growth");
      TRY(built, builder_.build_text(program_->dialect(), "growth",
                                     statements.subset(rules, options_.seed)));
      RunsPlan plan = runs_plan(from + 0.02, from + 0.1, "growth");
      std::erase_if(plan.engines, [&](const std::string& name) {
        const EngineKind* kind = find_engine(name);
        return kind == nullptr || !kind->grows || is_beyond(name, rules);
      });
      report_.growth.push_back({rules, run_engines(built.program, mail_.messages(), plan)});
    }
    GrowthPoint all{report_.rules, {}};
    for (const EngineRun& run : report_.engines)
      if (find_engine(run.engine)->grows) all.engines.push_back(run);
    report_.growth.push_back(std::move(all));
    return {};
  }

  // The table with these groups, Postfix's way, against the table as it is.
  Result<Advice> try_groups(const TableText& text, const std::vector<GroupEdit>& edits,
                            const peers::Sample& sample) {
    TRY(program, builder_.open_text(program_->dialect(), "grouped", text.with_groups(edits)));
    const EngineKind& postfix = *find_engine(postfix_engine(program_->dialect()));
    const auto before = make_engine(postfix, program_, report_.kind, {});
    const auto after = make_engine(postfix, program, report_.kind, {});
    Advice advice;
    if (before.peer == nullptr || after.peer == nullptr) return advice;
    peers::RoundsPlan rounds;
    rounds.rounds = options_.runs;
    rounds.least_seconds = options_.least_seconds;
    const auto timed =
        run_rounds({{before.peer.get(), {}, &sample}, {after.peer.get(), {}, &sample}}, rounds);
    advice.same_answers =
        timed[0].hits.digest == timed[1].hits.digest && timed[0].hits.texts == timed[1].hits.texts;
    advice.faster = peers::ratio_of(timed[0].seconds, timed[1].seconds);
    return advice;
  }

  Result<void> measure_advice(const std::string& text) {
    const TableText statements(text);
    const auto candidates = grouping_candidates(*program_, statements);
    const auto sample = take_sample(mail_.messages(), report_.kind,
                                    slow_texts(program_->patterns().size()), options_.seed);
    std::vector<GroupEdit> all;
    for (const Candidate& candidate : candidates) {
      tell(0.85 + 0.15 * static_cast<double>(all.size()) / static_cast<double>(candidates.size()),
           "grouping");
      all.push_back(candidate.edit);
      if (all.size() > kMostAdvice) continue;
      TRY(advice, try_groups(statements, {candidate.edit}, sample));
      advice.guard = candidate.edit.guard;
      advice.first_line = candidate.edit.first_line;
      advice.last_line = candidate.edit.last_line;
      advice.rules = candidate.rules;
      report_.advice.push_back(std::move(advice));
    }
    if (all.size() < 2) return {};
    TRY(together, try_groups(statements, all, sample));
    if (together.same_answers) report_.all_advice = together.faster;
    return {};
  }

  const Options& options_;
  const peers::MailKeys& mail_;
  TableBuilder& builder_;
  const OnProgress& on_progress_;
  ProgramPtr program_;
  peers::Hits hits_;
  TableReport report_;
};

class Measurement {
 public:
  Measurement(const Options& options, const peers::MailKeys& mail, rules::ProgramSource& programs,
              const WarningSink& warn, const OnProgress& on_progress)
      : options_(options),
        mail_(mail),
        builder_(programs, options.limit),
        warn_(warn),
        on_progress_(on_progress) {
    if (options_.engines.empty())
      for (const EngineKind& kind : engine_kinds()) options_.engines.emplace_back(kind.name);
    if (std::ranges::find(options_.engines, kOurs) == options_.engines.end())
      options_.engines.insert(options_.engines.begin(), std::string(kOurs));
  }

  Result<Report> run() {
    Report report;
    report.machine = this_machine();
    report.seed = options_.seed;
    report.runs = options_.runs;
    describe_corpus(report.corpus);
    for (std::size_t i = 0; i < options_.tables.size(); ++i) {
      table_ = i;
      TRY_OK(run_table(options_.tables[i], report));
    }
    return report;
  }

 private:
  void describe_corpus(CorpusFacts& corpus) const {
    corpus.messages = mail_.messages().size();
    const auto headers = take_sample(mail_.messages(), peers::KeyKind::header, 0, 0);
    const auto body = take_sample(mail_.messages(), peers::KeyKind::body, 0, 0);
    corpus.headers = headers.texts;
    corpus.header_bytes = headers.bytes;
    corpus.body_lines = body.texts;
    corpus.body_bytes = body.bytes;
  }

  void tell(double share, std::string_view what) const {
    if (on_progress_)
      on_progress_(
          (static_cast<double>(table_) + share) / static_cast<double>(options_.tables.size()),
          what);
  }

  Result<void> run_table(const TableChoice& choice, Report& report) {
    tell(0, "building");
    TRY(table, table_name(choice.spec));
    TRY(built, builder_.build(table, warn_));
    if (built.program->rules().empty())
      return fail(Code::invalid, "there is no rule in it", choice.spec);
    built.program.reset();  // what is in use would not be loaded again
    TableReport facts;
    facts.spec = choice.spec;
    facts.build_problem = built.problem;
    facts.build_cpu_seconds = built.cpu_seconds;
    facts.build_wall_seconds = built.wall_seconds;
    TRY(times, builder_.load_times(table, options_.runs));
    facts.load_seconds = times;
    TRY(again, builder_.build(table, nullptr));
    std::vector<peers::KeyKind> kinds;
    if (choice.headers) kinds.push_back(peers::KeyKind::header);
    if (choice.body) kinds.push_back(peers::KeyKind::body);
    if (kinds.empty()) {
      facts.kind_guessed = true;
      kinds = {key_kind_of(*again.program)};
    }
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      facts.kind = kinds[i];
      const OnProgress part = [&, i](double share, std::string_view what) {
        tell(0.2 + 0.8 * (static_cast<double>(i) + share) / static_cast<double>(kinds.size()),
             what);
      };
      TRY(done, TableRun(options_, mail_, builder_, part).run(table, again.program, facts));
      report.tables.push_back(std::move(done));
    }
    return {};
  }

  Options options_;
  const peers::MailKeys& mail_;
  TableBuilder builder_;
  const WarningSink& warn_;
  const OnProgress& on_progress_;
  std::size_t table_ = 0;
};

}  // namespace

Result<Report> measure(const Options& options, const peers::MailKeys& mail,
                       rules::ProgramSource& programs, const WarningSink& warn,
                       const OnProgress& on_progress) {
  return Measurement(options, mail, programs, warn, on_progress).run();
}

}  // namespace headgate::bench
