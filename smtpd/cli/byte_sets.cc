// Tested by tests/smtpd/cli/byte_sets_test.cc.
#include "smtpd/cli/byte_sets.h"

#include <vector>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::cli {

namespace {

std::string byte_text(unsigned byte) {
  const char c = static_cast<char>(byte);
  if (byte < 0x20 || byte >= 0x7f) return fmt::format("\\x{:02x}", byte);
  return std::string("\\^$*[]-").find(c) == std::string::npos ? std::string(1, c)
                                                              : std::string("\\") + c;
}

// Without the capitals whose small letters are there.
std::bitset<256> small(std::bitset<256> set) {
  for (unsigned byte = 'A'; byte <= 'Z'; ++byte) {
    if (set.test(byte) && set.test(byte + 32)) set.reset(byte);
  }
  return set;
}

std::string ranges(const std::bitset<256>& set) {
  std::string out;
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (!set.test(byte)) continue;
    unsigned last = byte;
    while (last + 1 < 256 && set.test(last + 1)) ++last;
    out += byte_text(byte);
    if (last > byte + 1) out += '-';
    if (last > byte) out += byte_text(last);
    byte = last;
  }
  return out;
}

// The kinds of bytes, by a byte of each.
std::vector<std::string> kinds(match::Symbols symbols) {
  std::vector<std::string> out;
  for (unsigned byte = 0; byte < 256 && symbols != 0; ++byte) {
    const match::Symbols kind = match::symbol_of(static_cast<char>(byte));
    if ((symbols & kind) == 0) continue;
    symbols &= ~kind;
    const bool is_letter = byte >= 'A' && byte <= 'Z';
    out.push_back(byte_text(is_letter ? byte + 32 : byte));
  }
  return out;
}

}  // namespace

std::string set_text(const std::bitset<256>& set) {
  if (set.all()) return ".";
  const std::bitset<256> shown = small(set);
  if (shown.count() == 1) return ranges(shown);
  if (set.count() > 128) return "[^" + ranges(~set) + "]";
  return "[" + ranges(shown) + "]";
}

std::string row_text(const match::Row& row) {
  const auto is_newline = [](const match::Step& step) {
    return step.byte.count() == 1 && step.byte.test('\n');
  };
  std::string out;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const bool at_edge = is_newline(row[i]) && (i == 0 || i + 1 == row.size());
    out += at_edge ? (i == 0 ? "^" : "$") : set_text(row[i].byte);
    if (row[i].between.any()) out += set_text(row[i].between) + "*";
  }
  return out;
}

std::string gate_text(const rules::Gate& gate) {
  std::string out;
  const auto add = [&out](const std::string& text) { out += (out.empty() ? "" : ", ") + text; };
  const auto together = [](const std::vector<std::string>& parts) {
    std::string all;
    for (const std::string& part : parts) all += part;
    return all;
  };
  if (gate.all != 0) add("the bytes " + together(kinds(gate.all)));
  for (const match::Symbols any : gate.any) {
    if (any != ~match::Symbols{0}) add("one of [" + together(kinds(any)) + "]");
  }
  if (gate.least_bytes > 1) add(fmt::format("at least {} bytes", gate.least_bytes));
  return out;
}

}  // namespace headgate::cli
