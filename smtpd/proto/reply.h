// Reply: what an SMTP peer is told, and its bytes on the wire. Bland on purpose; details go to the log.
//   Units     a text line without code, enhanced code and line end; dsn "2.1.0", or "" where Postfix sends none.
//   Safety    bytes() lets no control character through: what a client or a table put into a text cannot make a second
//             reply. What is not ASCII stays only as far as it looks like UTF-8, and only with `utf8` (smtputf8_enable).
//   Size      as long as its text: Postfix cuts none, although RFC 5321 §4.5.3.1.5 names 512 bytes.
//   Threads   values.
//   Source    smtpd_chat(3), smtpd_check(3); smtpd.md §3.9 as recorded in docs/compat.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headgate::proto {

class Reply {
 public:
  Reply() = default;
  Reply(int code, std::string dsn, std::string text);
  Reply(int code, std::string dsn, std::vector<std::string> lines);  // no lines: one empty one

  // "554 5.7.1 Service unavailable" or "521 No": code, optional enhanced code, text. For configured
  // texts. Postfix's rules: an unusable code becomes 450 4.7.1 Service unavailable (`repaired` is
  // set), a missing enhanced code becomes `default_dsn`, one of another class gets the reply's
  // class.
  static Reply from_text(std::string_view text, std::string_view default_dsn,
                         bool* repaired = nullptr);

  [[nodiscard]] bool positive() const { return code >= 200 && code < 400; }

  [[nodiscard]] bool permanent() const { return code >= 500; }

  // The session ends once this reply is flushed: any 421 or 521, whatever produced it, or an
  // explicit hang-up.
  [[nodiscard]] bool closes() const { return hangup || code == 421 || code == 521; }

  // soft_bounce: 5xx becomes 4xx, enhanced code too; 521 becomes 421.
  [[nodiscard]] Reply softened() const;

  // "554 5.7.1 <x@o>: Relay access denied": the first line, for the log.
  [[nodiscard]] std::string first_line() const;
  [[nodiscard]] std::string bytes(bool utf8 = true) const;

  int code = 250;
  std::string dsn;
  std::vector<std::string> lines = {std::string()};
  bool hangup = false;

 private:
  [[nodiscard]] std::string line(std::size_t index, char separator, bool utf8) const;
};

// The enhanced code that a text begins with ("5.7.1 no way"), "" when there is none.
std::string_view leading_dsn(std::string_view text);

}  // namespace headgate::proto
