// compiled_file: what cdb: and lmdb: have in common: the file, mapped once for all Lookups of a process, and how it is read.
//   Errors    "open database F.cdb: No such file or directory"; Code::corrupt, "database F.cdb is damaged: …".
//   Threads   as DataFile; a CompiledKey has one owner.
//   Source    postmap(1): the age of a compiled file; keys and values with and without NUL behind them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/data_file.h"
#include "engine/base/diagnostic.h"
#include "engine/base/file.h"
#include "engine/rules/program_source.h"
#include "tables/case_fold.h"
#include "tables/open.h"

namespace headgate::tables {

// `programs` null: mapped from the disk.
Result<std::shared_ptr<const DataFile>> compiled_file(const std::string& path,
                                                      rules::ProgramSource* programs,
                                                      const rules::DataForm& form);

// Whose place a compiled file takes, of what postmap(1) would read from F.db. Then it need not be there, and is refused, with
// Code::invalid, when it is older than that when it is read.
struct StandIn {
  std::string database;  // "F.db"
};

// How F.cdb or F.lmdb is asked for, but for what it is checked for. `stand_in` null: by its own name.
rules::DataForm compiled_form(std::string_view type, const StandIn* stand_in);

// As far as the seconds tell: the Error of a stand-in that is older.
Result<void> check_age(const std::string& file, const StandIn* stand_in);

// "open F.cdb: …" as Postfix says it: "open database F.cdb: …".
Error of_database(Error error);

Error damaged(const std::string& path, std::string_view why);

// Why, of a file whose bytes are no longer there.
constexpr const char* kCutInUse = "it was cut short while it was in use";

// Warns when the source was written after the database, unless that is so short ago that somebody may be about to build it.
void warn_if_older(const std::string& database, const std::string& source, const WarningSink& warn);

// A key as it stands in a compiled table: folded if that is wanted, with a NUL behind it and without. No memory is asked for
// at a lookup.
class CompiledKey {
 public:
  void set(std::string_view key, Folding folding);

  [[nodiscard]] std::string_view form(bool with_nul) const {
    return std::string_view(bytes_).substr(0, bytes_.size() - (with_nul ? 0 : 1));
  }

 private:
  std::string bytes_ = std::string(1, '\0');  // the NUL is the last one
};

// Which of its two forms a key is asked for in.
class KeyForms {
 public:
  explicit KeyForms(NulForm nul) : nul_(nul) {}

  // Of the two forms this one is not asked for.
  [[nodiscard]] bool leaves_out(bool with_nul) const {
    return nul_ == (with_nul ? NulForm::without : NulForm::with);
  }

  // A key of this form was found.
  void met(bool with_nul) {
    if (nul_ == NulForm::first_met) nul_ = with_nul ? NulForm::with : NulForm::without;
  }

 private:
  NulForm nul_;
};

// The file that a table is written to until it is whole, to be locked next.
struct Temporary {
  Fd fd;
  bool is_new = false;  // nobody else has it, but who was quick
};

// Nothing: it came meanwhile, try again. Links are not followed.
Result<std::optional<Temporary>> open_temporary(const std::string& path, unsigned permissions);

// Whether a file that was locked is still the one at its name. An Error: it is no regular file.
Result<bool> is_still_at(const std::string& path, const Fd& fd);

// Makes one that is locked an empty one of ours. False: it was there before, is somebody else's or has another name, too,
// and is no longer there: whoever owns it could write to the table that it becomes.
Result<bool> take_temporary(const Temporary& temporary, const std::string& path,
                            unsigned permissions);

// A value as Postfix takes it, up to the first NUL, out of bytes that may be taken away; false then. `out` is long enough.
bool copy_value(std::string_view value, std::string& out);

}  // namespace headgate::tables
