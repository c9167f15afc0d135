// The composition root: the one place that knows both wings. It hands the images of compiled tables, behind the port
// ProgramSource, the Linter and the Migrator to the command line.
#include <csignal>
#include <iostream>
#include <memory>

#include "compiler/lint/lint.h"
#include "compiler/migrate/table_migrator.h"
#include "compiler/store/image_source.h"
#include "engine/base/env.h"
#include "smtpd/cli/command.h"

int main(int argc, char** argv) {
  // Who starts us may ignore it (nohup's kin, some supervisors), and then no child could be waited for: no builder's end
  // would be known.
  std::signal(SIGCHLD, SIG_DFL);
  const headgate::SystemEnv env;
  headgate::rules::ImageSettings limits;
  limits.directory = headgate::store::user_image_directory();
  headgate::store::ImageSource programs(
      limits, std::make_unique<headgate::store::ProcessBuilder>(env), env);
  headgate::lint::TableLinter linter;
  headgate::migrate::TableMigrator migrator;
  return headgate::cli::run({argv + 1, argv + argc}, programs, std::cin, std::cout, std::cerr,
                            &linter, &migrator);
}
