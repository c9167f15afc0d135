// Inspector: the content checks on one message. Records go in, edited records go out through a Sink, a Verdict stands at
// the end. One pass; memory is bounded by header_size_limit and the MIME nesting limit, never by the message's size.
//   Units     a record is a line without its end, or a chunk of line_length_limit bytes with `continued` set.
//   Lifetime  borrows the CheckSet, the Sink and the ActionObserver for the message.        Threads  one owner.
//   Errors    none thrown; a failed lookup makes the Verdict Disposition::tempfail (Postfix: 451 4.3.0).
//   Source    cleanup(8), header_checks(5), RFC 2045/2046; content-checks §4 and §5 as recorded in docs/walk.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/checks/check_set.h"
#include "engine/checks/verdict.h"
#include "engine/mail/known_header.h"
#include "engine/mail/lines.h"
#include "engine/mail/mime.h"

namespace headgate::checks {

// For Agent::smtp, see delivery_limits().
struct Limits {
  Agent agent = Agent::cleanup;
  std::size_t header_size_limit = 102400;
  std::size_t body_checks_size_limit = 51200;  // 0 = none
  std::size_t mime_nesting_limit = 100;
  std::size_t mime_boundary_length_limit = 2048;
  bool disable_mime_input_processing = false;
  bool downgrade = false;                           // delivery, see mail::MimeOptions
  bool replace_stray_cr_lf = true;                  // cleanup_replace_stray_cr_lf
  std::string reject_characters, strip_characters;  // message_…_characters, without escapes
  bool strict_7bit_headers = false, strict_8bitmime = false, strict_8bitmime_body = false,
       strict_mime_encoding_domain = false;
  // message_drop_headers, borrowed: primary headers that are looked up and then left out, by their
  // name on output.
  std::span<const std::string> drop_headers;
};

// For smtp_header_checks …: the parser's limits are the same, nothing of the body is out of reach, and nothing is
// dropped, cut or cleaned. The Inspector's Verdict then can be `accept` or `tempfail` only.
Limits delivery_limits(const Limits& limits);

// Where the message goes as it is kept. A header arrives as its several lines; `continued` as in
// Inspector::record.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;
  virtual void record(std::string_view bytes, bool continued) = 0;

  // Body records that are kept as they came and that nothing looks at: whole lines, each with its \n.
  virtual void lines(std::string_view lines) {
    mail::each_line(lines, [this](std::string_view line) { record(line, false); });
  }

  // A known header of the primary block, before the checks see it.
  virtual void primary_header_found(mail::KnownHeader header) { (void)header; }

  // A known header that the checks let pass, under its name on output, before its lines are written
  // or message_drop_headers leaves it out. `text` is the logical header. `primary`: of the message
  // itself, and not one of the MIME names when it came in.
  virtual void known_header(mail::KnownHeader header, std::string_view text, bool primary) {
    (void)header;
    (void)text;
    (void)primary;
  }

  // False once the message cannot be accepted any more: no body record is looked up then.
  [[nodiscard]] virtual bool accepting() const { return true; }

  // Called once, before the first body record is kept: the place where missing headers are added. Not for a message
  // that will not be accepted.
  virtual void end_of_primary_headers() {}
};

// Hears of every action that Postfix would log, and of every warning, in order.
class ActionObserver {
 public:
  ActionObserver() = default;
  ActionObserver(const ActionObserver&) = delete;
  ActionObserver& operator=(const ActionObserver&) = delete;
  virtual ~ActionObserver() = default;
  virtual void on_action(const ActionTaken& action) = 0;

  // The hits that Postfix does not log: IGNORE, DUNNO and OK. For tools that explain.
  virtual void on_quiet_action(const ActionTaken& action) { (void)action; }

  virtual void on_warning(std::string_view text) = 0;

  // A warning that Postfix writes with the queue id before it: "ID: header_checks map lookup
  // problem -- …", "ID: smtp header checks lookup error".
  virtual void on_message_warning(std::string_view text) { on_warning(text); }

  // For mime_error_log_text(). The message is refused at its end unless something else ends it first.
  virtual void on_mime_error(mail::MimeError error, std::string_view found) {
    (void)error;
    (void)found;
  }
};

class Inspector {
 public:
  Inspector(CheckSet& checks, const Limits& limits, Sink& sink, ActionObserver& observer);
  ~Inspector();

  void record(std::string_view bytes, bool continued);
  void end();

  // As mail::TakesLines has it: passes on as one those lines of a body that no table, and nothing else, has anything to do
  // with, as far as it knows that (look_ahead). What becomes of the message is what becomes of it record by record.
  std::size_t lines(std::string_view lines);

  // The records that come next lie in this text, as lines that end with \n, at least those that are whole in it: body lines
  // are then scanned many at once. It must stay as it is until look_ahead({}).
  void look_ahead(std::string_view text);

  // Complete after end(); before it, disposition() may already be reject, discard or tempfail.
  // The Sink goes on hearing of a message that was refused: who does not want that stops feeding.
  [[nodiscard]] const Verdict& verdict() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace headgate::checks
