// Tested by tests/compiler/front/rule_file_test.cc.
#include "compiler/front/flags.h"

namespace headgate::front {

namespace {

bool* pcre_flag(char letter, Flags& flags) {
  switch (letter) {
    case 'i':
      return &flags.caseless;
    case 'm':
      return &flags.multiline;
    case 's':
      return &flags.dotall;
    case 'x':
      return &flags.extended;
    case 'A':
      return &flags.anchored;
    case 'E':
      return &flags.dollar_end_only;
    case 'U':
      return &flags.ungreedy;
    default:
      return nullptr;
  }
}

bool* regexp_flag(char letter, Flags& flags) {
  switch (letter) {
    case 'i':
      return &flags.caseless;
    case 'm':
      return &flags.multiline;
    case 'x':
      return &flags.basic;
    default:
      return nullptr;
  }
}

}  // namespace

FlagResult toggle_flag(Dialect dialect, char letter, Flags& flags) {
  bool* flag = dialect == Dialect::pcre ? pcre_flag(letter, flags) : regexp_flag(letter, flags);
  if (flag == nullptr)
    return dialect == Dialect::pcre && letter == 'X' ? FlagResult::obsolete : FlagResult::unknown;
  *flag = !*flag;
  return FlagResult::ok;
}

}  // namespace headgate::front
