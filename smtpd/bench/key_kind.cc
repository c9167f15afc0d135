// Tested by tests/smtpd/bench/measure_test.cc and tests/e2e/tune_test.py.
#include "smtpd/bench/key_kind.h"

namespace headgate::bench {

bool names_header(std::string_view pattern) {
  const std::size_t end = pattern.find_first_not_of(
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-", 1);
  return pattern.starts_with('^') && end != std::string_view::npos && end > 1 &&
         pattern[end] == ':';
}

peers::KeyKind key_kind_of(const rules::Program& program) {
  std::size_t named = 0, rules = 0;
  for (const rules::Op& op : program.ops()) {
    if (op.kind != rules::OpKind::test || op.role != rules::Role::rule) continue;
    ++rules;
    named += names_header(program.patterns()[op.index].text);
  }
  return named * 2 > rules ? peers::KeyKind::header : peers::KeyKind::body;
}

}  // namespace headgate::bench
