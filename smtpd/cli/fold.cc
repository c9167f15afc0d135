#include "smtpd/cli/fold.h"

#include "engine/base/text.h"

namespace headgate::cli {

namespace {

constexpr std::size_t kLineLimit = 80;
constexpr std::string_view kIndent = "    ";
constexpr std::string_view kBlanks = " \t\n\v\f\r";

}  // namespace

std::string lay_out(std::string_view text, bool fold) {
  std::string out;
  std::size_t column = 0;
  for (const std::string_view word : text::split(text, kBlanks)) {
    if (column != 0 && fold && column + 1 + word.size() > kLineLimit) {
      out += '\n';
      out += kIndent;
      column = kIndent.size();
    } else if (column != 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out;
}

std::string protect(const std::string& word) {
  const bool plain = !word.empty() && word.find_first_of(kBlanks) == std::string::npos;
  return plain ? word : "{" + word + "}";
}

}  // namespace headgate::cli
