// Envelope and Recipient: what the queue knows about a message besides its bytes.
//   Threads   values.       Source    RFC 5321, RFC 3461; docs/queue_format.md for the bytes on disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/env.h"
#include "smtpd/proto/command.h"

namespace headgate::queue {

struct Recipient {
  std::string address;  // without angle brackets
  std::string orig_to;  // the recipient that REDIRECT replaced; empty = none
  std::string
      original;  // ORCPT: xtext decoded as given, or what stood in RCPT ("rfc822;a@b"); empty = none
  std::string notify;               // "", "NEVER", "SUCCESS,FAILURE" …
  bool done = false;                // delivered or given up: struck from the queue file
  bool failed = false;              // given up: done, and the message is kept in hold/
  std::uint64_t strike_offset = 0;  // where the queue file holds its state byte (set by the reader)
};

struct Envelope {
  std::string sender;  // "" = the null sender
  std::vector<Recipient> recipients;
  std::string dsn_ret, dsn_envid;
  proto::Body body = proto::Body::unspecified;  // as MAIL or Content-Transfer-Encoding said
  bool smtputf8 = false;                        // MAIL said so
  bool smtputf8_header = false;                 // and a header needs it
  std::string content_filter;                   // FILTER transport:destination
  std::string client_name, client_address, helo_name, protocol_name;
  WallTime arrival{};
  std::uint64_t size_bytes = 0;  // of the content
};

// Where a ready message waits.
enum class State { incoming, active, deferred, hold };

}  // namespace headgate::queue
