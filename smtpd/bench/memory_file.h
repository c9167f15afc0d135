// MemoryFile: bytes that other processes of this user can read by a path, as long as this one lives; no disk sees them.
//   Errors    write: Code::unavailable, the system's reason.      Threads   one owner.
//   Source    memfd_create(2), proc(5).
#pragma once

#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace headgate::bench {

class MemoryFile {
 public:
  // What was there before is gone.
  Result<void> write(std::string_view bytes);

  [[nodiscard]] std::string path() const;

 private:
  Fd fd_;
};

}  // namespace headgate::bench
