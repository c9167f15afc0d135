// SettingsGuard: whoever sends a source's images elsewhere leaves them, in the end, where they were.
//   Lifetime  borrows the source.       Threads  one owner.
#pragma once

#include "engine/rules/program_source.h"

namespace headgate::bench {

class SettingsGuard {
 public:
  explicit SettingsGuard(rules::ProgramSource& programs)
      : programs_(programs), before_(programs.settings()) {}

  SettingsGuard(const SettingsGuard&) = delete;
  SettingsGuard& operator=(const SettingsGuard&) = delete;

  ~SettingsGuard() { restore(); }

  [[nodiscard]] const rules::ImageSettings& before() const { return before_; }

  void restore() { programs_.configure(before_); }

 private:
  rules::ProgramSource& programs_;
  const rules::ImageSettings before_;
};

}  // namespace headgate::bench
