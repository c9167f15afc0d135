// Verdict: what the content checks decided about a message, and ActionTaken: one log-worthy step on the way.
//   Threads   values.
//   Source    content-checks §5: first REJECT wins, DISCARD forgets every other error, REDIRECT stops the checks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/checks/action.h"
#include "engine/checks/check_set.h"
#include "engine/mail/mime.h"

namespace headgate::checks {

enum class Disposition { accept, reject, discard, tempfail };

struct Verdict {
  Disposition disposition = Disposition::accept;
  std::string
      reason;  // reject: enhanced code and text, "5.7.1 no way". The SMTP code is 451 for 4.x.x, else 550.
  bool hold = false;
  std::optional<std::string> filter;    // transport:destination, the last one counts
  std::optional<std::string> redirect;  // all recipients replaced
  std::vector<std::string> bcc;
  std::string failed_parameter;  // tempfail: "header_checks" …
};

// One action that is logged, with what the log line needs. Views are valid during the callback only.
struct ActionTaken {
  ActionKind kind = ActionKind::warn;
  KeyClass key_class = KeyClass::header;
  std::string_view context;  // "header", "body" or "content"
  std::string_view content;  // the key, whole
  std::string_view text;     // REJECT: the final reason
  std::string_view table;    // "pcre:/x"
  int line = 0;
};

// What strict_7bit_headers, strict_8bitmime, strict_8bitmime_body, strict_mime_encoding_domain and the nesting limit
// refuse a message for, at its end.
std::string_view mime_error_text(mail::MimeError error);

// "reject: mime-error TEXT: %.100s from ORIGIN; from=<S> to=<R>", of what MimeSink::mime_error() was told.
std::string mime_error_log_text(mail::MimeError error, std::string_view found,
                                std::string_view origin, std::string_view sender,
                                std::string_view recipient);

// "reject: header Subject: x from ORIGIN;ENVELOPE: TEXT" after the queue id, as content-checks §5.6 has it, made
// printable. `origin` is "name[address]"; `envelope` is " from=<a> to=<b> proto=ESMTP helo=<c>".
std::string action_log_text(const ActionTaken& action, std::string_view origin,
                            std::string_view envelope);

// The same for smtp_header_checks …, "warning: header Subject: x: TEXT": 60 bytes of the content, no envelope.
std::string delivery_log_text(const ActionTaken& action);

// And for milter_header_checks: "milter-header-reject: header …", 60 bytes, and ": " also without text.
std::string milter_log_text(const ActionTaken& action, std::string_view origin,
                            std::string_view envelope);

}  // namespace headgate::checks
