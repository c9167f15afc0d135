// Builder: makes the image of one table and publishes it.
//   ProcessBuilder     starts headgate-compiler, which is found beside this program or in $PATH, and waits for it. Only
//                      there do limits hold, and only it can be killed without harm.
//   InProcessBuilder   does it here and now, without limits: for tests.
//   Threads   build() may be called from any thread, for different tables at once.
//   Errors    why there is no image, with the cure where there is one; Code::cancelled when `cancelled` became true.
//             Whatever happens to the process, nothing half made is ever published.
#pragma once

#include <atomic>
#include <string>

#include "engine/base/env.h"
#include "engine/base/error.h"
#include "engine/rules/program_source.h"

namespace headgate::store {

class Builder {
 public:
  Builder() = default;
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;
  virtual ~Builder() = default;

  virtual Result<void> build(rules::Dialect dialect, const std::string& name,
                             const rules::ImageSettings& settings,
                             const std::atomic<bool>& cancelled) = 0;
};

class ProcessBuilder final : public Builder {
 public:
  // `executable` "": look for it.
  explicit ProcessBuilder(const Env& env, std::string executable = {});

  Result<void> build(rules::Dialect dialect, const std::string& name,
                     const rules::ImageSettings& settings,
                     const std::atomic<bool>& cancelled) override;

 private:
  const Env& env_;
  std::string executable_;
};

class InProcessBuilder final : public Builder {
 public:
  explicit InProcessBuilder(const Env& env) : env_(env) {}

  Result<void> build(rules::Dialect dialect, const std::string& name,
                     const rules::ImageSettings& settings,
                     const std::atomic<bool>& cancelled) override;

 private:
  const Env& env_;
};

}  // namespace headgate::store
