// Capabilities: what EHLO offers, in Postfix's order, and which features its hiding switches off.
//   Input     features of this server and session; keywords to hide (smtpd_discard_ehlo_keywords).
//   Threads   values.      Source    smtpd(8), RFC 5321 §4.1.1.1, RFC 1870, 2920, 2034, 3030, 3461,
//   6152;
//   smtpd.md §3.3.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "smtpd/proto/reply.h"

namespace headgate::proto {

struct Features {
  std::uint64_t message_size_limit = 0;  // 0: SIZE without a number
  bool vrfy = true;
  bool smtputf8 = false;
  bool starttls = false;                   // wanted, possible, and not done yet
  bool xclient = false, xforward = false;  // for this client
};

class Capabilities {
 public:
  // `discard`: keywords in any case; "silent-discard" only suppresses the log line.
  Capabilities(const Features& features, const std::vector<std::string>& discard);

  [[nodiscard]] Reply ehlo_reply(std::string_view myhostname) const;
  [[nodiscard]] bool offers(
      std::string_view keyword) const;  // upper case; hidden keywords also switch DSN … off

  // "discarding EHLO keywords: A B", or "" when nothing is hidden or silent-discard is set.
  [[nodiscard]] const std::string& discard_log() const { return discard_log_; }

 private:
  std::vector<std::string> lines_;
  std::string discard_log_;
};

}  // namespace headgate::proto
