// headgate diff: what two sets of content checks make of the same mail: which messages are treated differently, and by which
// rules. The mail is read once; each message is judged twice, as `match` judges it. A table that cannot be opened ends it:
// with lookups that fail there would be nothing to compare.
// Tested by tests/smtpd/cli/diff_test.cc.
#include <algorithm>
#include <filesystem>
#include <ostream>
#include <set>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "engine/base/sha256.h"
#include "engine/rules/program_lookup.h"
#include "smtpd/bench/key_kind.h"
#include "smtpd/cli/command.h"
#include "smtpd/cli/command_line.h"
#include "smtpd/cli/diff_report.h"
#include "smtpd/cli/images.h"
#include "smtpd/cli/judge.h"
#include "smtpd/cli/progress_bar.h"
#include "smtpd/cli/rule_table.h"
#include "smtpd/corpus/message_files.h"
#include "smtpd/session/open_checks.h"

namespace headgate::cli {

namespace {

namespace fs = std::filesystem;

enum DiffExitCode : int { kExitSame = 0, kExitDifferent = 1 };

struct Options {
  std::string before, after;
  std::vector<std::string> corpus;
  bool headers = false, body = false, emergency = false, ignore_text = false, markdown = false;
  std::optional<std::size_t> limit;
};

tl::expected<Options, int> parse(Invocation& invocation) {
  Options options;
  CLI::App app("What two tables, or two configurations, make of the same mail.", "headgate diff");
  app.set_help_flag("--help", "print this help");
  app.add_option("OLD", options.before, "a table, type:name, or a configuration directory")
      ->required();
  app.add_option("NEW", options.after, "the same, to compare with it")->required();
  app.add_option(
         "--corpus", options.corpus,
         "mail: files, mboxes, Maildirs, folders, tar archives, also gzipped; - is standard "
         "input; may be repeated")
      ->required()
      ->allow_extra_args(false);
  app.add_flag("-h,--headers", options.headers, "the tables are asked for headers");
  app.add_flag("-b,--body", options.body,
               "... for body lines (default: by the look of the patterns)");
  app.add_flag("--emergency", options.emergency, "as under stress: emergency rules only");
  app.add_flag("--ignore-text", options.ignore_text,
               "only pass, hold, discard, reject, defer, failed; no texts, no effects");
  app.add_flag("--markdown", options.markdown, "for a pull request");
  app.add_option("--limit", options.limit,
                 "examples of each change, and rules (default 10, with --json all; 0: all)")
      ->check(CLI::Range(0, 1'000'000'000));
  if (const auto code = parse_command_line(app, invocation)) return tl::unexpected(*code);
  if (options.markdown && invocation.json)
    return tl::unexpected(fatal(invocation, kExitUsage, "either --markdown or --json"));
  return options;
}

bool is_table(const std::string& name) {
  std::error_code error;
  const std::size_t colon = name.find(':');
  return colon != std::string::npos && name.find('/') > colon && !fs::is_directory(name, error);
}

// What tables say, once each: both sides may name the same.
class Warner {
 public:
  explicit Warner(Invocation& invocation) : invocation_(invocation) {}

  void operator()(const Diagnostic& diagnostic) {
    const bool is_error = diagnostic.severity >= Severity::error;
    if (is_error && broken_.empty()) broken_ = diagnostic.file;
    if (!said_.insert(diagnostic.text).second) return;
    if (!is_error) return warning(invocation_, diagnostic.text);
    invocation_.err << "headgate: error: " << diagnostic.text << '\n';
  }

  // The first table that does not open; "": all do.
  [[nodiscard]] const std::string& broken() const { return broken_; }

 private:
  Invocation& invocation_;
  std::set<std::string> said_;
  std::string broken_;
};

// One of the two: the settings, and the checks that they name.
struct Side {
  std::string name;
  std::shared_ptr<config::Settings> settings;
  std::shared_ptr<checks::CheckSet> set;
  checks::Limits limits;
};

using Settings = std::shared_ptr<config::Settings>;

// A table is asked under the configuration of the command line, as `match` has it.
tl::expected<Settings, int> settings_of_table(Invocation& invocation, const std::string& spec,
                                              const Options& options) {
  const auto config = load_with_images(invocation);
  if (!config) return tl::unexpected(config.error());
  auto settings = check_settings(*config, options.emergency);
  settings->header_checks = settings->mime_header_checks = settings->nested_header_checks =
      settings->body_checks = {spec};
  return settings;
}

tl::expected<Settings, int> settings_of_directory(Invocation& invocation,
                                                  const std::string& directory,
                                                  const Options& options) {
  std::error_code error;
  if (!fs::is_directory(directory, error))
    return tl::unexpected(
        fatal(invocation, kExitNoInput,
              fmt::format("{}: neither a table, type:name, nor a directory", directory)));
  const auto config = config::load({directory, invocation.overrides});
  if (!config)
    return tl::unexpected(fatal(invocation, kExitBadConfiguration, config.error().text()));
  if (config->embedded)
    return tl::unexpected(
        fatal(invocation, kExitNoInput, fmt::format("{}: there is no main.cf", directory)));
  use_images_of(*config, invocation);
  return check_settings(*config, options.emergency);
}

// The reason why a table does not open, as sysexits have it.
int exit_code_of_table(Invocation& invocation, const std::string& spec) {
  tables::OpenOptions plain;
  plain.fold = false;
  const auto opened = tables::open_table(
      spec, invocation.programs, [](const Diagnostic&) {}, plain);
  return opened ? kExitUnavailable : exit_code_of(opened.error());
}

// Before a table with many patterns is asked one by one about much mail, it is built: as many patterns as take PCRE2 some
// ten seconds at 6.5 ns a byte each.
void build_large_tables(Invocation& invocation, const config::Settings& settings,
                        std::uintmax_t corpus_bytes) {
  constexpr std::uintmax_t kPatternBytes = 1'500'000'000;
  std::set<std::string> specs;
  for (const auto* list : {&settings.header_checks, &settings.mime_header_checks,
                           &settings.nested_header_checks, &settings.body_checks})
    specs.insert(list->begin(), list->end());
  build_images(invocation, {specs.begin(), specs.end()},
               static_cast<std::size_t>(kPatternBytes / std::max<std::uintmax_t>(corpus_bytes, 1)));
}

tl::expected<Side, int> open_side(Invocation& invocation, const std::string& name,
                                  const Options& options, std::uintmax_t corpus_bytes,
                                  Warner& warner) {
  const auto settings = is_table(name) ? settings_of_table(invocation, name, options)
                                       : settings_of_directory(invocation, name, options);
  if (!settings) return tl::unexpected(settings.error());
  build_large_tables(invocation, **settings, corpus_bytes);
  Side side{name, *settings, nullptr, session::check_limits(**settings)};
  const auto stage =
      options.emergency || side.settings->stress ? session::Stage::emergency : session::Stage::full;
  side.set = session::open_checks(*side.settings, stage, invocation.programs,
                                  [&warner](const Diagnostic& diagnostic) { warner(diagnostic); });
  if (!warner.broken().empty())
    return tl::unexpected(exit_code_of_table(invocation, warner.broken()));
  return side;
}

const rules::Program* program_of(const Side& side) {
  if (side.set->header->tables.empty()) return nullptr;
  const auto* lookup =
      dynamic_cast<const rules::ProgramLookup*>(side.set->header->tables.front().get());
  return lookup == nullptr ? nullptr : &lookup->program();
}

// The patterns that may be meant for body lines.
std::multiset<std::string> unnamed_patterns(const rules::Program& program) {
  std::multiset<std::string> unnamed;
  for (const auto& pattern : program.patterns()) {
    if (!bench::names_header(pattern.text)) unnamed.insert(pattern.text);
  }
  return unnamed;
}

// By the look of both; and where patterns that name no header came or went, bodies are asked for, too: "no difference" must
// not mean that nobody looked.
AskedFor asked_for(const Options& options, const Side& before, const Side& after) {
  AskedFor asked{options.headers, options.body, !options.headers && !options.body};
  if (!asked.guessed) return asked;
  const rules::Program* const programs[] = {program_of(before), program_of(after)};
  for (const rules::Program* program : programs) {
    if (program == nullptr) continue;
    const bool is_body = bench::key_kind_of(*program) == peers::KeyKind::body;
    asked.body = asked.body || is_body;
    asked.headers = asked.headers || !is_body;
  }
  if (programs[0] != nullptr && programs[1] != nullptr && !asked.body)
    asked.body = unnamed_patterns(*programs[0]) != unnamed_patterns(*programs[1]);
  if (!asked.body) asked.headers = true;
  return asked;
}

void keep_only(checks::CheckSet& set, const AskedFor& asked) {
  if (!asked.headers) set.header = set.mime = set.nested = std::make_shared<checks::TableList>();
  if (!asked.body) set.body = std::make_shared<checks::TableList>();
}

std::string hashed(const Digest& digest) { return {digest.begin(), digest.end()}; }

// A digest of the message as it would be queued.
class KeptDigest final : public Judge::Keeper {
 public:
  void record(std::string_view bytes, bool continued) override {
    digest_.add(bytes);
    if (!continued) digest_.add("\n");
  }

  std::string finish() { return hashed(digest_.finish()); }

 private:
  Sha256 digest_;
};

// One message before one side.
class Hearing {
 public:
  Hearing(const std::string& name, const Side& side, const Judge::Options& options)
      : judge_(name, *side.set, side.limits, options, &kept_) {}

  void feed(std::string_view bytes, bool continued) { judge_.feed(bytes, continued); }

  Judged finish() {
    Judged judged;
    judged.report = judge_.finish();
    judged.kept = kept_.finish();
    return judged;
  }

 private:
  KeptDigest kept_;
  Judge judge_;
};

class Comparer final : public corpus::MessageReader {
 public:
  Comparer(Invocation& invocation, const Side& before, const Side& after, Differences& differences,
           std::uintmax_t corpus_bytes)
      : invocation_(invocation),
        before_(before),
        after_(after),
        differences_(differences),
        corpus_bytes_(corpus_bytes),
        bar_(invocation.err) {}

  void begin(const std::string& name) override {
    const Judge::Options options{.quiet_actions = true, .warn = warn_};
    first_.emplace(name, before_, options);
    second_.emplace(name, after_, options);
  }

  void record(std::string_view bytes, bool continued) override {
    read_ += bytes.size() + 1;
    first_->feed(bytes, continued);
    second_->feed(bytes, continued);
  }

  void end() override {
    Judged before = first_->finish();
    differences_.add(std::move(before), second_->finish());
    if (corpus_bytes_ > 0)
      bar_.show(
          static_cast<double>(read_) / static_cast<double>(corpus_bytes_),
          fmt::format("{} messages, {} differ", differences_.messages(), differences_.different()));
  }

 private:
  Invocation& invocation_;
  const Side &before_, &after_;
  Differences& differences_;
  std::uintmax_t corpus_bytes_, read_ = 0;
  ProgressBar bar_;
  std::set<std::string> said_;
  // A bad action is worth a warning, but not in each message that meets it.
  const std::function<void(std::string_view)> warn_ = [this](std::string_view text) {
    const std::size_t colon = text.rfind(": ");
    const std::string_view reason = colon == std::string_view::npos ? text : text.substr(colon);
    if (said_.size() < 100 && said_.insert(std::string(reason)).second) warning(invocation_, text);
  };
  std::optional<Hearing> first_, second_;
};

// As far as a look at the file system tells; of gzipped files a guess.
std::uintmax_t bytes_of(const std::vector<std::string>& paths) {
  std::uintmax_t bytes = 0;
  const auto add = [&bytes](const fs::path& path) {
    std::error_code error;
    const std::uintmax_t size = fs::file_size(path, error);
    if (!error) bytes += path.extension() == ".gz" || path.extension() == ".tgz" ? size * 3 : size;
  };
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      add(path);
      continue;
    }
    for (fs::recursive_directory_iterator at(path, error), last; !error && at != last;
         at.increment(error)) {
      std::error_code ignored;
      if (at->is_regular_file(ignored)) add(at->path());
    }
  }
  return bytes;
}

int read_corpus(Invocation& invocation, const Options& options, std::int64_t line_length_limit,
                corpus::MessageReader& reader) {
  for (const std::string& path : options.corpus) {
    const auto done = corpus::read_messages(path, static_cast<std::size_t>(line_length_limit),
                                            invocation.in, reader);
    if (!done) return fatal(invocation, kExitNoInput, done.error().text());
  }
  return kExitOk;
}

int report(Invocation& invocation, const Options& options, const AskedFor& asked,
           const Differences& differences) {
  const std::size_t most_rules = options.limit.value_or(10);
  const DiffFacts facts{options.before, options.after, options.corpus,
                        asked,          most_rules,    differences};
  invocation.out << (invocation.json    ? diff_json(facts)
                     : options.markdown ? diff_markdown(facts)
                                        : diff_text(facts));
  return differences.different() > 0 ? kExitDifferent : kExitSame;
}

int diff(Invocation& invocation, const Options& options) {
  const std::uintmax_t bytes = bytes_of(options.corpus);
  Warner warner(invocation);
  auto before = open_side(invocation, options.before, options, bytes, warner);
  if (!before) return before.error();
  auto after = open_side(invocation, options.after, options, bytes, warner);
  if (!after) return after.error();
  AskedFor asked;
  if (is_table(options.before)) asked = asked_for(options, *before, *after);
  keep_only(*before->set, asked);
  keep_only(*after->set, asked);
  const std::int64_t line_length_limit = before->settings->line_length_limit;
  if (line_length_limit != after->settings->line_length_limit)
    warning(invocation, "line_length_limit differs: long lines are cut as OLD says");

  const std::size_t most_examples = options.limit.value_or(invocation.json ? 0 : 10);
  Differences differences(RuleList(*before->set), RuleList(*after->set),
                          {most_examples, options.ignore_text});
  {
    Comparer comparer(invocation, *before, *after, differences, bytes);
    if (const int code = read_corpus(invocation, options, line_length_limit, comparer);
        code != kExitOk)
      return code;
  }
  if (differences.messages() == 0)
    return fatal(invocation, kExitNoInput,
                 fmt::format("{}: there are no messages", options.corpus.front()));
  return report(invocation, options, asked, differences);
}

}  // namespace

int run_diff(Invocation& invocation) {
  const auto options = parse(invocation);
  if (!options) return options.error();
  if (is_table(options->before) != is_table(options->after))
    return fatal(invocation, kExitUsage, "need two tables or two configuration directories");
  if (!is_table(options->before) && (options->headers || options->body))
    return fatal(invocation, kExitUsage, "-h and -b are for tables, not for directories");
  return diff(invocation, *options);
}

}  // namespace headgate::cli
