// How: a Reply stays structured until it is written, so that soft_bounce and the class of the
// enhanced code are arithmetic on fields, never surgery on text. Cleaning happens in line(), the
// only way out. Tested by reply_test, smtp_dialogue_fuzz.
#include "smtpd/proto/reply.h"

#include <cstddef>
#include <utility>

#include "engine/base/text.h"

namespace headgate::proto {
namespace {

bool valid_code(std::string_view text) {
  return text.size() >= 3 && text[0] >= '2' && text[0] <= '5' && text[1] >= '0' && text[1] <= '5' &&
         text::is_digit(text[2]) && (text.size() == 3 || text[3] == ' ' || text[3] == '\t');
}

// Length of an enhanced code d.ddd.ddd at the start of the text, 0 if there is none.
std::size_t dsn_length(std::string_view text) {
  if (text.size() < 5 || (text[0] != '2' && text[0] != '4' && text[0] != '5') || text[1] != '.')
    return 0;
  std::size_t at = 2;
  for (int part = 0; part < 2; ++part) {
    std::size_t digits = 0;
    while (at < text.size() && text::is_digit(text[at])) ++at, ++digits;
    if (digits < 1 || digits > 3) return 0;
    if (part == 0 && (at >= text.size() || text[at++] != '.')) return 0;
  }
  return at == text.size() || text[at] == ' ' || text[at] == '\t' ? at : 0;
}

}  // namespace

std::string_view leading_dsn(std::string_view text) { return text.substr(0, dsn_length(text)); }

Reply::Reply(int reply_code, std::string reply_dsn, std::string text)
    : code(reply_code), dsn(std::move(reply_dsn)), lines{std::move(text)} {}

Reply::Reply(int reply_code, std::string reply_dsn, std::vector<std::string> reply_lines)
    : code(reply_code), dsn(std::move(reply_dsn)), lines(std::move(reply_lines)) {
  if (lines.empty()) lines.emplace_back();
}

Reply Reply::from_text(std::string_view text, std::string_view default_dsn, bool* repaired) {
  if (repaired != nullptr) *repaired = false;
  if (!valid_code(text)) {
    if (repaired != nullptr) *repaired = true;
    return {450, "4.7.1", "Service unavailable"};
  }
  const int code = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
  std::string_view rest = text::trim_left(text.substr(3));
  std::string dsn(default_dsn);
  if (const std::size_t length = dsn_length(rest); length > 0) {
    dsn = std::string(rest.substr(0, length));
    rest = text::trim_left(rest.substr(length));
  }
  if (!dsn.empty()) dsn[0] = text[0] == '3' ? '2' : text[0];
  return {code, std::move(dsn), std::string(rest)};
}

Reply Reply::softened() const {
  Reply soft = *this;
  if (!permanent()) return soft;
  soft.code -= 100;
  if (!soft.dsn.empty()) soft.dsn[0] = '4';
  return soft;
}

std::string Reply::line(std::size_t index, char separator, bool utf8) const {
  std::string out = std::to_string(code);
  out += separator;
  if (!dsn.empty()) out.append(dsn) += ' ';
  out += lines[index];
  return text::printable(out, utf8, ' ');
}

std::string Reply::first_line() const {
  return lines.empty() ? std::to_string(code) : line(0, ' ', true);
}

std::string Reply::bytes(bool utf8) const {
  if (lines.empty()) return std::to_string(code) + " \r\n";
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    out += line(i, i + 1 < lines.size() ? '-' : ' ', utf8);
    out += "\r\n";
  }
  return out;
}

}  // namespace headgate::proto
