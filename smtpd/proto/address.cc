// How: one pass over the text turns it into tokens (atom, quoted string, literal, special);
// comments and white space go. The grammar is then checked on tokens, so that quoting can never
// hide a separator from the check. Postfix is lenient about dots and about @ inside the local part,
// and so are we: the access room, not the parser, must see user@a@b. Tested by address_test,
// smtp_dialogue_fuzz.
#include "smtpd/proto/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/base/text.h"

namespace headgate::proto {
namespace {

enum class Kind : std::uint8_t { word, quoted, literal, special };

struct Token {
  Kind kind;
  std::string text;  // quoted: without quotes and escapes; literal: with its brackets
};

constexpr std::string_view kSpecials = "@,:;<>.";

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 32 || byte == 127;
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::optional<std::vector<Token>> tokens() {
    std::vector<Token> out;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t') {
        ++at_;
      } else if (c == '(') {
        if (!skip_comment()) return std::nullopt;
        had_comment_ = true;
      } else if (c == '"' || c == '[') {
        if (!delimited(out, c)) return std::nullopt;
      } else if (c == ')' || c == ']') {
        return std::nullopt;
      } else if (kSpecials.find(c) != std::string_view::npos) {
        out.push_back({Kind::special, std::string(1, c)});
        ++at_;
      } else if (!word(out)) {
        return std::nullopt;
      }
    }
    return out;
  }

  [[nodiscard]] bool had_comment() const { return had_comment_; }

 private:
  bool skip_comment() {
    int depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '\\' && at_ < text_.size()) ++at_;
      if (c == '(') ++depth;
      if (c == ')' && --depth == 0) return true;
    }
    return false;
  }

  bool delimited(std::vector<Token>& out, char open) {
    const char close = open == '"' ? '"' : ']';
    Token token{open == '"' ? Kind::quoted : Kind::literal, ""};
    if (open == '[') token.text += open;
    for (++at_; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == close) {
        ++at_;
        if (open == '[') token.text += close;
        out.push_back(std::move(token));
        return true;
      }
      if (c == '\\') {
        if (++at_ >= text_.size()) return false;
        c = text_[at_];
      }
      token.text += c;
    }
    return false;
  }

  bool word(std::vector<Token>& out) {
    Token token{Kind::word, ""};
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\\') {
        if (++at_ >= text_.size()) return false;
        token.text += text_[at_];
        continue;
      }
      if (c == ' ' || c == '\t' || c == '(' || c == ')' || c == '"' || c == '[' || c == ']' ||
          kSpecials.find(c) != std::string_view::npos) {
        break;
      }
      token.text += c;
    }
    out.push_back(std::move(token));
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool had_comment_ = false;
};

bool is_special(const Token& token, char c) {
  return token.kind == Kind::special && token.text[0] == c;
}

// Drops @x,@y: from the front. False when something that starts like a route is none.
bool drop_route(std::vector<Token>& tokens) {
  if (tokens.empty() || !is_special(tokens[0], '@')) return true;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (is_special(tokens[i], ':')) {
      tokens.erase(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      return true;
    }
    const bool allowed = tokens[i].kind != Kind::quoted && !is_special(tokens[i], ';') &&
                         !is_special(tokens[i], '<') && !is_special(tokens[i], '>');
    if (!allowed) return false;
  }
  return false;
}

// Joins addr-spec tokens; two words side by side, a separator or an empty piece beside @ end it.
std::optional<std::string> join(const std::vector<Token>& tokens) {
  std::string out;
  bool operand_before = false;
  bool at_before = false;
  bool any_at = false;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.kind == Kind::special) {
      const char c = token.text[0];
      if (c != '@' && c != '.') return std::nullopt;
      if (c == '@' && (i == 0 || at_before)) return std::nullopt;
      operand_before = false;
      at_before = c == '@';
      any_at |= at_before;
    } else {
      if (operand_before) return std::nullopt;
      if (token.kind == Kind::literal && !at_before) return std::nullopt;
      // In the domain a quoted string has no business.
      const bool last_piece =
          std::none_of(tokens.begin() + static_cast<std::ptrdiff_t>(i), tokens.end(),
                       [](const Token& t) { return is_special(t, '@'); });
      if (token.kind == Kind::quoted && any_at && last_piece) return std::nullopt;
      operand_before = true;
      at_before = false;
    }
    out += token.text;
  }
  if (at_before) return std::nullopt;
  return out;
}

// Internationalized names as far as a mail server minds: labels of UTF-8 and what any name has.
bool valid_utf8_hostname(std::string_view name) {
  std::string ascii(name);
  for (char& c : ascii) {
    if ((c & '\x80') != 0) c = 'x';
  }
  return text::valid_utf8(name) && valid_hostname(ascii);
}

bool valid_domain(std::string_view domain, bool utf8) {
  if (!domain.empty() && domain.front() == '[') return valid_address_literal(domain);
  if (domain.size() > 1 && domain.back() == '.') domain.remove_suffix(1);
  return utf8 ? valid_utf8_hostname(domain) : valid_hostname(domain);
}

bool valid_internal(std::string_view address, bool utf8_domain) {
  if (address.size() > kMaxAddressBytes || address.front() == '-') return false;
  if (std::any_of(address.begin(), address.end(), is_control)) return false;
  return !has_domain(address) || valid_domain(domain_part(address), utf8_domain);
}

}  // namespace

std::optional<std::string> parse_address(std::string_view text, const AddressRules& rules) {
  const bool bracketed = !text.empty() && text.front() == '<';
  if (bracketed && (text.size() < 2 || text.back() != '>')) return std::nullopt;
  if (!bracketed && (rules.strict || text.empty())) return std::nullopt;
  const std::string_view inner = bracketed ? text.substr(1, text.size() - 2) : text;

  Scanner scanner(inner);
  auto tokens = scanner.tokens();
  if (!tokens) return std::nullopt;
  if (rules.strict &&
      (scanner.had_comment() || (!tokens->empty() && is_special(tokens->front(), '@'))))
    return std::nullopt;
  if (!drop_route(*tokens)) return std::nullopt;
  auto address = join(*tokens);
  if (!address) return std::nullopt;
  if (address->empty()) return rules.allow_empty && tokens->empty() ? address : std::nullopt;
  if (!valid_internal(*address, rules.utf8_domain)) return std::nullopt;
  return address;
}

std::string_view local_part(std::string_view address) {
  return address.substr(0, address.rfind('@'));
}

std::string_view domain_part(std::string_view address) {
  const std::size_t at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

bool has_domain(std::string_view address) { return address.find('@') != std::string_view::npos; }

std::string quote_address(std::string_view address) {
  const std::string_view local = local_part(address);
  const std::string_view rest = address.substr(local.size());
  if (address.empty()) return {};
  constexpr std::string_view kAtomExtra = "!#$%&'*+-/=?^_`{|}~.";
  bool plain = !local.empty() && local.front() != '.' && local.back() != '.' &&
               local.find("..") == std::string_view::npos;
  for (const char c : local) {
    const bool high = static_cast<unsigned char>(c) > 127;
    plain = plain && (text::is_alnum(c) || high || kAtomExtra.find(c) != std::string_view::npos);
  }
  if (plain) return std::string(address);
  std::string out = "\"";
  for (const char c : local) {
    if (c == '"' || c == '\\' || c == '\r') out += '\\';
    out += c;
  }
  out += '"';
  out += rest;
  return out;
}

bool valid_hostname(std::string_view name) {
  if (name.empty() || name.size() > 255) return false;
  std::size_t label = 0;
  bool numeric = true;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool ends = i + 1 == name.size() || name[i + 1] == '.';
    if (c == '.') {
      if (label == 0 || i + 1 == name.size()) return false;
      label = 0;
      continue;
    }
    if (!text::is_alnum(c) && c != '_' && c != '-') return false;
    if (c == '-' && (label == 0 || ends)) return false;
    if (++label > 63) return false;
    if (!text::is_digit(c)) numeric = false;
  }
  return !numeric;
}

bool valid_host_address(std::string_view address) {
  const std::string text(address);
  if (text.empty() || text.size() != std::char_traits<char>::length(text.c_str())) return false;
  in_addr v4{};
  in6_addr v6{};
  return inet_pton(AF_INET, text.c_str(), &v4) == 1 || inet_pton(AF_INET6, text.c_str(), &v6) == 1;
}

std::string_view literal_address(std::string_view literal) {
  if (literal.size() < 3 || literal.front() != '[' || literal.back() != ']') return {};
  std::string_view inner = literal.substr(1, literal.size() - 2);
  const bool v6 = text::starts_with_ignore_case(inner, "ipv6:");
  if (v6) inner.remove_prefix(5);
  const bool colon = inner.find(':') != std::string_view::npos;
  return v6 == colon && valid_host_address(inner) ? inner : std::string_view();
}

bool valid_address_literal(std::string_view literal) { return !literal_address(literal).empty(); }

}  // namespace headgate::proto
