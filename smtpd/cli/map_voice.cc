// Tested by tests/cases/postmap and tests/collide.
#include "smtpd/cli/map_voice.h"

#include <ostream>
#include <string>

#include "engine/base/text.h"

namespace headgate::cli {

void MapVoice::say(std::string_view label, std::string_view text) {
  invocation_.err << "headgate: " << label << text::printable(text, utf8_) << '\n';
}

}  // namespace headgate::cli
