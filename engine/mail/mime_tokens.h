// MimeItems: the tokens of a structured MIME header body, an item ("text/plain", "boundary=x") at a time.
// Comments nest and vanish, quoted strings lose their quotes, `;` ends an item.
//   Lifetime  borrows the text.         Threads  one owner.      Cost  one pass, at most three tokens kept.
//   Source    RFC 822 §3.3 as header_token(3) reads it; an item keeps its first three tokens, which is all that a
//             type or a parameter has.
#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::mail {

struct MimeToken {
  enum class Kind { word, quoted, special };

  Kind kind = Kind::word;
  std::string text;

  // Any case; a quoted string is never a word.
  [[nodiscard]] bool is_word(std::string_view word) const;

  [[nodiscard]] bool is_special(char c) const { return kind == Kind::special && text[0] == c; }
};

class MimeItems {
 public:
  // What is a token of its own beside the control characters: in parameters (RFC 2045 §5.1), and in
  // fields that are older than those (RFC 822 §3.3), Content-Transfer-Encoding among them.
  static constexpr std::string_view kParameterSpecials = "()<>@,;:\\\"/[]?=";
  static constexpr std::string_view kAddressSpecials = "()<>@,;:\\\".[]";

  explicit MimeItems(std::string_view field_body, std::string_view specials = kParameterSpecials);

  // The next item, possibly without tokens ("; x" starts with an empty one); nothing when the text
  // is used up.
  std::optional<std::vector<MimeToken>> next();

 private:
  MimeToken take_token();
  MimeToken take_quoted();
  void skip_comment();
  char take();

  [[nodiscard]] bool is_special(char c) const { return specials_[static_cast<unsigned char>(c)]; }

  std::string_view rest_;
  std::bitset<256> specials_;  // and control characters
};

}  // namespace headgate::mail
