// How: four states (start of a line, after its first dot, inside it, done) and a count of CRs that
// are held back until it is clear whether an LF follows. Text is searched for LF with memchr and
// copied in one piece; only its trailing CRs are held. Why so strict about ".": a server before us
// may pass LF.LF or CRLF.CRCRLF on as data; were it an end for us, the rest of that message would
// be commands (SMTP smuggling, CVE-2023-51764). Tested by data_reader_test (corpus and any-chunking
// property), smtp_dialogue_fuzz.
#include "smtpd/proto/data_reader.h"

#include <cstring>

#include "engine/base/text.h"

namespace headgate::proto {

BareNewline bare_newline_mode(std::string_view value) {
  if (text::equal_ignore_case(value, "no")) return BareNewline::no;
  if (text::equal_ignore_case(value, "reject")) return BareNewline::reject;
  return BareNewline::normalize;
}

void DataReader::append(std::string_view bytes, std::string& out) {
  out += bytes;
  content_bytes_ += bytes.size();
}

void DataReader::release_returns(std::string& out) {
  if (held_returns_ == 0) return;
  out.append(held_returns_, '\r');
  content_bytes_ += held_returns_;
  held_returns_ = 0;
}

void DataReader::hold_returns(std::size_t count, std::string& out) {
  held_returns_ += count;
  if (held_returns_ <= kMaxHeldCarriageReturns) return;
  const std::size_t excess = held_returns_ - kMaxHeldCarriageReturns;
  out.append(excess, '\r');
  content_bytes_ += excess;
  held_returns_ = kMaxHeldCarriageReturns;
  if (state_ == State::dot) state_ = State::text;  // content has begun: this line is no lone dot
}

bool DataReader::ends_message(bool ended_crlf) const {
  if (mode_ == BareNewline::no) return true;
  return ended_crlf && held_returns_ == 1 && previous_ended_crlf_;
}

// An LF has come. state_ says what stands before it, held_returns_ how it ends.
void DataReader::newline(std::string& out) {
  const bool ended_crlf = held_returns_ > 0;
  if (!ended_crlf && !bare_newline_at_) bare_newline_at_ = content_bytes_;
  if (state_ == State::dot && ends_message(ended_crlf)) {
    state_ = State::done;
  } else {
    if (mode_ != BareNewline::no && held_returns_ > 1) {
      --held_returns_;
      release_returns(out);
      state_ = State::text;
    }
    if (state_ != State::dot) append("\n", out);
    state_ = State::line_start;
  }
  previous_ended_crlf_ = ended_crlf;
  held_returns_ = 0;
}

// What nearly all mail is made of: whole lines that begin with no dot and end in CRLF with no other CR before it. Each is
// one search and one copy, up to its CR, which becomes the LF. How many bytes that were.
std::size_t DataReader::plain_lines(std::string_view bytes, std::string& out) {
  if (state_ != State::line_start || held_returns_ != 0) return 0;
  std::size_t at = 0;
  while (at < bytes.size() && bytes[at] != '.') {
    const std::size_t newline = bytes.find('\n', at);
    if (newline == std::string_view::npos || newline == at) break;
    const std::size_t length = newline - at;  // with the CR
    if (bytes[newline - 1] != '\r' || (length > 1 && bytes[newline - 2] == '\r')) break;
    append(bytes.substr(at, length), out);
    out.back() = '\n';
    previous_ended_crlf_ = true;
    at = newline + 1;
  }
  return at;
}

std::size_t DataReader::feed(std::string_view bytes, std::string& out) {
  std::size_t at = 0;
  while (at < bytes.size() && state_ != State::done) {
    if (const std::size_t plain = plain_lines(bytes.substr(at), out); plain > 0) {
      at += plain;
      continue;
    }
    const char c = bytes[at];
    if (c == '\n') {
      newline(out);
      ++at;
      continue;
    }
    if (c == '.' && state_ == State::line_start && held_returns_ == 0 &&
        framing_ == Framing::dots) {
      state_ = State::dot;  // stuffing, or the end of data: not content either way
      ++at;
      continue;
    }
    const void* found = std::memchr(bytes.data() + at, '\n', bytes.size() - at);
    const std::size_t end =
        found == nullptr ? bytes.size()
                         : static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    std::size_t text_end = end;
    while (text_end > at && bytes[text_end - 1] == '\r') --text_end;
    if (text_end > at) {
      release_returns(out);
      append(bytes.substr(at, text_end - at), out);
      state_ = State::text;
    }
    hold_returns(end - text_end, out);
    at = end;
  }
  wire_bytes_ += at;
  return at;
}

}  // namespace headgate::proto
