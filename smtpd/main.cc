// The composition root: the one place that knows both wings. It hands the compiler, behind its port
// ProgramSource, to the command line.
#include <iostream>

#if __has_include("compiler/compile.h")
#include "compiler/compile.h"
using Programs = headgate::compiler::CompilingSource;
#else
#include "engine/rules/program_source.h"

namespace {
class Programs final : public headgate::rules::ProgramSource {
 public:
  headgate::Result<headgate::rules::CompiledTable> load(headgate::rules::Dialect,
                                                        const std::string& name) override {
    return headgate::fail(headgate::Code::unavailable, "this build has no compiler", name);
  }
};
}  // namespace
#endif
#include "smtpd/cli/command.h"

int main(int argc, char** argv) {
  Programs programs;
  return headgate::cli::run({argv + 1, argv + argc}, programs, std::cin, std::cout, std::cerr);
}
