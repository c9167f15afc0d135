// How it works: left to right; after a bad index the scan goes on, so several may be reported, but it stops without a word
// at the next closed `${` or `$(`. Tested by tests/compiler/front/value_test.cc.
#include "compiler/front/value.h"

#include <limits>
#include <optional>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::front {

namespace {

// strtol(), then a cast to int: "4294967297" is 1, "2147483648" is negative.
std::int32_t wrapped_index(std::string_view digits) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::uint64_t value = 0;
  for (const char c : digits) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (kMost - digit) / 10 ? kMost : value * 10 + digit;
    if (value == kMost) break;
  }
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
}

class Scan {
 public:
  Scan(Dialect dialect, std::string_view value,
       const std::function<void(Prefix, std::string)>& complain)
      : dialect_(dialect), value_(value), complain_(complain) {}

  ScannedValue run() {
    while (at_ < value_.size() && step()) {
    }
    flush();
    return std::move(result_);
  }

 private:
  bool step() {
    if (value_[at_] != '$') {
      literal_ += value_[at_++];
      return true;
    }
    if (at_ + 1 < value_.size() && value_[at_ + 1] == '$') {
      literal_ += '$';
      at_ += 2;
      return true;
    }
    flush();
    ++at_;
    const auto name = take_name();
    if (!name) return false;
    if (name->empty()) return stop(fmt::format("empty macro name: \"{}\"", value_));
    use(*name);
    return true;
  }

  std::optional<std::string_view> take_name() {
    const char open = at_ < value_.size() ? value_[at_] : '\0';
    if (open == '{' || open == '(') return take_enclosed(open, open == '{' ? '}' : ')');
    const std::size_t begin = at_;
    while (at_ < value_.size() && (text::is_alnum(value_[at_]) || value_[at_] == '_')) ++at_;
    return value_.substr(begin, at_ - begin);
  }

  std::optional<std::string_view> take_enclosed(char open, char close) {
    const std::size_t begin = ++at_;
    int level = 1;
    for (; at_ < value_.size() && level > 0; ++at_) {
      if (value_[at_] == open) ++level;
      if (value_[at_] == close) --level;
    }
    if (level > 0) {
      stop(fmt::format("truncated macro reference: \"{}\"", value_));
      return std::nullopt;
    }
    if (!result_.good) {
      at_ = value_.size();
      return std::nullopt;
    }
    return value_.substr(begin, at_ - 1 - begin);
  }

  void use(std::string_view name) {
    if (!text::all_digits(name))
      return bad(fmt::format("non-numeric replacement index \"{}\"", name));
    const std::int32_t index = wrapped_index(name);
    if (index == 0) {
      const std::string_view spelling = dialect_ == Dialect::pcre ? "out of range" : "out-of-range";
      return bad(fmt::format("{} replacement index \"{}\"", spelling, name));
    }
    const auto group = static_cast<std::uint64_t>(static_cast<std::int64_t>(index));
    if (group > result_.highest_group) result_.highest_group = group;
    result_.pieces.push_back(Piece{{}, static_cast<std::size_t>(group)});
  }

  void bad(std::string complaint) {
    result_.good = false;
    complain_(Prefix::map_and_line, std::move(complaint));
  }

  bool stop(std::string complaint) {
    result_.good = false;
    complain_(Prefix::none, std::move(complaint));
    return false;
  }

  void flush() {
    if (literal_.empty()) return;
    result_.pieces.push_back(Piece{std::move(literal_), 0});
    literal_.clear();
  }

  Dialect dialect_;
  std::string_view value_;
  const std::function<void(Prefix, std::string)>& complain_;
  std::size_t at_ = 0;
  std::string literal_;
  ScannedValue result_;
};

}  // namespace

ScannedValue scan_value(Dialect dialect, std::string_view value,
                        const std::function<void(Prefix, std::string)>& complain) {
  return Scan(dialect, value, complain).run();
}

}  // namespace headgate::front
