// Tested through tests/tables (text_table_test, cdb_table_test).
#include "engine/rules/program_source.h"

#include "engine/base/file.h"
#include "engine/match/scratch.h"

namespace headgate::rules {

std::shared_ptr<match::Scratch> make_scratch() { return std::make_shared<match::Scratch>(); }

Result<std::string> ProgramSource::read_text(const std::string& path, std::size_t limit_bytes,
                                             const TextForm& form) {
  TRY(text, read_file(path, limit_bytes));
  if (form.check) TRY_OK(form.check(text));
  return std::move(text);
}

Result<std::shared_ptr<const DataFile>> open_data_file(const std::string& path,
                                                       const DataForm& form) {
  TRY(file, DataFile::open(path));
  if (form.check) TRY_OK(form.check(file->bytes()));
  return std::move(file);
}

Result<std::shared_ptr<const DataFile>> ProgramSource::data_file(const std::string& path,
                                                                 const DataForm& form) {
  return open_data_file(path, form);
}

Result<void> ProgramSource::adopt(Dialect, const std::string& name, const std::string&) {
  return fail(Code::unavailable, "there is no directory for compiled tables", name);
}

}  // namespace headgate::rules
