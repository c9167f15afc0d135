// ProgramSource: "give me the Programs of this table", without the engine knowing the compiler.
// Implemented by compiler/compile.h (compiles in process). Later a second one maps images that a builder published.
//   Ownership Programs are immutable and shared.       Threads  load() may be called from any thread.
//   Errors    Code::not_found/io when a file cannot be read ("open NAME: No such file or directory"), Code::invalid for
//             an inline syntax error. A bad rule is a Diagnostic, never an Error: the rest of the table works.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/base/error.h"

namespace headgate::rules {

class Program;

enum class Dialect { pcre, regexp };

struct CompiledTable {
  std::shared_ptr<const Program> full;
  std::shared_ptr<const Program>
      emergency;  // only rules marked #@emergency; null when the table has no such mark
  std::vector<Diagnostic> diagnostics;  // Postfix's warnings, in Postfix's order
};

class ProgramSource {
 public:
  ProgramSource() = default;
  ProgramSource(const ProgramSource&) = delete;
  ProgramSource& operator=(const ProgramSource&) = delete;
  virtual ~ProgramSource() = default;

  // `name` is what follows "pcre:": a path, or an inline "{ {rule} … }".
  virtual Result<CompiledTable> load(Dialect dialect, const std::string& name) = 0;
};

}  // namespace headgate::rules
