// PatternMaker: a random expression of either dialect together with texts that it should match, made side by side.
// Nearly all of what PCRE2 10.42 and glibc's regcomp know is drawn, rare things rarely; what does not compile is welcome,
// because then Postfix's warning must be ours.
//   Units     a drawing has kSamples sample texts; they are guesses, not promises.     Threads  one owner.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "engine/rules/program_source.h"
#include "tests/collide/lookups/random.h"

namespace headgate::collide {

constexpr std::size_t kSamples = 3;

struct Drawing {
  std::string text;
  std::array<std::string, kSamples> samples;

  void append(const Drawing& other);
  void append(std::string_view literal);  // to the text alone
};

struct PatternShape {
  rules::Dialect dialect = rules::Dialect::pcre;
  bool free_spacing = false;  // pcre: x
  bool basic = false;         // regexp: x
};

class PatternMaker {
 public:
  PatternMaker(Random& random, const PatternShape& shape) : random_(random), shape_(shape) {}

  Drawing make();

  [[nodiscard]] int groups() const { return groups_; }

 private:
  Drawing alternatives(int depth);
  Drawing sequence(int depth);
  Drawing item(int depth);
  Drawing atom(int depth, bool& repeatable);
  Drawing word();
  Drawing quoted(std::string_view literal);
  Drawing byte_class();
  Drawing class_escape();
  Drawing assertion(int depth);
  Drawing group(int depth);
  Drawing pcre_group(int depth);
  Drawing rarity(int depth);
  Drawing repeat(Drawing once);

  [[nodiscard]] bool pcre() const { return shape_.dialect == rules::Dialect::pcre; }

  [[nodiscard]] std::string op(char c) const {
    return shape_.basic ? std::string{'\\', c} : std::string(1, c);
  }

  Random& random_;
  PatternShape shape_;
  int groups_ = 0;
  int repeats_open_ = 0;  // a repeat inside a repeat can explode
  Drawing last_group_;
};

}  // namespace headgate::collide
