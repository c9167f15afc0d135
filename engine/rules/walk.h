// Walk: the ways through a Program's operations that skip what cannot matter. A plain test of a pattern that does not match
// fails and jumps; a negated guard lets pass. So a walk need only stop where a test's pattern may match (`stops`), and at
// negated rules (`always`); on its way to a stop it must not enter a group whose guard failed (`enclosing`).
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

  // Where a walk must stop when this pattern may match.
  [[nodiscard]] std::span<const std::uint32_t> stops(std::uint32_t pattern) const {
    return std::span(stops_).subspan(first_[pattern], first_[pattern + 1] - first_[pattern]);
  }

  // Where it must stop whatever matches, in order.
  [[nodiscard]] const std::vector<std::uint32_t>& always() const { return always_; }

  // The innermost guard around an operation, or kNoOp.
  [[nodiscard]] std::uint32_t enclosing(std::uint32_t op) const { return enclosing_[op]; }

 private:
  std::vector<std::uint32_t> first_, stops_, always_, enclosing_;
};

}  // namespace headgate::rules
