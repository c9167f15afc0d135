// Tested by tests/smtpd/bench/measure_test.cc.
#include "smtpd/bench/machine.h"

#include <sys/utsname.h>

#include <array>
#include <ctime>
#include <thread>

#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/base/version.h"
#include "engine/match/confirm_pcre2.h"
#include "engine/match/selftest.h"

namespace headgate::bench {

namespace {

// The first value of "model name : Intel …"; other processors than x86 have no such line.
std::string processor_name() {
  const auto text = read_file("/proc/cpuinfo");
  if (!text) return {};
  const std::size_t at = text->find("model name");
  if (at == std::string::npos) return {};
  const std::size_t colon = text->find(':', at);
  const std::size_t end = text->find('\n', at);
  if (colon == std::string::npos || end == std::string::npos || colon > end) return {};
  return std::string(text::trim(std::string_view(*text).substr(colon + 1, end - colon - 1)));
}

}  // namespace

Machine this_machine() {
  Machine machine;
  machine.processor = processor_name();
  machine.processors = std::thread::hardware_concurrency();
  utsname system{};
  if (uname(&system) == 0) machine.system = std::string(system.sysname) + ' ' + system.release;
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  std::array<char, 32> date{};
  if (gmtime_r(&now, &utc) != nullptr &&
      std::strftime(date.data(), date.size(), "%Y-%m-%d %H:%M UTC", &utc) > 0)
    machine.date = date.data();
  machine.headgate = kVersion;
  machine.hyperscan = match::hyperscan_build().version;
  machine.pcre2 = match::pcre2_build().version;
  return machine;
}

}  // namespace headgate::bench
