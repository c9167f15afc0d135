// SMTP dialogue: arbitrary bytes to the command parser and to the DATA reader, in all modes and cuttings.
// Invariants: no crash; a reply is lines of printable bytes; an address survives quoting and reading back; the
// DATA reader gives the same for every cutting of its input, never more than came in, and whole lines once it is done.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "smtpd/proto/address.h"
#include "smtpd/proto/command.h"
#include "smtpd/proto/data_reader.h"

namespace {

using namespace headgate::proto;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_reply(const Reply& reply) {
  require(reply.code >= 200 && reply.code <= 599);
  std::string_view bytes;
  const std::string owner = reply.bytes();
  bytes = owner;
  std::size_t lines = 0;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find("\r\n");
    require(end != std::string_view::npos && end >= 4);
    for (const char c : bytes.substr(0, end))
      require(static_cast<unsigned char>(c) >= 32 && c != 127);
    require(bytes[3] == (end + 2 == bytes.size() ? ' ' : '-'));
    bytes.remove_prefix(end + 2);
    ++lines;
  }
  require(lines == reply.lines.size());
}

void check_address(const std::string& address) {
  require(address.size() <= kMaxAddressBytes);
  if (address.empty()) return;
  const auto again = parse_address('<' + quote_address(address) + '>', {});
  require(again && *again == address);
}

void check_line(std::string_view line) {
  for (const bool loose : {true, false}) {
    ParseRules rules;
    rules.strict = !loose;
    rules.smtputf8 = loose;
    rules.message_size_limit = loose ? 0 : 1000;
    const Request request(line);
    (void)request.looks_like_header();
    const auto parsed = request.parse(rules);
    if (!parsed) {
      check_reply(parsed.error());
    } else if (const auto* mail = std::get_if<Mail>(&*parsed)) {
      check_address(mail->sender);
    } else if (const auto* rcpt = std::get_if<Rcpt>(&*parsed)) {
      require(!rcpt->recipient.empty());
      check_address(rcpt->recipient);
    }
  }
}

struct Outcome {
  std::string content;
  std::size_t consumed = 0;
  bool done = false, bare = false;
};

Outcome read(BareNewline mode, std::string_view wire, std::uint32_t seed,
             Framing framing = Framing::dots) {
  DataReader reader(mode, false, framing);
  Outcome outcome;
  while (outcome.consumed < wire.size() && !reader.done()) {
    std::size_t piece = wire.size();
    if (seed != 0) {
      seed = seed * 1664525U + 1013904223U;
      piece = 1 + (seed >> 24U) % 7;
    }
    outcome.consumed += reader.feed(wire.substr(outcome.consumed, piece), outcome.content);
  }
  if (framing == Framing::chunks) reader.finish(outcome.content);
  outcome.done = reader.done();
  outcome.bare = reader.saw_bare_newline();
  require(outcome.content.size() == reader.content_bytes());
  return outcome;
}

void check_data(std::string_view wire, std::uint32_t seed) {
  for (const BareNewline mode : {BareNewline::no, BareNewline::normalize, BareNewline::reject}) {
    const Outcome whole = read(mode, wire, 0);
    const Outcome cut = read(mode, wire, seed | 1U);
    require(whole.content == cut.content && whole.consumed == cut.consumed &&
            whole.done == cut.done && whole.bare == cut.bare);
    require(whole.content.size() <= whole.consumed);
    require(!whole.done || whole.content.empty() || whole.content.back() == '\n');
    require(whole.done || whole.consumed == wire.size());
    // Only the five bytes CRLF.CRLF end a message; at its start the CRLF of the command counts.
    if (whole.done && mode != BareNewline::no) {
      const std::string_view end = wire.substr(0, whole.consumed);
      require(end == ".\r\n" || (end.size() >= 5 && end.substr(end.size() - 5) == "\r\n.\r\n"));
    }
  }
}

// BDAT: all of it is content, no dot is an end.
void check_chunks(std::string_view wire, std::uint32_t seed) {
  for (const BareNewline mode : {BareNewline::no, BareNewline::normalize, BareNewline::reject}) {
    const Outcome whole = read(mode, wire, 0, Framing::chunks);
    const Outcome cut = read(mode, wire, seed | 1U, Framing::chunks);
    require(whole.content == cut.content && whole.bare == cut.bare);
    require(!whole.done && whole.consumed == wire.size() && cut.consumed == wire.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::uint32_t seed = 0;
  for (const char c : input.substr(0, 4)) seed = seed * 256U + static_cast<unsigned char>(c);
  check_data(input, seed);
  check_chunks(input, seed);
  std::string_view rest = input;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    check_line(line.substr(0, 2048));
  }
  return 0;
}
