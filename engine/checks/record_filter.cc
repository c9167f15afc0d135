// Tested by record_filter_test.
#include "engine/checks/record_filter.h"

#include <algorithm>

#include "engine/mail/lines.h"

namespace headgate::checks {

namespace {

std::size_t index(char c) { return static_cast<unsigned char>(c); }

}  // namespace

RecordFilter::RecordFilter(bool replace_stray_cr_lf, std::string_view reject,
                           std::string_view strip)
    : replace_stray_cr_lf_(replace_stray_cr_lf),
      reject_(set_of(reject)),
      strip_(set_of(strip)),
      no_characters_(reject.empty() && strip.empty()) {}

RecordFilter::ByteSet RecordFilter::set_of(std::string_view characters) {
  ByteSet set;
  for (const char c : characters) set.set(index(c));
  return set;
}

RecordFilter::Filtered RecordFilter::apply(std::string_view bytes, bool checking, bool is_line) {
  // Twice memchr: find_first_of() of two bytes calls it for every byte of the text.
  const bool has_stray =
      replace_stray_cr_lf_ && !is_line &&
      (bytes.find('\r') != std::string_view::npos || bytes.find('\n') != std::string_view::npos);
  if (has_stray) {
    buffer_.assign(bytes);
    std::replace_if(
        buffer_.begin(), buffer_.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
    bytes = buffer_;
  }
  if (!checking || no_characters_) return {bytes, false};
  const auto is_in = [](const ByteSet& set) {
    return [&set](char c) { return set.test(index(c)); };
  };
  if (reject_.any() && std::any_of(bytes.begin(), bytes.end(), is_in(reject_)))
    return {bytes, true};
  if (strip_.any() && std::any_of(bytes.begin(), bytes.end(), is_in(strip_))) {
    std::string kept(bytes);
    kept.erase(std::remove_if(kept.begin(), kept.end(), is_in(strip_)), kept.end());
    buffer_ = std::move(kept);
    bytes = buffer_;
  }
  return {bytes, false};
}

std::string_view RecordFilter::clean_lines(std::string_view lines, bool checking,
                                           bool no_cr) const {
  if (replace_stray_cr_lf_ && !no_cr) lines = mail::lines_before(lines, lines.find('\r'));
  if (!checking || no_characters_) return lines;
  // The \n between them is in no record.
  const auto minded = std::find_if(lines.begin(), lines.end(), [this](char c) {
    return c != '\n' && (reject_.test(index(c)) || strip_.test(index(c)));
  });
  return minded == lines.end()
             ? lines
             : mail::lines_before(lines, static_cast<std::size_t>(minded - lines.begin()));
}

std::string unescape_characters(std::string_view text) {
  constexpr std::string_view kLetters = "abfnrtv", kMeanings = "\a\b\f\n\r\t\v";
  const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    if (const auto at = kLetters.find(c); at != std::string_view::npos) {
      out += kMeanings[at];
    } else if (is_octal(c)) {
      int value = 0;
      const std::size_t end = std::min(text.size(), i + 3);
      for (; i < end && is_octal(text[i]); ++i) value = value * 8 + (text[i] - '0');
      --i;
      out += static_cast<char>(value);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace headgate::checks
