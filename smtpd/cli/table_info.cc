// Tested by table_store_test and tests/e2e/status_test.py.
#include "smtpd/cli/table_info.h"

#include "engine/rules/program.h"

namespace headgate::cli {

namespace {

void add_databases(const rules::Program& program, TableInfo& info) {
  for (const rules::Scan& scan : program.plan().scans) {
    ++info.databases;
    info.database_bytes += scan.scanner->size_bytes();
  }
}

}  // namespace

TableInfo describe_program(const rules::CompiledTable& table) {
  TableInfo info;
  info.is_program = true;
  info.rules = table.full->rules().size();
  for (const rules::Pattern& pattern : table.full->patterns()) {
    switch (pattern.strategy) {
      case rules::Strategy::native:
        ++info.native;
        break;
      case rules::Strategy::prefilter:
        ++info.prefilter;
        break;
      case rules::Strategy::confirm_only:
        ++info.confirm_only;
        if (info.without_database.empty()) info.without_database = pattern.reason;
        break;
      case rules::Strategy::literal:
        ++info.literal;
        break;
      case rules::Strategy::bytes:
        ++info.bytes;
        break;
      case rules::Strategy::name:
        ++info.name_dispatched;
        break;
    }
  }
  add_databases(*table.full, info);
  if (table.emergency) {
    info.emergency_rules = table.emergency->rules().size();
    add_databases(*table.emergency, info);
  }
  return info;
}

}  // namespace headgate::cli
