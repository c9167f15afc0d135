// Tested by tests/compiler/analyse/parse_test.cc and, against PCRE2 itself, by tests/fuzz/table_text_fuzz.cc.
#include "compiler/analyse/pcre_class.h"

#include <optional>

#include "engine/base/text.h"

namespace headgate::analyse {

namespace {

ByteSet horizontal_space() { return single('\t') | single(' ') | single(0xa0); }

bool is_hex_digit(char c) {
  return text::is_digit(c) || (text::to_lower(c) >= 'a' && text::to_lower(c) <= 'f');
}

unsigned char octal_byte(Cursor& cursor) {
  unsigned value = 0;
  for (int i = 0; i < 2 && cursor.peek() >= '0' && cursor.peek() <= '7'; ++i)
    value = value * 8 + static_cast<unsigned>(cursor.next() - '0');
  return static_cast<unsigned char>(value);
}

unsigned hex_value(char c) {
  return static_cast<unsigned>(text::is_digit(c) ? c - '0' : text::to_lower(c) - 'a' + 10);
}

// \x{e9}; more than a byte, or anything but digits, is left to PCRE2.
unsigned char braced_hex_byte(Cursor& cursor) {
  unsigned value = 0;
  std::size_t digits = 0;
  for (; is_hex_digit(cursor.peek()); ++digits) value = value * 16 + hex_value(cursor.next());
  if (digits == 0 || digits > 4 || value > 0xff || !cursor.eat("}")) throw GiveUp{"\\x{"};
  return static_cast<unsigned char>(value);
}

unsigned char hex_byte(Cursor& cursor) {
  if (cursor.eat("{")) return braced_hex_byte(cursor);
  unsigned value = 0;
  for (int i = 0; i < 2; ++i) {
    if (!is_hex_digit(cursor.peek())) break;
    value = value * 16 + hex_value(cursor.next());
  }
  return static_cast<unsigned char>(value);
}

class ClassParser {
 public:
  ClassParser(Cursor& cursor, bool caseless) : cursor_(cursor), caseless_(caseless) {}

  ByteSet run() {
    const bool negated = cursor_.eat("^");
    ByteSet set;
    for (bool first = true;; first = false) {
      if (!cursor_.more()) throw GiveUp{"missing ]"};
      if (cursor_.peek() == ']' && !first) break;
      item(set);
    }
    cursor_.skip(1);
    if (caseless_) set = fold_case(set);
    return negated ? ~set : set;
  }

 private:
  [[nodiscard]] bool at_posix_item() const {
    return cursor_.peek() == '[' &&
           (cursor_.peek(1) == ':' || cursor_.peek(1) == '.' || cursor_.peek(1) == '=');
  }

  void item(ByteSet& set) {
    if (at_posix_item()) {
      posix_item(set);
      return;
    }
    const auto low = one_byte(set);
    if (!low) {
      // After \d or the like a hyphen that does not end the class is literal in PCRE2, or an error; not worth the risk.
      if (cursor_.peek() == '-' && cursor_.peek(1) != ']')
        throw GiveUp{"- after an escape in a class"};
      return;
    }
    if (cursor_.peek() != '-' || cursor_.peek(1) == ']' || cursor_.rest().size() < 2) {
      set |= single(*low);
      return;
    }
    cursor_.skip(1);
    if (at_posix_item()) throw GiveUp{"[: as the end of a range"};
    ByteSet other;
    const auto high = one_byte(other);
    if (!high || *high < *low) throw GiveUp{"range in a class"};
    set |= range(*low, *high);
  }

  // One byte; or adds a class escape to `set` and gives nothing.
  std::optional<unsigned char> one_byte(ByteSet& set) {
    const char c = cursor_.next();
    if (c != '\\') return static_cast<unsigned char>(c);
    if (!cursor_.more()) throw GiveUp{"\\ at the end"};
    ByteSet escaped;
    if (pcre_class_escape(cursor_.peek(), escaped)) {
      cursor_.skip(1);
      set |= escaped;
      return std::nullopt;
    }
    if (cursor_.eat("b")) return '\b';
    if (cursor_.peek() == 'Q' || cursor_.peek() == 'E') throw GiveUp{"\\Q in a class"};
    if (cursor_.peek() >= '1' && cursor_.peek() <= '7') return octal_byte();
    const char letter = cursor_.next();
    return pcre_byte_escape(cursor_, letter);
  }

  // In a class \223 is a byte; there are no back-references.
  unsigned char octal_byte() {
    unsigned value = 0;
    for (int i = 0; i < 3 && cursor_.peek() >= '0' && cursor_.peek() <= '7'; ++i)
      value = value * 8 + static_cast<unsigned>(cursor_.next() - '0');
    if (value > 0xff) throw GiveUp{"\\ddd in a class"};
    return static_cast<unsigned char>(value);
  }

  void posix_item(ByteSet& set) {
    const auto end = cursor_.rest().find(":]", 2);
    if (cursor_.peek(1) != ':' || end == std::string_view::npos) throw GiveUp{"[ in a class"};
    std::string_view name = cursor_.rest().substr(2, end - 2);
    const bool negated = !name.empty() && name.front() == '^';
    if (negated) name.remove_prefix(1);
    if (caseless_ && (name == "upper" || name == "lower")) name = "alpha";
    ByteSet named;
    if (!posix_class(name, named)) throw GiveUp{"[: in a class"};
    set |= negated ? ~named : named;
    cursor_.skip(end + 2);
    if (cursor_.peek() == '-' && cursor_.peek(1) != ']') throw GiveUp{"- after [:…:]"};
  }

  Cursor& cursor_;
  bool caseless_;
};

}  // namespace

ByteSet vertical_space() { return range('\n', '\r') | single(0x85); }

bool pcre_class_escape(char letter, ByteSet& set) {
  switch (letter) {
    case 'd':
      set = range('0', '9');
      return true;
    case 'w':
      set = word_bytes();
      return true;
    case 's':
      set = space_bytes();
      return true;
    case 'h':
      set = horizontal_space();
      return true;
    case 'v':
      set = vertical_space();
      return true;
    case 'D':
    case 'W':
    case 'S':
    case 'H':
    case 'V':
      pcre_class_escape(text::to_lower(letter), set);
      set = ~set;
      return true;
    default:
      return false;
  }
}

unsigned char pcre_byte_escape(Cursor& cursor, char letter) {
  switch (letter) {
    case 'a':
      return '\a';
    case 'e':
      return 0x1b;
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case '0':
      return octal_byte(cursor);
    case 'x':
      return hex_byte(cursor);
    default:
      break;
  }
  if (text::is_alnum(letter)) throw GiveUp{"\\" + std::string(1, letter)};
  return static_cast<unsigned char>(letter);
}

ByteSet pcre_class(Cursor& cursor, bool caseless) { return ClassParser(cursor, caseless).run(); }

}  // namespace headgate::analyse
