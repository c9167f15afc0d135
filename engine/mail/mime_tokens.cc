#include "engine/mail/mime_tokens.h"

#include "engine/base/text.h"

namespace headgate::mail {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

bool MimeToken::is_word(std::string_view word) const {
  return kind == Kind::word && text::equal_ignore_case(text, word);
}

MimeItems::MimeItems(std::string_view field_body, std::string_view specials) : rest_(field_body) {
  for (std::size_t control = 0; control < 32; ++control) specials_.set(control);
  specials_.set(127);
  for (const char c : specials) specials_.set(static_cast<unsigned char>(c));
}

std::optional<std::vector<MimeToken>> MimeItems::next() {
  constexpr std::size_t kTokensKept = 3;
  std::vector<MimeToken> item;
  bool ended = false;
  while (!rest_.empty() && !ended) {
    const char c = rest_.front();
    if (is_blank(c)) {
      rest_.remove_prefix(1);
    } else if (c == '(') {
      skip_comment();
    } else if (c == ';') {
      rest_.remove_prefix(1);
      ended = true;
    } else {
      MimeToken token = take_token();
      if (item.empty()) item.reserve(kTokensKept);
      if (item.size() < kTokensKept) item.push_back(std::move(token));
    }
  }
  if (item.empty() && !ended) return std::nullopt;
  return item;
}

char MimeItems::take() {
  const char c = rest_.front();
  rest_.remove_prefix(1);
  return c;
}

void MimeItems::skip_comment() {
  int depth = 0;
  while (!rest_.empty()) {
    const char c = take();
    if (c == '(') ++depth;
    if (c == ')' && --depth == 0) return;
    if (c == '\\' && !rest_.empty()) rest_.remove_prefix(1);
  }
}

MimeToken MimeItems::take_token() {
  if (rest_.front() == '"') return take_quoted();
  if (is_special(rest_.front())) return {MimeToken::Kind::special, std::string(1, take())};
  std::size_t length = 0;
  while (length < rest_.size() && !is_blank(rest_[length]) && !is_special(rest_[length])) ++length;
  MimeToken token{MimeToken::Kind::word, std::string(rest_.substr(0, length))};
  rest_.remove_prefix(length);
  return token;
}

MimeToken MimeItems::take_quoted() {
  MimeToken token{MimeToken::Kind::quoted, {}};
  rest_.remove_prefix(1);
  while (!rest_.empty()) {
    char c = take();
    if (c == '"') break;
    if (c == '\n') {  // a fold inside the string: it and the white space before it go
      while (!token.text.empty() && is_blank(token.text.back())) token.text.pop_back();
      continue;
    }
    if (c == '\\') {
      if (rest_.empty()) break;
      c = take();
    }
    token.text += c;
  }
  return token;
}

}  // namespace headgate::mail
