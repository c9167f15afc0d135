// headgate migrate: a check table for pcre: or grouped, the source of a hash: or btree: table as cdb:, or a whole configuration
// directory (migrate_directory.cc). The table goes to -o FILE, and the report to standard output; without -o the table does,
// and the report to standard error. Exit: 0 all is carried over, 65 something was left out or answers differ (and a line that Postfix skips is left out), 66 what
// cannot be read, 74 what cannot be written, 64 usage.
// Tested by tests/smtpd/cli/migrate_test.cc.
#include "smtpd/cli/migrate.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <ostream>
#include <sstream>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "bench/peers/mail_keys.h"
#include "engine/base/file.h"
#include "smtpd/cli/command_line.h"
#include "smtpd/cli/corpus_mail.h"
#include "smtpd/cli/rule_table.h"
#include "tables/type_spec.h"

namespace headgate::cli {

namespace {

tl::expected<MigrateOptions, int> parse(Invocation& invocation) {
  MigrateOptions options;
  CLI::App app("Tables and configurations of Postfix, carried over.", "headgate migrate");
  app.set_help_flag("--help", "print this help");
  app.add_option("WHAT", options.what,
                 "regexp:FILE, pcre:FILE, hash:FILE, btree:FILE, or a configuration directory")
      ->required();
  app.add_option("--to", options.to, "pcre, or for a directory the new one");
  app.add_option("-o", options.output, "write the table to this file");
  app.add_flag("--group", options.group, "ifs around rules that ask for the same first");
  app.add_option("--corpus", options.corpus,
                 "also compare the tables on this mail: an mbox, a Maildir, a folder, a message, "
                 "a text file, or a tar archive of any; also gzipped; may be repeated")
      ->allow_extra_args(false);
  auto* headers = app.add_flag("-h,--headers", options.headers, "… on its headers only");
  app.add_flag("-b,--body", options.body, "… on its body lines only")->excludes(headers);
  app.add_option("--limit", options.limit, "seconds that this may take, a table (default 60)");
  app.add_flag("--to-pcre-like", options.to_pcre_like,
               "of a directory: regexp: tables become pcre: ones where all their rules can");
  app.add_flag("--force", options.force, "write into a directory that is not empty");
  if (const auto code = parse_command_line(app, invocation)) return tl::unexpected(*code);
  return options;
}

// The keys of a corpus, each once.
class Keys {
 public:
  explicit Keys(const MigrateOptions& options) : options_(options) {}

  int read(Invocation& invocation) {
    if (options_.corpus.empty()) return kExitOk;
    if (const int code = read_corpus(invocation, options_.corpus, mail_); code != kExitOk)
      return code;
    std::unordered_set<std::string_view> seen;
    const auto take = [&](const peers::Section& section) {
      for (const std::string_view text : section.texts)
        if (seen.insert(text).second) keys_.push_back(text);
    };
    for (const peers::MailMessage& message : mail_.messages()) {
      if (!options_.body) take(message.headers.view());
      if (!options_.headers) take(message.body.view());
    }
    // regexec can take seconds for one line of 100 KB: those come last, and the limit ends there.
    std::stable_sort(keys_.begin(), keys_.end(),
                     [](std::string_view a, std::string_view b) { return a.size() < b.size(); });
    return kExitOk;
  }

  [[nodiscard]] const std::vector<std::string_view>& all() const { return keys_; }

 private:
  const MigrateOptions& options_;
  peers::MailKeys mail_;
  std::vector<std::string_view> keys_;
};

unsigned permissions_of(const std::string& path) {
  struct stat status {};

  return stat(path.c_str(), &status) == 0 ? status.st_mode & 0777U : 0644U;
}

int put_out(Invocation& invocation, const MigrateOptions& options, const std::string& source,
            const MigratedTable& table) {
  const bool to_file = !options.output.empty();
  if (to_file) {
    std::error_code ignored;
    if (std::filesystem::equivalent(source, options.output, ignored))
      return fatal(invocation, kExitUsage, "migrate: -o names the table itself");
    // An empty table in the place of one that says something would let all through.
    const auto written =
        table.migration.lost_all()
            ? Result<void>{}
            : write_file_atomically(options.output, table.migration.text, permissions_of(source));
    if (!written) return fatal(invocation, kExitIo, written.error().text());
  }
  if (to_file && table.migration.lost_all())
    warning(invocation,
            fmt::format("{} is not written: nothing would be in force in it", options.output));
  if (invocation.json) {
    invocation.out << migration_as_json(table, !to_file)
                          .dump(2, ' ', false, nlohmann::json::error_handler_t::replace)
                   << '\n';
  } else {
    if (!to_file) invocation.out << table.migration.text;
    (to_file ? invocation.out : invocation.err) << migration_as_text(table, invocation.verbose > 0);
  }
  return table.complete() ? kExitOk : kExitBadTable;
}

int migrate_table(Invocation& invocation, const MigrateOptions& options) {
  const bool pcre = options.what.starts_with("pcre:");
  if (!options.to.empty() && options.to != "pcre")
    return fatal(invocation, kExitUsage,
                 fmt::format("migrate: --to {}: there is pcre", options.to));
  if (options.to.empty() && !options.group)
    return fatal(invocation, kExitUsage, "migrate: --to pcre or --group: what is wanted?");
  const std::string name = options.what.substr(options.what.find(':') + 1);
  if (name.starts_with('{'))
    return fatal(invocation, kExitUsage, "migrate: write an inline table to a file first");
  auto text = read_file(name);
  if (!text) return fatal(invocation, exit_code_of(text.error()), text.error().text());
  const rules::Dialect dialect = pcre ? rules::Dialect::pcre : rules::Dialect::regexp;
  auto migration = migrate_rules(invocation, options, dialect, name, std::move(*text));
  if (!migration)
    return fatal(invocation, exit_code_of(migration.error()), migration.error().text());
  MigratedTable table;
  table.from = options.what;
  table.to = fmt::format("{}:{}", migration->dialect == rules::Dialect::pcre ? "pcre" : "regexp",
                         options.output.empty() ? "-" : options.output);
  table.migration = std::move(*migration);
  return put_out(invocation, options, name, table);
}

int migrate_map(Invocation& invocation, const MigrateOptions& options) {
  const std::string name = options.what.substr(options.what.find(':') + 1);

  struct stat status {};

  if (stat(name.c_str(), &status) != 0) {
    const auto error = fail_errno("open", name, errno).value();
    return fatal(invocation, kExitNoInput,
                 error.text() + " (the text that the table was made from is needed)");
  }
  if (options.to.empty()) {
    invocation.out << fmt::format(
        "{0}: to be had as cdb:{1}\n"
        "  build it:    headgate migrate {0} --to cdb    (or: headgate map cdb:{1}, postmap "
        "cdb:{1})\n"
        "  then write:  cdb:{1} where {0} stands\n"
        "  Berkeley DB files are not read; the text is the source of both, and Postfix reads cdb: "
        "too\n",
        options.what, name);
    return kExitOk;
  }
  if (options.to != "cdb")
    return fatal(invocation, kExitUsage, fmt::format("migrate: --to {}: there is cdb", options.to));
  std::string said;
  const bool built = build_cdb(invocation, name, CdbOwner::of_text, said);
  invocation.err << said;
  if (!built) return fatal(invocation, kExitBadTable, fmt::format("{}.cdb was not built", name));
  invocation.out << fmt::format("{} -> cdb:{}: built\n", options.what, name);
  return kExitOk;
}

}  // namespace

bool build_cdb(Invocation& invocation, const std::string& path, CdbOwner owner, std::string& said) {
  std::ostringstream out, err;
  std::vector<std::string> arguments{"cdb:" + path};
  if (owner == CdbOwner::caller) arguments.insert(arguments.begin(), "-o");
  Invocation map{std::move(arguments),
                 invocation.config_directory,
                 {},
                 0,
                 false,
                 invocation.programs,
                 invocation.in,
                 out,
                 err};
  const int code = run_map(map);
  said = err.str();
  return code == kExitOk;
}

Result<rules::Migration> migrate_rules(Invocation& invocation, const MigrateOptions& options,
                                       rules::Dialect dialect, const std::string& name,
                                       std::string text) {
  if (invocation.migrator == nullptr) return fail(Code::unavailable, "migrate is not built in");
  Keys keys(options);
  if (const int code = keys.read(invocation); code != kExitOk)
    return fail(Code::not_found, "the corpus cannot be used");
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::seconds(options.limit);
  rules::MigrationRequest request;
  request.from = dialect;
  request.name = name;
  request.text = std::move(text);
  request.to_pcre = options.to == "pcre" || options.to_pcre_like;
  request.group = options.group;
  request.corpus = keys.all();
  request.go_on = [end] { return Clock::now() < end; };
  auto migration = invocation.migrator->migrate(request);
  if (migration && migration->corpus_subjects < keys.all().size()) {
    warning(invocation,
            fmt::format("{}: {} of {} different keys of the corpus were compared in {} s", name,
                        migration->corpus_subjects, keys.all().size(), options.limit));
  }
  return migration;
}

int run_migrate(Invocation& invocation) {
  const auto options = parse(invocation);
  if (!options) return options.error();
  const auto type = options->what.substr(0, options->what.find(':'));
  if (type == "pcre" || type == "regexp") return migrate_table(invocation, *options);
  if (options->what.find(':') != std::string::npos &&
      (type == "hash" || type == "btree" || type == "dbm" || type == "sdbm"))
    return migrate_map(invocation, *options);
  std::error_code ignored;
  if (std::filesystem::is_directory(options->what, ignored))
    return migrate_directory(invocation, *options);
  if (options->what.find(':') == std::string::npos)
    return fatal(invocation, kExitNoInput, fmt::format("{}: no such directory", options->what));
  return fatal(invocation, kExitUsage,
               fmt::format("migrate: nothing is to be done for {}: tables", type));
}

}  // namespace headgate::cli
