// Cursor: a place in a pattern, for the two parsers. GiveUp: what a parser throws when it meets something that it does not
// read; it never leaves the parser's file: a recursive descent reads best so.
//   Lifetime  borrows the pattern.      Threads  one owner.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace headgate::analyse {

constexpr int kDeepest = 250;  // nested groups; PCRE2's own default

struct GiveUp {
  std::string why;
};

class Cursor {
 public:
  explicit Cursor(std::string_view pattern) : s_(pattern) {}

  [[nodiscard]] bool more() const { return at_ < s_.size(); }

  // NUL past the end: no pattern holds one.
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < s_.size() ? s_[at_ + ahead] : '\0';
  }

  [[nodiscard]] std::string_view rest() const { return s_.substr(at_); }

  [[nodiscard]] std::size_t offset() const { return at_; }

  // From `begin` to here.
  [[nodiscard]] std::string_view since(std::size_t begin) const {
    return s_.substr(begin, at_ - begin);
  }

  bool eat(std::string_view text) {
    if (!rest().starts_with(text)) return false;
    at_ += text.size();
    return true;
  }

  char next() { return s_[at_++]; }  // only when there is more()

  void skip(std::size_t bytes) { at_ += bytes; }

  // Past the next `mark`, or to the end; false when there is none.
  bool skip_past(char mark) {
    const auto found = s_.find(mark, at_);
    at_ = found == std::string_view::npos ? s_.size() : found + 1;
    return found != std::string_view::npos;
  }

 private:
  std::string_view s_;
  std::size_t at_ = 0;
};

}  // namespace headgate::analyse
