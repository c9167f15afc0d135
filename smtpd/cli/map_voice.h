// MapVoice: how `headgate map` speaks on standard error: as Postfix's msg(3), which makes '?' of what is not printable;
// UTF-8 is printable only where SMTPUTF8 is on.
//   Threads   one owner.        Lifetime  borrows the Invocation.
#pragma once

#include <string_view>

#include "engine/base/diagnostic.h"
#include "smtpd/cli/command.h"

namespace headgate::cli {

class MapVoice {
 public:
  MapVoice(Invocation& invocation, bool utf8) : invocation_(invocation), utf8_(utf8) {}

  void warn(std::string_view text) { say("warning: ", text); }

  void fatal(std::string_view text) { say("fatal: ", text); }

  void say(std::string_view label, std::string_view text);

  [[nodiscard]] WarningSink sink() {
    return [this](const Diagnostic& diagnostic) { warn(diagnostic.text); };
  }

 private:
  Invocation& invocation_;
  bool utf8_;
};

}  // namespace headgate::cli
