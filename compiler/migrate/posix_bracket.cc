// Case-blind matching in glibc compares upper-cased bytes with an upper-cased expression; so `[a-Z]` is a range, and `[Z-a]`
// none. A backslash is a byte like any other. Tested by tests/compiler/migrate/translate_test.cc, against regexec.
#include "compiler/migrate/posix_bracket.h"

#include <string_view>

namespace headgate::migrate {

namespace {

using analyse::ByteSet;
using analyse::GiveUp;

class Bracket {
 public:
  explicit Bracket(analyse::PosixTokens& at) : at_(at) {}

  ByteSet run(bool newline) {
    const bool negated = at_.eat("^");
    for (bool first = true;; first = false) {
      if (!at_.more()) throw GiveUp{"a bracket expression without its ]"};
      if (at_.peek() == ']' && !first) break;
      item();
    }
    at_.skip(1);
    ByteSet set = at_.matching(set_);
    if (!negated) return set;
    set = ~set;
    if (newline) set.reset('\n');
    return set;
  }

 private:
  void item() {
    if (at_.peek() == '[' && at_.peek(1) == ':') return named_class();
    if (at_.peek() == '[' && at_.peek(1) == '=') {
      set_.set(element('='));
      if (at_.peek() == '-' && at_.peek(1) != ']') throw GiveUp{"a - behind [=x=]"};
      return;
    }
    // glibc takes --- for one - in some places.
    if (at_.peek() == '-' && at_.peek(1) == '-') throw GiveUp{"-- in a bracket expression"};
    const unsigned char low = endpoint();
    if (at_.peek() != '-' || at_.peek(1) == ']') {
      set_.set(low);
      return;
    }
    at_.skip(1);
    if (at_.peek() == '-') throw GiveUp{"-- in a bracket expression"};
    const unsigned char high = endpoint();
    if (high < low) throw GiveUp{"a range that ends before it begins"};
    set_ |= analyse::range(low, high);
  }

  unsigned char endpoint() {
    const char c = at_.peek();
    if (!at_.more() || (c == '[' && (at_.peek(1) == '=' || at_.peek(1) == ':')))
      throw GiveUp{"a range whose end is a class"};
    if (c == '[' && at_.peek(1) == '.') return element('.');
    at_.skip(1);
    return at_.folded(c);
  }

  // [.x.] and [=x=]: without a locale only single bytes have a name, their own.
  unsigned char element(char mark) {
    const char c = at_.peek(2);
    if (at_.peek(3) != mark || at_.peek(4) != ']')
      throw GiveUp{"a collating element of more than one byte"};
    at_.skip(5);
    return at_.folded(c);
  }

  void named_class() {
    const auto end = at_.rest().find(":]", 2);
    if (end == std::string_view::npos) throw GiveUp{"[: in a bracket expression"};
    std::string_view name = at_.rest().substr(2, end - 2);
    if (at_.caseless() && (name == "upper" || name == "lower")) name = "alpha";
    ByteSet named;
    if (name == "word" || name == "ascii" || !analyse::posix_class(name, named))
      throw GiveUp{"[: in a bracket expression"};
    set_ |= named;
    at_.skip(end + 2);
    if (at_.peek() == '-' && at_.peek(1) != ']') throw GiveUp{"a - behind [:class:]"};
  }

  analyse::PosixTokens& at_;
  ByteSet set_;
};

}  // namespace

ByteSet posix_bracket(analyse::PosixTokens& at, bool newline) { return Bracket(at).run(newline); }

}  // namespace headgate::migrate
