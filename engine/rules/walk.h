// Walk: the ways through a Program's operations that skip what cannot matter. A rule whose pattern does not match is passed
// over, and a group is entered only for what stands in it. So a walk need only stop at rules whose pattern may match and at
// negated rules; on its way to a stop it asks the guards around it.
//   Units     places of operations.      Lifetime  immutable, made with its Program.       Threads  any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace headgate::rules {

enum class OpKind : std::uint8_t { test, emit };
enum class Role : std::uint8_t {
  guard,
  rule,
  second
};  // of a test; second: the `!/b/` of regexp: `/a/!/b/`

struct Op {
  OpKind kind = OpKind::test;
  Role role = Role::guard;
  bool negated = false;
  int line = 0;
  std::uint32_t index = 0;   // of the pattern, or for emit of the rule
  std::uint32_t target = 0;  // of a test that fails
};

constexpr std::uint32_t kNoOp = 0xffffffff;

class Walk {
 public:
  Walk() = default;
  Walk(const std::vector<Op>& ops, std::size_t patterns);

  // Where a walk must stop when this pattern may match: its plain rules.
  [[nodiscard]] std::span<const std::uint32_t> rules(std::uint32_t pattern) const {
    return rules_.of(pattern);
  }

  // And when its reference engine might fail: its guards.
  [[nodiscard]] std::span<const std::uint32_t> guards(std::uint32_t pattern) const {
    return guards_.of(pattern);
  }

  // Where it must stop whatever matches, in order.
  [[nodiscard]] const std::vector<std::uint32_t>& always() const { return always_; }

  // The innermost guard around an operation, or kNoOp.
  [[nodiscard]] std::uint32_t enclosing(std::uint32_t op) const { return enclosing_[op]; }

 private:
  // Places by pattern.
  class Places {
   public:
    Places() = default;
    template <class Wanted>
    Places(const std::vector<Op>& ops, std::size_t patterns, const Wanted& wanted);

    [[nodiscard]] std::span<const std::uint32_t> of(std::uint32_t pattern) const {
      return std::span(places_).subspan(first_[pattern], first_[pattern + 1] - first_[pattern]);
    }

   private:
    std::vector<std::uint32_t> first_, places_;
  };

  Places rules_, guards_;
  std::vector<std::uint32_t> always_, enclosing_;
};

}  // namespace headgate::rules
