// Random pcre: patterns that use every construct the analysis reads, and texts that some of them match.
#pragma once

#include <random>
#include <string>

namespace headgate::analyse {

class RandomPatterns {
 public:
  explicit RandomPatterns(unsigned seed) : random_(seed) {}

  int pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  std::string branches(int depth) {
    std::string pattern = row(depth);
    for (int more = pick(3) == 0 ? 1 + pick(2) : 0; more > 0; --more)
      pattern += "|" + row(depth - 1);
    return pattern;
  }

  std::string text() {
    static constexpr const char* kPieces[] = {"ab",  "A", "b", "c",  "\n",
                                              "abc", "x", "B", "bc", "\n"};
    std::string text;
    for (int pieces = 1 + pick(9); pieces > 0; --pieces) text += kPieces[pick(10)];
    return text;
  }

 private:
  std::string row(int depth) {
    static constexpr const char* kAtoms[] = {"a",   "b",  "c",    "[ab]",    ".", "[^a]", "ab",
                                             "\\n", "bc", "[b-]", "(?-i:A)", "x", "\\s"};
    static constexpr const char* kZero[] = {"\\b",    "^",   "$",   "(?m:^)",
                                            "(?m:$)", "\\A", "\\Z", "\\z"};
    static constexpr const char* kGroups[] = {
        "(", "(?:", "(?>", "(?i:", "(?-i:", "(?=", "(?!", "(?<!"};
    static constexpr const char* kRepeats[] = {"",  "",    "",      "",    "*",  "+",
                                               "?", "{2}", "{1,3}", "{0}", "*?", "++"};
    std::string pattern;
    for (int items = 1 + pick(4); items > 0; --items) {
      const int kind = pick(depth > 0 ? 29 : 21);
      if (kind < 13)
        pattern += "(?:" + std::string(kAtoms[kind]) + ")" + kRepeats[pick(12)];
      else if (kind < 21)
        pattern += kZero[kind - 13];
      else if (kind < 28)
        pattern +=
            kGroups[kind - 21] + branches(depth - 1) + ")" + (kind < 26 ? kRepeats[pick(12)] : "");
      else
        pattern += "(?<!a)";
    }
    return pattern;
  }

  std::mt19937 random_;
};

}  // namespace headgate::analyse
