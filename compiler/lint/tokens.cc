// Tested by tests/compiler/lint/tokens_test.cc.
#include "compiler/lint/tokens.h"

#include "engine/base/text.h"

namespace headgate::lint {

namespace {

class Tokenizer {
 public:
  Tokenizer(front::Dialect dialect, std::string_view text) : dialect_(dialect), text_(text) {}

  std::optional<std::vector<Token>> run() {
    while (at_ < text_.size()) {
      if (!step()) return std::nullopt;
    }
    return std::move(tokens_);
  }

 private:
  bool step() {
    Token token;
    token.begin = at_;
    token.depth = depth_;
    const char c = text_[at_++];
    switch (c) {
      case '\\':
        if (!escape(token)) return false;
        break;
      case '[':
        token.kind = TokenKind::brackets;
        if (!brackets()) return false;
        break;
      case '.':
        token.kind = TokenKind::dot;
        break;
      case '^':
        token.kind = TokenKind::caret;
        break;
      case '$':
        token.kind = TokenKind::dollar;
        break;
      case '|':
        token.kind = TokenKind::bar;
        break;
      case '(':
        token.kind = TokenKind::open;
        if (!open()) return false;
        ++depth_;
        break;
      case ')':
        token.kind = depth_ > 0 ? TokenKind::close : TokenKind::literal;
        token.byte = c;
        if (depth_ > 0) token.depth = --depth_;
        break;
      default:
        token.byte = c;
        break;
    }
    token.end = at_;
    if (token.kind != TokenKind::open && token.kind != TokenKind::bar)
      token.quantifier = quantifier();
    tokens_.push_back(std::move(token));
    return true;
  }

  bool escape(Token& token) {
    if (at_ >= text_.size()) return false;
    const char c = text_[at_++];
    if (c == 'Q' || c == 'E') return false;
    token.byte = c;
    const bool letter = text::is_alnum(c) || c == '<' || c == '>' || c == '`' || c == '\'';
    if (!letter || (dialect_ == front::Dialect::pcre && !text::is_alnum(c))) return true;
    token.kind = TokenKind::escape;
    if (dialect_ == front::Dialect::pcre &&
        std::string_view("xpPgkNco").find(c) != std::string_view::npos)
      return argument(c);
    return true;
  }

  // What an escape's letter takes with it: \x41, \p{L}; unusual ones are not read.
  bool argument(char letter) {
    if (letter != 'x') return false;
    for (int digits = 0; digits < 2 && at_ < text_.size(); ++digits, ++at_) {
      const char c = text::to_lower(text_[at_]);
      if (!text::is_digit(c) && (c < 'a' || c > 'f')) break;
    }
    return at_ >= text_.size() || text_[at_] != '{';
  }

  bool brackets() {
    if (at_ < text_.size() && text_[at_] == '^') ++at_;
    for (bool first = true; at_ < text_.size(); first = false) {
      const char c = text_[at_++];
      if (c == ']' && !first) return true;
      if (c == '\\' && dialect_ == front::Dialect::pcre) ++at_;
      const char next = at_ < text_.size() ? text_[at_] : '\0';
      if (c == '[' && (next == ':' || next == '.' || next == '=')) {
        const auto end = text_.find(std::string{next, ']'}, at_ + 1);
        if (end == std::string_view::npos) return false;
        at_ = end + 2;
      }
    }
    return false;
  }

  bool open() {
    if (dialect_ != front::Dialect::pcre || at_ >= text_.size()) return true;
    if (text_[at_] == '*') return false;
    if (text_[at_] != '?') return true;
    const auto end = text_.find_first_of(":=!>)<", at_ + 1);
    if (end == std::string_view::npos || text_[end] == ')')
      return false;  // (?i) changes what follows
    const std::string_view mark = text_.substr(at_ + 1, end - at_);
    if (mark != ":" && mark != "=" && mark != "!") return false;
    at_ = end + 1;
    return true;
  }

  std::string quantifier() {
    const std::size_t begin = at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '*' || c == '+' || c == '?') {
        ++at_;
      } else if (c == '{') {
        const auto end = text_.find('}', at_);
        if (end == std::string_view::npos) break;
        const std::string_view inner = text_.substr(at_ + 1, end - at_ - 1);
        if (inner.empty() || inner.find_first_not_of("0123456789,") != std::string_view::npos)
          break;
        at_ = end + 1;
      } else {
        break;
      }
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  front::Dialect dialect_;
  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::optional<std::vector<Token>> tokens_of(front::Dialect dialect, const front::Pattern& pattern) {
  if (pattern.flags.extended || pattern.flags.basic) return std::nullopt;
  return Tokenizer(dialect, pattern.text).run();
}

std::vector<std::string> literal_runs(const std::vector<Token>& tokens, std::size_t least) {
  std::vector<std::string> runs;
  std::string run;
  const auto end_run = [&] {
    if (run.size() >= least) runs.push_back(run);
    run.clear();
  };
  for (const Token& token : tokens) {
    if (token.kind == TokenKind::literal && token.quantifier.empty())
      run += token.byte;
    else
      end_run();
  }
  end_run();
  return runs;
}

std::string header_name(std::string_view pattern) {
  if (pattern.starts_with('^')) pattern.remove_prefix(1);
  for (const std::string_view blank : {"\\s*", "[[:space:]]*", " *"})
    if (pattern.starts_with(blank)) pattern.remove_prefix(blank.size());
  const auto colon = pattern.find(':');
  if (colon == std::string_view::npos || colon == 0) return {};
  for (const char c : pattern.substr(0, colon))
    if (!text::is_alnum(c) && c != '-') return {};
  return std::string(pattern.substr(0, colon));
}

}  // namespace headgate::lint
