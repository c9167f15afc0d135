// Landlock: what files and ports a process can still reach, whoever it is. By system calls, because Debian 12 has no library
// for it and its headers know the first versions only.
//   Use       allow() what is needed, then enforce(), which holds for this thread and all that it starts, for ever.
//   Errors    enforce(): Code::unavailable when the kernel has no Landlock. A path that is not there is left out.
//   Source    landlock(7); the kernel's Documentation/userspace-api/landlock.rst.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/error.h"

namespace headgate::master {

class Landlock {
 public:
  enum class Files : std::uint8_t {
    read,
    read_and_run,
    write_to,
    change
  };  // change: make, rename, remove, too

  void allow(const std::string& path, Files what);

  // No TCP port may be bound but these (0: any free one), none connected to but those; Linux 6.7.
  void only_bind(std::vector<std::uint16_t> ports);
  void only_connect(std::vector<std::uint16_t> ports);

  // No signals but to itself and what it starts; Linux 6.12.
  void only_own_signals() { own_signals_ = true; }

  [[nodiscard]] Result<void> enforce() const;

 private:
  struct Place {
    std::string path;
    Files what;
  };

  struct Ports {
    bool limited = false;
    std::vector<std::uint16_t> allowed;
  };

  std::vector<Place> places_;
  Ports bind_, connect_;
  bool own_signals_ = false;
};

}  // namespace headgate::master
