// A rule's value: literals, `$$`, $1, ${1}, $(1). Everything else, a backslash included, stands for itself.
//   Errors    complaints are Postfix's; the two about syntax carry no map and line, as in Postfix.     Threads  pure.
//   Source    mac_parse(3); content-checks §2.5.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/front/ast.h"

namespace headgate::front {

struct ScannedValue {
  std::vector<Piece> pieces;
  bool good = true;
  std::uint64_t highest_group = 0;  // as Postfix sees it: an int that wrapped below zero is huge
};

enum class Prefix : std::uint8_t { none, map_and_line };

ScannedValue scan_value(Dialect dialect, std::string_view value,
                        const std::function<void(Prefix, std::string)>& complain);

}  // namespace headgate::front
