// compile_table: the text of a table -> its Programs, in this process. CompilingSource: a ProgramSource made of it.
//   Ownership Programs are shared and immutable; equal loads are not shared, the caller keeps what it got.
//   Threads   load() may be called from any thread; nothing is kept between calls but the self-test's result.
//   Errors    Code::not_found or io: "open NAME: No such file or directory"; Code::invalid: an inline table's syntax.
//             Code::unavailable: no process or memory to try the patterns of a regexp: table.
//             A libhs that fails its self-test is not used: the first diagnostic of each table then says so.
//   Cost      reading is linear; the Hyperscan database takes milliseconds a pattern. confirm-only is immediate.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "compiler/back/database.h"
#include "compiler/back/scan_choice.h"
#include "compiler/back/shortage.h"
#include "engine/match/selftest.h"
#include "engine/rules/mail_sample.h"
#include "engine/rules/program_source.h"

namespace headgate::compiler {

struct CompileOptions {
  bool use_hyperscan = true;
  std::string why_no_scan = "scanning is switched off";  // each pattern's reason, without Hyperscan
  back::SetCompiler* databases = nullptr;  // borrowed; null: in this process, without limits
  back::Shortage* shortage =
      nullptr;  // borrowed; is told why the result must not be kept, or not even used
  const rules::MailSample* mail =
      nullptr;                // borrowed; measured on before ways are chosen; null: guess
  back::Switches switches{};  // for tests: which optimisations not to use
};

struct TableText {
  std::string text;
  std::string path;  // as warnings about logical lines call it
};

// `name` is a path or an inline "{ {rule} … }".
Result<TableText> read_table(rules::Dialect dialect, const std::string& name);

rules::CompiledTable compile_table(rules::Dialect dialect, const std::string& name,
                                   const TableText& text, const CompileOptions& options);

// The same for a text that is at hand; `name` is what warnings call it.
rules::CompiledTable compile_text(rules::Dialect dialect, const std::string& name,
                                  std::string_view text, const CompileOptions& options);

class CompilingSource final : public rules::ProgramSource {
 public:
  explicit CompilingSource(CompileOptions options = {});

  Result<rules::CompiledTable> load(rules::Dialect dialect, const std::string& name) override;

 private:
  const match::SelfTest& selftest();

  CompileOptions options_;
  std::once_flag tested_;
  match::SelfTest selftest_;
};

}  // namespace headgate::compiler
