// MigratedFiles: the files of a configuration, read from the old directory and written into the new one. What main.cf names by its
// place in the old directory is named `$config_directory/…` in the new one, so that the new one can be moved.
//   Threads   one owner.     Errors  a finding a file: nothing that fails stops the rest. The old directory is only read.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "smtpd/cli/migrate.h"
#include "smtpd/cli/migrate_findings.h"
#include "smtpd/config/dictionary.h"

namespace headgate::cli {

class MigratedFiles {
 public:
  MigratedFiles(Invocation& invocation, const MigrateOptions& options, std::string from,
                std::string to, const config::Source& source);

  // main.cf or master.cf: rewritten, with all the files that it names.
  void take_configuration(const std::string& file, bool is_main);

  [[nodiscard]] std::vector<MigrationFinding>& findings() { return findings_; }

  [[nodiscard]] const std::vector<MigratedTable>& tables() const { return tables_; }

 private:
  struct Place {
    std::string line_of;  // "main.cf, line 3"
    std::string parameter;
  };

  struct Copied {
    std::string from;
    bool done = false;
  };

  std::string rewritten(std::string_view text, const std::string& file, bool is_main);
  std::string rewritten_line(std::string_view line, const Place& place, bool is_list,
                             bool names_files);
  std::string replaced(const struct TableWord& word, std::string_view as_written,
                       const Place& place);
  std::string with_old_directory(std::string text) const;
  std::string database(const std::string& type, const std::string& path, const Place& place);
  std::string rules(const std::string& type, const std::string& path, const Place& place);
  static std::string keep_owner(const std::string& target, const struct stat& old);
  bool copy(const std::string& path, const Place& place, const std::string* text = nullptr);
  bool take_list(const std::string& path, const Place& place);
  [[nodiscard]] std::string relative(const std::string& path) const;
  [[nodiscard]] std::string why_no_target(const std::string& path, const std::string& target) const;
  [[nodiscard]] std::string new_name(const std::string& path) const;
  void note(FindingKind kind, const Place& place, std::string what, std::string text);

  Invocation& invocation_;
  const MigrateOptions& options_;
  const std::string from_, to_;
  const config::Source& source_;
  const std::set<std::string, std::less<>> in_use_;  // parameters that others name
  std::vector<MigrationFinding> findings_;
  std::vector<MigratedTable> tables_;
  std::map<std::string, Copied> copied_;         // by the place in the new directory
  std::map<std::string, std::string> anew_;      // places of tables that were changed -> old type
  std::map<std::string, std::string> replaced_;  // "hash:/etc/postfix/access" -> what it became
};

}  // namespace headgate::cli
