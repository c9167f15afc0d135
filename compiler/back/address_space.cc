// Tested by tests/compiler/back/forked_compiler_test.cc and tests/compiler/back/trial_test.cc.
#include "compiler/back/address_space.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "engine/base/file.h"

namespace headgate::back {

namespace {

constexpr std::size_t kProbeBytes = 64U << 20;

}  // namespace

std::uint64_t mapped_bytes() {
  std::uint64_t pages = 0;
  if (FILE* file = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(file, "%lu", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

void limit_address_space(std::uint64_t bytes) {
  rlimit limit{};
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = std::min<rlim_t>(bytes, limit.rlim_max);
  setrlimit(RLIMIT_AS, &limit);
}

bool own_limit_was_hit() {
  limit_address_space(RLIM_INFINITY);
  void* probe =
      mmap(nullptr, kProbeBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (probe == MAP_FAILED) return false;
  munmap(probe, kProbeBytes);
  return true;
}

void offer_to_oom_killer() {
  constexpr std::string_view kFirst = "1000";
  const Fd file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  if (!file.valid()) return;
  [[maybe_unused]] const ssize_t written = ::write(file.get(), kFirst.data(), kFirst.size());
}

}  // namespace headgate::back
