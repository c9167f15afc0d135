// How it works: what a build costs is the CPU time of this process and of the children it has waited for.
// Tested by tests/smtpd/bench/measure_test.cc.
#include "smtpd/bench/table_builder.h"

#include <sys/resource.h>

#include <fmt/format.h>

#include "bench/peers/cpu_clock.h"
#include "engine/base/file.h"

namespace headgate::bench {

namespace {

double all_cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_CHILDREN, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime) + peers::process_cpu_seconds();
}

}  // namespace

Result<TableName> table_name(const std::string& spec) {
  const std::size_t colon = spec.find(':');
  const std::string_view type = std::string_view(spec).substr(0, colon);
  if (colon == std::string::npos || (type != "pcre" && type != "regexp"))
    return fail(Code::invalid, fmt::format("need pcre:NAME or regexp:NAME, not \"{}\"", spec));
  return TableName{type == "pcre" ? rules::Dialect::pcre : rules::Dialect::regexp,
                   spec.substr(colon + 1)};
}

TableBuilder::TableBuilder(rules::ProgramSource& programs, std::chrono::seconds limit)
    : programs_(programs), settings_(programs) {
  rules::ImageSettings settings = settings_.before();
  settings.directory = folder_.path().empty() ? "" : folder_.path() + "/images";
  settings.table_limit = limit;
  programs_.configure(settings);
  // A source tests libhs with its first table: a fifth of a second that is no table's.
  static_cast<void>(programs_.load(rules::Dialect::pcre, "{ {/x/ OK} }"));
}

Result<Built> TableBuilder::build(const TableName& table, const WarningSink& warn) {
  const double cpu = all_cpu_seconds(), wall = peers::wall_seconds();
  TRY(loaded, programs_.load(table.dialect, table.name));
  if (warn)
    for (const Diagnostic& diagnostic : loaded.diagnostics) warn(diagnostic);
  Built built;
  if (loaded.wants_build) {
    const auto done = programs_.build(table.dialect, table.name, never_cancelled_);
    if (!done) built.problem = done.error().text();
    TRY(again, programs_.load(table.dialect, table.name));
    loaded = std::move(again);
  }
  built.program = std::move(loaded.full);
  built.cpu_seconds = all_cpu_seconds() - cpu;
  built.wall_seconds = peers::wall_seconds() - wall;
  return built;
}

Result<std::string> TableBuilder::write(const std::string& label, std::string_view text) const {
  if (folder_.path().empty()) return fail(Code::io, "no folder for temporary files");
  const std::string path = folder_.path() + '/' + label;
  TRY_OK(write_file_atomically(path, text));
  return path;
}

Result<Built> TableBuilder::build_text(rules::Dialect dialect, const std::string& label,
                                       std::string_view text) {
  TRY(path, write(label, text));
  return build({dialect, path}, nullptr);
}

Result<std::shared_ptr<const rules::Program>> TableBuilder::open_text(rules::Dialect dialect,
                                                                      const std::string& label,
                                                                      std::string_view text) {
  TRY(path, write(label, text));
  TRY(loaded, programs_.load(dialect, path));
  return loaded.full;
}

Result<std::vector<double>> TableBuilder::load_times(const TableName& table, std::size_t runs) {
  std::vector<double> seconds;
  for (std::size_t run = 0; run < runs; ++run) {
    const double begun = peers::wall_seconds();
    const auto loaded = programs_.load(table.dialect, table.name);
    if (!loaded) return tl::unexpected(loaded.error());
    seconds.push_back(peers::wall_seconds() - begun);
  }
  return seconds;
}

}  // namespace headgate::bench
