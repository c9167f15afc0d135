// MigrateTest: `headgate migrate …` in process, with the Migrator, and a folder for what it writes.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "compiler/migrate/table_migrator.h"
#include "tests/smtpd/cli/cli_fixture.h"

namespace headgate::cli {

class MigrateTest : public CliTest {
 protected:
  int migrate(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "migrate");
    std::istringstream in;
    std::ostringstream out, err;
    const int code = run(std::move(arguments), programs_, in, out, err, nullptr, &migrator_);
    out_ = out.str();
    err_ = err.str();
    return code;
  }

  static std::string read(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  migrate::TableMigrator migrator_;
};

}  // namespace headgate::cli
