// How it works: each plan's image is built in a folder of its own, with the limits that the table's image is built with, so
// that its key is the same and it can be moved to where that stands. The builders read the mail from this process's memory:
// whatever ends it, no copy of the mail stays behind.
// Tested by tests/smtpd/bench/tune_test.cc and tests/e2e/tune_test.py.
#include "smtpd/bench/tune.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <utility>

#include "bench/peers/cpu_clock.h"
#include "bench/peers/ours.h"
#include "bench/peers/rounds.h"
#include "engine/base/file.h"
#include "engine/rules/program.h"
#include "smtpd/bench/key_kind.h"
#include "smtpd/bench/memory_file.h"
#include "smtpd/bench/scratch_folder.h"
#include "smtpd/bench/settings_guard.h"
#include "smtpd/bench/table_builder.h"
#include "smtpd/bench/tune_halves.h"

namespace headgate::bench {

namespace {

constexpr std::uint64_t kMostBytes = 4'000'000;  // to measure on, and to try plans on
constexpr double kClearlyFaster = 0.97;          // than the guess, which is kept otherwise
constexpr double kBuilding = 0.8;                // of all the time, about

struct Variant {
  std::string_view name;
  bool measured;
  std::string_view without;
  bool of_rows;  // the same as the one before, where that has none
};

constexpr auto kVariants = std::to_array<Variant>({
    {"guessed", false, "", false},
    {"measured", true, "", false},
    {"measured, without rows", true, "rows", true},
    {"measured, without own spellings", true, "spellings", false},
});

class Tuner {
 public:
  Tuner(const TuneOptions& options, const peers::MailKeys& mail, rules::ProgramSource& programs,
        const OnProgress& on_progress)
      : options_(options),
        corpus_(mail),
        programs_(programs),
        on_progress_(on_progress),
        settings_(programs) {}

  Result<TuneReport> run() {
    report_.spec = options_.table.spec;
    TRY(name, table_name(options_.table.spec));
    table_ = std::move(name);
    if (settings_.before().directory.empty())
      return fail(Code::unavailable, "there is no directory for compiled tables", report_.spec);
    if (folder_.path().empty()) return fail(Code::unavailable, "no folder for temporary files");
    TRY(text, table_text());
    TRY_OK(take_mail());
    build_all();
    auto ran = run_all();
    if (table_text().value_or("") != text)
      return fail(Code::unavailable, "the table changed while it was tuned", report_.spec);
    TRY_OK(std::move(ran));
    settings_.restore();
    on_progress_(1, "publishing");
    TRY_OK(programs_.adopt(table_.dialect, table_.name, directory_of(report_.kept)));
    return std::move(report_);
  }

 private:
  // Read again and again: only a file, or a table within the name, stays what it is.
  [[nodiscard]] Result<std::string> table_text() const {
    if (table_.name.starts_with('{')) return table_.name;
    std::error_code error;
    const auto kind = std::filesystem::status(table_.name, error).type();
    if (kind != std::filesystem::file_type::regular &&
        kind != std::filesystem::file_type::not_found)
      return fail(Code::invalid, "only a table in a file can be tuned", report_.spec);
    return read_file(table_.name);
  }

  Result<void> take_mail() {
    TRY(loaded, programs_.load(table_.dialect, table_.name));
    if (loaded.full->patterns().empty())
      return fail(Code::invalid, "there is no rule in it", report_.spec);
    report_.kind_guessed = options_.table.headers == options_.table.body;
    if (report_.kind_guessed)
      report_.kind = key_kind_of(*loaded.full);
    else
      report_.kind = options_.table.headers ? peers::KeyKind::header : peers::KeyKind::body;
    halves_ = halves_of(corpus_.messages(), report_.kind, kMostBytes, options_.seed);
    if (halves_.measured.texts.empty() || halves_.tried.texts == 0) {
      return fail(Code::not_found,
                  report_.kind == peers::KeyKind::body ? "the mail has no body lines to measure on"
                                                       : "the mail has no headers to measure on",
                  report_.spec);
    }
    report_.measured_texts = halves_.measured.texts.size();
    report_.measured_bytes = halves_.measured_bytes;
    report_.tried_texts = halves_.tried.texts;
    report_.tried_bytes = halves_.tried.bytes;
    return mail_.write(rules::mail_sample_bytes(halves_.measured));
  }

  [[nodiscard]] std::string directory_of(std::size_t number) const {
    return folder_.path() + '/' + std::to_string(number);
  }

  void build_all() {
    for (const Variant& variant : kVariants) {
      if (variant.of_rows && report_.tried.back().rows == 0) continue;
      const std::size_t number = report_.tried.size();
      on_progress_(kBuilding * static_cast<double>(number) / static_cast<double>(kVariants.size()),
                   "building");
      Tried& tried = report_.tried.emplace_back();
      tried.name = variant.name;
      tried.measured = variant.measured;
      built_.push_back(nullptr);
      const double begun = peers::wall_seconds();
      if (number > 0 && begun - begun_ > static_cast<double>(options_.limit.count())) {
        tried.problem = "the time was over";
        continue;
      }
      rules::ImageSettings settings = settings_.before();
      settings.directory = directory_of(number);
      if (variant.measured) settings.choice = {mail_.path(), std::string(variant.without)};
      programs_.configure(settings);
      auto program = build();
      tried.build_seconds = peers::wall_seconds() - begun;
      if (!program) {
        tried.problem = program.error().text();
        continue;
      }
      built_.back() = std::move(*program);
      describe(*built_.back(), tried);
    }
  }

  Result<std::shared_ptr<const rules::Program>> build() {
    TRY_OK(programs_.build(table_.dialect, table_.name, never_cancelled_));
    TRY(loaded, programs_.load(table_.dialect, table_.name));
    if (loaded.wants_build) return fail(Code::unavailable, "what was built cannot be used");
    return loaded.full;
  }

  void describe(const rules::Program& program, Tried& tried) const {
    tried.databases = program.plan().scans.size();
    for (const rules::Scan& scan : program.plan().scans)
      tried.database_bytes += scan.scanner->size_bytes();
    if (report_.kind == peers::KeyKind::body) tried.rows = program.plan().block_rows.size();
  }

  Result<void> run_all() {
    std::vector<peers::Made> made;
    std::vector<peers::Contestant> contestants;
    std::vector<std::size_t> numbers;
    for (std::size_t i = 0; i < built_.size(); ++i) {
      if (built_[i] == nullptr) continue;
      made.push_back(peers::make_ours(built_[i], report_.kind));
      contestants.push_back({made.back().peer.get(), {}, &halves_.tried});
      numbers.push_back(i);
    }
    if (numbers.empty())
      return fail(Code::unavailable, report_.tried.front().problem, report_.spec);
    peers::RoundsPlan plan;
    plan.rounds = options_.rounds;
    plan.least_seconds = options_.least_seconds;
    plan.limit_seconds = static_cast<double>(options_.limit.count()) / 4;
    plan.on_done = [this](double share) {
      on_progress_(kBuilding + (1 - kBuilding) * share, "running");
    };
    const auto timed = run_rounds(contestants, plan);
    for (std::size_t i = 0; i < timed.size(); ++i) {
      if (timed[i].hits.digest != timed[0].hits.digest ||
          timed[i].hits.texts != timed[0].hits.texts)
        return fail(Code::bug, "two plans give different answers: nothing is kept", report_.spec);
      Tried& tried = report_.tried[numbers[i]];
      for (const double seconds : timed[i].seconds)
        tried.nanoseconds.push_back(seconds * 1e9 / static_cast<double>(halves_.tried.bytes));
    }
    report_.hits = timed[0].hits.texts;
    keep_fastest(numbers);
    return {};
  }

  // Round by round beside the first, for the machine is not always the same.
  void keep_fastest(const std::vector<std::size_t>& numbers) {
    report_.kept = numbers.front();
    const std::vector<double>& first = report_.tried[numbers.front()].nanoseconds;
    double least = kClearlyFaster;
    for (const std::size_t number : numbers) {
      if (number == numbers.front() || report_.tried[number].nanoseconds.empty()) continue;
      const double beside = peers::ratio_of(report_.tried[number].nanoseconds, first).median;
      if (beside >= least) continue;
      least = beside;
      report_.kept = number;
    }
  }

  const TuneOptions& options_;
  const peers::MailKeys& corpus_;
  rules::ProgramSource& programs_;
  const OnProgress& on_progress_;
  ScratchFolder folder_;
  MemoryFile mail_;
  SettingsGuard settings_;
  TableName table_;
  Halves halves_;
  std::vector<std::shared_ptr<const rules::Program>> built_;  // of report_.tried; null: none
  TuneReport report_;
  const double begun_ = peers::wall_seconds();
  const std::atomic<bool> never_cancelled_{false};
};

}  // namespace

Result<TuneReport> tune(const TuneOptions& options, const peers::MailKeys& mail,
                        rules::ProgramSource& programs, const OnProgress& on_progress) {
  return Tuner(options, mail, programs, on_progress).run();
}

}  // namespace headgate::bench
