// The composition root: the one place that knows both wings. It hands the compiler, behind its port ProgramSource, to the
// command line.
#include <iostream>

#include "compiler/compile.h"
#include "smtpd/cli/command.h"

int main(int argc, char** argv) {
  headgate::compiler::CompilingSource programs;
  return headgate::cli::run({argv + 1, argv + argc}, programs, std::cin, std::cout, std::cerr);
}
