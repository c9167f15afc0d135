// Env: the one door to time and chance, so that tests need neither sleep nor luck.
//   Units     wall() is Unix time; steady() only ever grows.       Threads  implementations are thread-safe.
#pragma once

#include <chrono>
#include <cstdint>

namespace headgate {

using WallTime = std::chrono::system_clock::time_point;
using SteadyTime = std::chrono::steady_clock::time_point;

class Env {
 public:
  Env() = default;
  Env(const Env&) = delete;
  Env& operator=(const Env&) = delete;
  virtual ~Env() = default;

  [[nodiscard]] virtual WallTime wall() const = 0;
  [[nodiscard]] virtual SteadyTime steady() const = 0;
  virtual std::uint64_t random() = 0;
};

// The machine's own clocks and getrandom(2).
class SystemEnv final : public Env {
 public:
  [[nodiscard]] WallTime wall() const override;
  [[nodiscard]] SteadyTime steady() const override;
  std::uint64_t random() override;
};

}  // namespace headgate
