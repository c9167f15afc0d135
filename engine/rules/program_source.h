// ProgramSource: "give me the Programs of this table", without the engine knowing the compiler.
// Implemented by compiler/compile.h (compiles in process) and compiler/store/image_source.h (maps images that a builder
// process published; until there is one, a Program without databases).
//   Ownership Programs are immutable and shared.       Threads  load() and build() may be called from any thread.
//   Errors    Code::not_found/io when a file cannot be read ("open NAME: No such file or directory"), Code::invalid for
//             an inline syntax error. A bad rule is a Diagnostic, never an Error: the rest of the table works.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/data_file.h"
#include "engine/base/diagnostic.h"
#include "engine/base/error.h"

namespace headgate::match {
class Scratch;
}

namespace headgate::rules {

// Working memory for all tables that one owner asks.
std::shared_ptr<match::Scratch> make_scratch();

class Program;
struct RuleRows;

enum class Dialect { pcre, regexp };

struct CompiledTable {
  std::shared_ptr<const Program> full;
  std::shared_ptr<const Program>
      emergency;  // only rules marked #@emergency; null when the table has no such mark
  std::vector<Diagnostic> diagnostics;  // Postfix's warnings, in Postfix's order
  bool wants_build = false;             // the Programs have no databases yet: build() makes them
  std::shared_ptr<const RuleRows> count_into;  // statistics.h; null: nobody counts
};

// By what build() chooses how patterns are found. No answer depends on it, and so no image's key does.
struct BuildChoice {
  std::string mail_file;  // a MailSample (mail_sample.h) to measure on; "" = guess
  std::string without;    // ways not to use: "rows", "spellings", with commas between
};

// Where compiled tables are kept and what compiling one may cost.
struct ImageSettings {
  std::string directory;                  // "" = nowhere
  std::chrono::seconds table_limit{300};  // of the wall clock, a table
  std::chrono::seconds pattern_limit{
      2};  // of CPU time, a pattern; past it the reference engine alone answers
  std::uint64_t memory_limit = 2147483648;  // bytes that a builder may map
  BuildChoice choice;
};

// What a text must be for those who ask for it, so that a source which keeps the last good text knows which was good.
struct TextForm {
  std::string name;  // "" = any text will do; the same check has the same name
  std::function<Result<void>(std::string_view text)> check;
};

// The same for a file that is not read but mapped.
struct DataForm {
  std::string name;
  bool in_place =
      false;  // its writers change it as it stands: only another file in its place is a change
  bool optional = false;  // when it is missing nobody need be told
  std::function<Result<void>(std::string_view bytes)> check;  // guards its reads itself
};

Result<std::shared_ptr<const DataFile>> open_data_file(const std::string& path,
                                                       const DataForm& form);

class ProgramSource {
 public:
  ProgramSource() = default;
  ProgramSource(const ProgramSource&) = delete;
  ProgramSource& operator=(const ProgramSource&) = delete;
  virtual ~ProgramSource() = default;

  // Before the first load(), by whoever knows the configuration. A source that keeps nothing ignores it.
  virtual void configure(const ImageSettings&) {}

  // What was said last.
  [[nodiscard]] virtual ImageSettings settings() const { return {}; }

  // `name` is what follows "pcre:": a path, or an inline "{ {rule} … }".
  virtual Result<CompiledTable> load(Dialect dialect, const std::string& name) = 0;

  // The text of a table that is no program (texthash:, cidr:) or of a list's file; the check's Error when it is none. A
  // source that keeps tables over a reload answers from what it keeps. `limit_bytes` 0 = no limit.
  virtual Result<std::string> read_text(const std::string& path, std::size_t limit_bytes = 0,
                                        const TextForm& form = {});

  // The file of a compiled table (cdb:, lmdb:), mapped; all who ask for it share it.
  virtual Result<std::shared_ptr<const DataFile>> data_file(const std::string& path,
                                                            const DataForm& form);

  // Whether data_file() answers now with what was good before, whatever has become of the file.
  [[nodiscard]] virtual bool keeps_data(const std::string& path, const DataForm& form) const {
    (void)path;
    (void)form;
    return false;
  }

  // For a table whose load() said wants_build: compiles its databases, so that the next load() has them. Blocks, up to
  // table_limit; ends early when `cancelled` becomes true. An Error is the reason why the table stays without.
  virtual Result<void> build(Dialect, const std::string& name, const std::atomic<bool>& cancelled) {
    (void)name;
    (void)cancelled;
    return {};
  }

  // Publishes the image of the table that build() made in another directory, with the same limits, where settings() say. It
  // takes the place of what is there.
  virtual Result<void> adopt(Dialect dialect, const std::string& name,
                             const std::string& directory);
};

}  // namespace headgate::rules
