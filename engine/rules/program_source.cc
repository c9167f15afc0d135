// Tested through tests/tables (text_table_test).
#include "engine/rules/program_source.h"

#include "engine/base/file.h"

namespace headgate::rules {

Result<std::string> ProgramSource::read_text(const std::string& path, std::size_t limit_bytes) {
  return read_file(path, limit_bytes);
}

}  // namespace headgate::rules
