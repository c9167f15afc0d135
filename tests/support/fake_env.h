// FakeEnv: a clock that only the test moves, and numbers that are not random.
#pragma once

#include "engine/base/env.h"

namespace headgate::testing_support {

class FakeEnv final : public Env {
 public:
  [[nodiscard]] WallTime wall() const override { return wall_; }

  [[nodiscard]] SteadyTime steady() const override { return steady_; }

  std::uint64_t random() override { return ++random_; }

  void advance(std::chrono::milliseconds by) {
    wall_ += by;
    steady_ += by;
  }

 private:
  WallTime wall_{std::chrono::seconds(1'700'000'000)};
  SteadyTime steady_{std::chrono::hours(1)};
  std::uint64_t random_ = 0;
};

}  // namespace headgate::testing_support
