// headgate match: the content checks over messages, no server needed. A message is judged as if a client had sent it,
// but for the Received: header that a server puts on top. Tables come from the options or, without any, from the
// configuration's first smtpd service, as its cleanup service sets them.
// A table named as an option must open; one that the configuration names fails its lookups, as in the server (451).
// Tested by tests/smtpd/cli/match_test.cc.
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <ostream>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "smtpd/cli/command.h"
#include "smtpd/cli/command_line.h"
#include "smtpd/cli/images.h"
#include "smtpd/cli/judge.h"
#include "smtpd/cli/match_report.h"
#include "smtpd/config/load.h"
#include "smtpd/corpus/message_files.h"
#include "smtpd/session/open_checks.h"

namespace headgate::cli {

namespace {

struct Options {
  std::vector<std::string> header, mime, nested, body, messages;
  bool emergency = false;
  std::string output;

  [[nodiscard]] bool names_tables() const {
    return !header.empty() || !mime.empty() || !nested.empty() || !body.empty();
  }
};

// What the command line asks for; an exit code when there is nothing to do.
tl::expected<Options, int> parse(Invocation& invocation) {
  Options options;
  CLI::App app("The content checks over messages, without a server.", "headgate match");
  app.add_option("--header-checks", options.header, "table for primary headers; may be repeated")
      ->allow_extra_args(false);
  app.add_option("--mime-header-checks", options.mime,
                 "table for MIME headers (default: as header checks)")
      ->allow_extra_args(false);
  app.add_option("--nested-header-checks", options.nested,
                 "table for attached messages' headers (default: same)")
      ->allow_extra_args(false);
  app.add_option("--body-checks", options.body, "table for everything else; may be repeated")
      ->allow_extra_args(false);
  app.add_flag("--emergency", options.emergency, "as under stress: emergency rules only");
  app.add_option("--output", options.output,
                 "write accepted messages here, as they would be queued");
  app.add_option("MESSAGE", options.messages,
                 "files, mboxes, Maildirs, folders; - is standard input")
      ->required();
  if (const auto code = parse_command_line(app, invocation)) return tl::unexpected(*code);
  return options;
}

tl::expected<std::shared_ptr<config::Settings>, int> settings_for(Invocation& invocation,
                                                                  const Options& options) {
  const auto config = load_with_images(invocation);
  if (!config) return tl::unexpected(config.error());
  auto settings = check_settings(*config, options.emergency);
  if (options.names_tables()) {
    settings->header_checks = options.header;
    settings->mime_header_checks = options.mime.empty() ? options.header : options.mime;
    settings->nested_header_checks = options.nested.empty() ? options.header : options.nested;
    settings->body_checks = options.body;
  }
  return settings;
}

// A message as it would be queued. One that would not be leaves no file.
class OutputFile final : public Judge::Keeper {
 public:
  explicit OutputFile(std::string path)
      : path_(std::move(path)), file_(path_, std::ios::binary | std::ios::trunc) {}

  void record(std::string_view bytes, bool continued) override {
    file_ << bytes;
    if (!continued) file_ << '\n';
  }

  Result<void> finish(const checks::Verdict& verdict) {
    file_.close();
    if (!file_) return fail(Code::io, fmt::format("write {}", path_));
    if (verdict.disposition != checks::Disposition::accept) std::filesystem::remove(path_);
    return {};
  }

 private:
  const std::string path_;
  std::ofstream file_;
};

// Judges message after message and prints each report.
class Matcher final : public corpus::MessageReader {
 public:
  Matcher(Invocation& invocation, std::string output, const config::Settings& settings,
          checks::CheckSet& set)
      : invocation_(invocation),
        output_(std::move(output)),
        limits_(session::check_limits(settings)),
        set_(set) {}

  void begin(const std::string& name) override {
    if (!output_.empty()) file_ = std::make_unique<OutputFile>(output_path(name));
    Judge::Options options{.quiet_actions = invocation_.verbose > 0, .warn = warn_};
    judge_ = std::make_unique<Judge>(name, set_, limits_, options, file_.get());
  }

  void record(std::string_view bytes, bool continued) override { judge_->feed(bytes, continued); }

  void end() override {
    const MatchReport report = judge_->finish();
    if (file_) {
      if (const auto written = file_->finish(report.verdict); !written) {
        exit_code_ = fatal(invocation_, kExitIo, written.error().text());
        return;
      }
    }
    ++messages_;
    ++verdicts_[std::string(verdict_word(report.verdict))];
    invocation_.out << (invocation_.json ? as_json(report) + '\n' : as_text(report));
  }

  void summarise() const {
    if (invocation_.json || messages_ < 2) return;
    std::string parts;
    for (const auto& [word, count] : verdicts_)
      parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", count, word);
    invocation_.out << fmt::format("{} messages: {}\n", messages_, parts);
  }

  [[nodiscard]] int exit_code() const { return exit_code_; }

  [[nodiscard]] int messages() const { return messages_; }

 private:
  // The file's own name, made unique within this run.
  std::string output_path(const std::string& name) {
    const std::string file =
        name == "-" ? "standard-input" : std::filesystem::path(name).filename().string();
    const int before = names_[file]++;
    return output_ + '/' + (before == 0 ? file : fmt::format("{}.{}", file, before + 1));
  }

  Invocation& invocation_;
  const std::string output_;
  const checks::Limits limits_;
  checks::CheckSet& set_;
  const std::function<void(std::string_view)> warn_ = [this](std::string_view text) {
    warning(invocation_, text);
  };
  std::unique_ptr<OutputFile> file_;
  std::unique_ptr<Judge> judge_;
  std::map<std::string, int> verdicts_, names_;
  int messages_ = 0;
  int exit_code_ = kExitOk;
};

int match(Invocation& invocation, const Options& options, const config::Settings& settings) {
  bool table_missing = false;
  const auto warn = [&](const Diagnostic& diagnostic) {
    if (diagnostic.severity < Severity::error) return warning(invocation, diagnostic.text);
    table_missing = true;
    invocation.err << "headgate: error: " << diagnostic.text << '\n';
  };
  const auto stage =
      options.emergency || settings.stress ? session::Stage::emergency : session::Stage::full;
  const auto set = session::open_checks(settings, stage, invocation.programs, warn);
  if (table_missing && options.names_tables()) return kExitNoInput;
  if (!options.output.empty()) {
    std::error_code error;
    std::filesystem::create_directories(options.output, error);
    if (error)
      return fatal(invocation, kExitIo,
                   fmt::format("create {}: {}", options.output, error.message()));
  }

  Matcher matcher(invocation, options.output, settings, *set);
  for (const std::string& path : options.messages) {
    const auto done = corpus::read_messages(
        path, static_cast<std::size_t>(settings.line_length_limit), invocation.in, matcher);
    if (!done) return fatal(invocation, kExitNoInput, done.error().text());
    if (matcher.exit_code() != kExitOk) return matcher.exit_code();
  }
  if (matcher.messages() == 0) {
    return fatal(invocation, kExitNoInput,
                 fmt::format("{}: there are no messages", options.messages.front()));
  }
  matcher.summarise();
  return kExitOk;
}

}  // namespace

int run_match(Invocation& invocation) {
  const auto options = parse(invocation);
  if (!options) return options.error();
  const auto settings = settings_for(invocation, *options);
  if (!settings) return settings.error();
  return match(invocation, *options, **settings);
}

}  // namespace headgate::cli
