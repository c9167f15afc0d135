// parse_main_cf: "name = value" lines in order, each with its place. Nothing is expanded or judged here.
//   Errors    Code::invalid with Postfix's text ("missing '=' after attribute name: \"foo\""), `where` is "FILE, line N".
//             An overridden entry is a warning; the last one wins.
//   Source    postconf(5); smtpd.md §1.1 as recorded in docs/compat.md.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/base/error.h"

namespace headgate::config {

// A value and where it was written. An empty file: a default or the command line; line 0: no line.
struct Setting {
  std::string value;
  std::string file;
  int line = 0;
};

// What one source says; names are unique.
using Layer = std::map<std::string, Setting, std::less<>>;

struct NameValue {
  std::string name, value;
};

Result<Layer> parse_main_cf(std::string_view text, const std::string& file,
                            const WarningSink& warn);

// "name = value" with blanks around both dropped: main.cf, and -o in master.cf.
Result<NameValue> split_name_value(std::string_view text);

// "FILE, line N", "FILE" or "".
std::string place(const std::string& file, int line);

}  // namespace headgate::config
