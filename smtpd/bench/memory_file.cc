// Tested by tests/smtpd/bench/tune_test.cc.
#include "smtpd/bench/memory_file.h"

#include <sys/mman.h>
#include <unistd.h>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace headgate::bench {

Result<void> MemoryFile::write(std::string_view bytes) {
  fd_ = Fd(memfd_create("headgate", MFD_CLOEXEC));
  if (!fd_.valid()) {
    return fail(Code::unavailable,
                fmt::format("memory for the mail: {}", std::generic_category().message(errno)));
  }
  return write_all(fd_.get(), bytes, "memory for the mail");
}

std::string MemoryFile::path() const { return fmt::format("/proc/{}/fd/{}", getpid(), fd_.get()); }

}  // namespace headgate::bench
