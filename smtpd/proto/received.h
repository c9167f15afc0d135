// Received: the trace header that this server puts on top of a message, as records (lines without
// their ends).
//   Input     what the session knows, and the time with its zone: explicit, so that tests need no
//   clock. Safety    the HELO name comes neutral from proto/command; everything else is made
//   printable here. Threads   pure.      Source    RFC 5321 §4.4, RFC 3848, RFC 5322 §3.3; smtpd.md
//   §3.11.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::proto {

struct Zone {
  std::chrono::minutes offset{0};  // east of Greenwich
  std::string name;                // "CET"; may be empty
};

struct Received {
  std::string helo;            // empty: the client's name
  std::string client_name;     // "unknown" when there is none
  std::string client_address;  // without IPv6: prefix
  std::string myhostname, mail_name;
  std::string protocol;  // SMTP or ESMTP
  // UTF8SMTP, …S, …A (RFC 6531 §4.3, RFC 3848).
  bool smtputf8 = false, encrypted = false, authenticated = false;
  std::vector<std::string> tls;  // lines about the connection, ready made
  std::string queue_id;
  std::string recipient;  // internal form; set only when there is exactly one
  std::chrono::system_clock::time_point time;
  Zone zone;
};

std::vector<std::string> received_records(const Received& received);

// "Sun,  1 Nov 2026 19:49:35 +0100": the day padded with a blank, as Postfix does.
std::string rfc5322_date(std::chrono::system_clock::time_point time, std::chrono::minutes zone);

// The same with the zone's name as a comment behind it.
std::string mail_date(std::chrono::system_clock::time_point time, const Zone& zone);

// The machine's zone at that time.
Zone local_zone(std::chrono::system_clock::time_point time);

}  // namespace headgate::proto
