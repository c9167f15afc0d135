// How it works: a recursive descent that knows groups, branches, classes, escapes and quantifiers as far as both dialects
// have them in common, and takes everything else for itself.
// Tested by tests/compiler/analyse/subjects_test.cc.
#include "compiler/analyse/spell_subject.h"

#include <vector>

#include "compiler/analyse/cursor.h"
#include "engine/base/text.h"

namespace headgate::analyse {

namespace {

class Speller {
 public:
  Speller(std::string_view pattern, bool basic, Dice& dice, std::size_t most)
      : at_(pattern), basic_(basic), dice_(dice), most_(most) {}

  std::string run() {
    std::string all;
    while (at_.more()) {
      all += branches(0);
      if (at_.more()) at_.skip(operator_size());  // a ) too many
    }
    if (all.size() > most_) all.resize(most_);
    for (char& c : all)
      if (c == '\0') c = '\x01';
    return all;
  }

 private:
  [[nodiscard]] std::size_t operator_size() const { return basic_ ? 2 : 1; }

  [[nodiscard]] bool at_operator(char c) const {
    return basic_ ? at_.peek() == '\\' && at_.peek(1) == c : at_.peek() == c;
  }

  // One of them. All are read, one is kept.
  std::string branches(int depth) {
    std::string kept = row(depth);
    for (std::size_t seen = 2; at_.more() && at_operator('|'); ++seen) {
      at_.skip(operator_size());
      std::string other = row(depth);
      if (dice_.below(seen) == 0) kept = std::move(other);
    }
    return kept;
  }

  std::string row(int depth) {
    std::string all, last;
    while (at_.more() && !at_operator('|') && !at_operator(')')) {
      if (quantifier(last)) continue;
      add(all, last);
      last = atom(depth);
    }
    add(all, last);
    return all;
  }

  void add(std::string& all, const std::string& more) const {
    if (all.size() < most_) all += more;
  }

  // Repeats `last` as the quantifier says, or by chance once more or not at all.
  bool quantifier(std::string& last) {
    const char c = at_.peek();
    const bool is_star = c == '*';
    const bool is_mark = at_operator('?') || at_operator('+');
    if (!is_star && !is_mark && !at_operator('{')) return false;
    const char mark = is_star ? '*' : at_.peek(operator_size() - 1);
    at_.skip(is_star ? 1 : operator_size());
    std::size_t copies = mark == '+' ? 1 + dice_.below(2) : dice_.below(2);
    if (mark == '{') {
      copies = 0;
      for (; text::is_digit(at_.peek()); at_.skip(1))
        if (copies < 1000) copies = copies * 10 + static_cast<std::size_t>(at_.peek() - '0');
      at_.skip_past('}');
    }
    if (last.size() * copies > most_) copies = 1;
    std::string all;
    for (std::size_t copy = 0; copy < copies; ++copy) all += last;
    last = all;
    return true;
  }

  std::string atom(int depth) {
    if (at_operator('(')) {
      at_.skip(operator_size());
      return group(depth);
    }
    const char c = at_.next();
    if (c == '[') return one_of_class();
    if (c == '\\' && at_.more()) return escape(at_.next());
    if (c == '^' || c == '$') return {};
    if (c == '.') return std::string(1, "ax0 -"[dice_.below(5)]);
    return std::string(1, c);
  }

  std::string group(int depth) {
    if (at_.eat("*")) {  // (*VERB)
      at_.skip_past(')');
      return {};
    }
    const bool captures = at_.peek() != '?' || at_.peek(1) == '<' || at_.peek(1) == 'P';
    bool is_absent = false;
    if (at_.eat("?")) {
      is_absent = at_.peek() == '!' || at_.peek(1) == '!';
      while (at_.more() && std::string_view(":>=!|)(").find(at_.peek()) == std::string_view::npos)
        at_.skip(1);
      if (at_.peek() == '(')
        at_.skip_past(')');  // (?(condition)
      else if (at_.more() && at_.peek() != ')')
        at_.skip(1);
    }
    const std::size_t number = groups_.size();
    if (captures) groups_.emplace_back();
    std::string inner = depth < kDeepest ? branches(depth + 1) : std::string();
    if (at_.more()) at_.skip(operator_size());
    if (captures) groups_[number] = inner;
    return is_absent ? std::string() : inner;
  }

  std::string one_of_class() {
    const bool negated = at_.eat("^");
    std::string members;
    for (bool first = true; at_.more() && (first || at_.peek() != ']'); first = false) {
      if (at_.eat("[:")) {
        at_.skip_past(']');
        members += "a0 ";
        continue;
      }
      if (at_.peek() == '\\' && at_.rest().size() > 1) {
        at_.skip(1);
        members += escape(at_.next());
        continue;
      }
      members += at_.next();
    }
    if (at_.more()) at_.skip(1);
    if (negated || members.empty()) return std::string(1, "~a0 "[dice_.below(4)]);
    return std::string(1, members[dice_.below(members.size())]);
  }

  std::string captured(char digit) const {
    const auto number = static_cast<std::size_t>(digit - '1');
    return number < groups_.size() ? groups_[number] : std::string();
  }

  std::string escape(char c) {
    if (c >= '1' && c <= '9') return captured(c);
    if (c == 'g' && (at_.eat("{") || text::is_digit(at_.peek()))) {
      const char digit = at_.more() ? at_.next() : '0';
      at_.eat("}");
      return digit >= '1' && digit <= '9' ? captured(digit) : std::string();
    }
    if (c == 'p' || c == 'P') {
      if (at_.peek() == '{')
        at_.skip_past('}');
      else if (at_.more())
        at_.skip(1);
      return std::string(1, "Aa0-"[dice_.below(4)]);
    }
    switch (c) {
      case 'd':
        return std::string(1, "0379"[dice_.below(4)]);
      case 'w':
        return std::string(1, "aZ_5"[dice_.below(4)]);
      case 's':
      case 'h':
        return " ";
      case 'n':
      case 'R':
        return "\n";
      case 'r':
        return "\r";
      case 't':
        return "\t";
      case 'D':
      case 'W':
        return "-";
      case 'S':
        return "x";
      case 'b':
      case 'B':
      case 'A':
      case 'Z':
      case 'z':
      case 'G':
      case 'K':
      case '<':
      case '>':
      case '`':
      case '\'':
        return {};
      default:
        return std::string(1, c);
    }
  }

  Cursor at_;
  bool basic_;
  Dice& dice_;
  std::size_t most_;
  std::vector<std::string> groups_;
};

}  // namespace

std::string spell_subject(std::string_view pattern, bool basic, Dice& dice,
                          std::size_t max_length) {
  return Speller(pattern, basic, dice, max_length).run();
}

}  // namespace headgate::analyse
