// Tested by tests/engine/rules/expand_test.cc.
#include "engine/rules/expand.h"

namespace headgate::rules {

std::string expand(std::span<const Piece> value, std::string_view subject,
                   std::span<const match::Group> groups) {
  std::string text;
  for (const Piece& piece : value) {
    if (piece.group == 0) {
      text += piece.literal;
    } else if (piece.group < groups.size()) {
      const match::Group& group = groups[piece.group];
      if (group.begin < group.end && group.end <= subject.size()) {
        text += subject.substr(group.begin, group.end - group.begin);
      }
    }
  }
  return text;
}

bool needs_captures(std::span<const Piece> value) {
  for (const Piece& piece : value) {
    if (piece.group > 0) return true;
  }
  return false;
}

}  // namespace headgate::rules
