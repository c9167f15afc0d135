// Tested by tests/engine/rules/evaluate_test.cc, which builds programs by hand.
#include "engine/rules/program.h"

#include <fmt/format.h>

namespace headgate::rules {

std::string_view name_of(Strategy strategy) {
  switch (strategy) {
    case Strategy::native:
      return "native";
    case Strategy::prefilter:
      return "prefilter";
    case Strategy::confirm_only:
      return "confirm-only";
  }
  return "?";
}

std::string_view name_of(Dialect dialect) { return dialect == Dialect::pcre ? "pcre" : "regexp"; }

std::string Program::complaint(int line, std::string_view text) const {
  return fmt::format("{} map {}, line {}: {}", name_of(parts_.dialect), parts_.name, line, text);
}

}  // namespace headgate::rules
