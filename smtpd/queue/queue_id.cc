// Tested by tests/smtpd/queue/queue_id_test.cc.
#include "smtpd/queue/queue_id.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::queue {

namespace {

// No vowels, so that an id never spells a word. Base 51 leaves out the 'z' that stands before the
// inode.
constexpr std::string_view kAlphabet = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";

std::string in_base(std::uint64_t value, std::uint64_t base, std::size_t width) {
  std::string digits;
  do {
    digits.push_back(kAlphabet[value % base]);
    value /= base;
  } while (value != 0);
  while (digits.size() < width) digits.push_back(kAlphabet.front());
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::uint64_t microseconds_of(WallTime time) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count());
}

}  // namespace

std::string short_queue_id(WallTime created, std::uint64_t inode) {
  return fmt::format("{:05X}{:X}", microseconds_of(created) % 1000000, inode);
}

std::string long_queue_id(WallTime created, std::uint64_t inode) {
  const std::uint64_t us = microseconds_of(created);
  return in_base(us / 1000000, 52, 6) + in_base(us % 1000000, 52, 4) + "z" + in_base(inode, 51, 1);
}

bool is_queue_id(std::string_view name) {
  return name.size() >= 6 && name.size() <= 64 &&
         std::all_of(name.begin(), name.end(), text::is_alnum);
}

}  // namespace headgate::queue
