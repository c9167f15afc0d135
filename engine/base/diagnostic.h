// Diagnostic: the author's mistake in a table or a configuration file. Collected, never stops at the first.
//   text      complete and worded as Postfix words it ("pcre map t, line 1: no replacement text: using empty string");
//             file, line and column repeat the place for tools that want it as data (0 = unknown).
//   Threads   values; a WarningSink is called on the thread that does the work.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace headgate {

enum class Severity : std::uint8_t { info, warning, error, fatal };

struct Diagnostic {
  Severity severity = Severity::warning;
  std::string text;
  std::string file;
  int line = 0;
  int column = 0;
};

// Where warnings go as they arise: postmap's standard error, the mail log, a test's vector.
using WarningSink = std::function<void(const Diagnostic&)>;

}  // namespace headgate
