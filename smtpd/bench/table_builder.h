// TableBuilder: tables opened, and built from nothing, for one run: their images live in a scratch folder.
//   Ownership a Program lives as long as somebody holds it; the folder as long as this.
//   Threads   one owner.       Errors  as ProgramSource; a build that fails is told in Built, the table works without.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/rules/program_source.h"
#include "smtpd/bench/scratch_folder.h"
#include "smtpd/bench/settings_guard.h"

namespace headgate::bench {

struct TableName {
  rules::Dialect dialect = rules::Dialect::pcre;
  std::string name;  // a path, or an inline table
};

// Of "pcre:NAME" or "regexp:NAME".
Result<TableName> table_name(const std::string& spec);

struct Built {
  std::shared_ptr<const rules::Program> program;
  double cpu_seconds = 0, wall_seconds = 0;
  std::string problem;
};

class TableBuilder {
 public:
  // Sends `programs`' images to the scratch folder, and back to where they were when it ends.
  TableBuilder(rules::ProgramSource& programs, std::chrono::seconds limit);
  TableBuilder(const TableBuilder&) = delete;
  TableBuilder& operator=(const TableBuilder&) = delete;

  // `warn` hears the table's diagnostics, unless it is null.
  Result<Built> build(const TableName& table, const WarningSink& warn);

  // The same for a text of ours; `label` becomes its file's name.
  Result<Built> build_text(rules::Dialect dialect, const std::string& label, std::string_view text);

  // Without databases where the source can do without: for the peers that need only the patterns.
  Result<std::shared_ptr<const rules::Program>> open_text(rules::Dialect dialect,
                                                          const std::string& label,
                                                          std::string_view text);

  // Seconds by the clock to load it, its image being there.
  Result<std::vector<double>> load_times(const TableName& table, std::size_t runs);

 private:
  Result<std::string> write(const std::string& label, std::string_view text) const;

  rules::ProgramSource& programs_;
  ScratchFolder folder_;
  SettingsGuard settings_;
  const std::atomic<bool> never_cancelled_{false};
};

}  // namespace headgate::bench
