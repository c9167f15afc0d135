// Comparison: two Programs and the same key: is what comes of it the same? Both are asked by their reference engines alone,
// so that what is compared is what the tables say and not how they are found.
// The same is: the same value once captures are filled in, or none from both; and an engine that gave up (a match limit) in
// both or in neither, for then Postfix warns and goes on with the next rule. Where the rules stand does not count.
//   Lifetime  shares the Programs.       Threads  one owner (scratch memory).
//   Errors    none: what an engine says when it gives up is part of the answer.
//   Cost      every pattern of both, one by one, until a rule is true.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/rules/program.h"
#include "engine/rules/truth.h"

namespace headgate::rules {

struct KeyAnswer {
  std::optional<std::string> value;   // nullopt: no rule is true
  int line = 0;                       // of the rule
  std::vector<std::string> failures;  // "pcre map NAME, line 3: …", where an engine gave up
};

// What a Program answers, asked without its plan.
class ReferenceAnswers {
 public:
  explicit ReferenceAnswers(std::shared_ptr<const Program> program);

  KeyAnswer answer(std::string_view key);

 private:
  std::shared_ptr<const Program> program_;
  Truth truth_;
};

struct KeyDifference {
  KeyAnswer before;
  KeyAnswer after;
};

bool same_outcome(const KeyAnswer& before, const KeyAnswer& after);

class Comparison {
 public:
  Comparison(std::shared_ptr<const Program> before, std::shared_ptr<const Program> after);

  // nullopt: the same. `key` holds no NUL.
  std::optional<KeyDifference> compare(std::string_view key);

 private:
  ReferenceAnswers before_, after_;
};

}  // namespace headgate::rules
