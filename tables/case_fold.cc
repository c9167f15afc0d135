// Tested by tests/tables/case_fold_test.cc and, beside postmap(1), tests/tables/map_agrees_test.py.
#include "tables/case_fold.h"

#include <algorithm>

#include "engine/base/text.h"
#include "tables/case_fold_data.h"

namespace headgate::tables {

namespace {

void append_utf8(std::string& out, std::uint32_t code) {
  const auto tail = [code](unsigned shift) {
    return static_cast<char>(0x80 | (code >> shift & 0x3F));
  };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += {static_cast<char>(0xC0 | code >> 6), tail(0)};
  } else if (code < 0x10000) {
    out += {static_cast<char>(0xE0 | code >> 12), tail(6), tail(0)};
  } else {
    out += {static_cast<char>(0xF0 | code >> 18), tail(12), tail(6), tail(0)};
  }
}

void append_folded(std::string& out, std::uint32_t code) {
  const auto run = std::lower_bound(kFoldedRuns.begin(), kFoldedRuns.end(), code,
                                    [](const FoldedRun& r, std::uint32_t c) { return r.last < c; });
  if (run != kFoldedRuns.end() && code >= run->first && (code - run->first) % run->step == 0)
    return append_utf8(out,
                       static_cast<std::uint32_t>(static_cast<std::int32_t>(code) + run->delta));
  const auto many =
      std::lower_bound(kFoldedToMany.begin(), kFoldedToMany.end(), code,
                       [](const FoldedToMany& m, std::uint32_t c) { return m.from < c; });
  if (many == kFoldedToMany.end() || many->from != code) return append_utf8(out, code);
  for (const std::uint32_t to : many->to) {
    if (to != 0) append_utf8(out, to);
  }
}

std::size_t sequence_length(unsigned char lead) {
  return lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1;
}

void append_unicode(std::string& out, std::string_view key) {
  while (!key.empty()) {
    const auto lead = static_cast<unsigned char>(key.front());
    const std::size_t length = std::min(sequence_length(lead), key.size());
    if (length == 1 || !text::valid_utf8(key.substr(0, length))) {
      out += text::to_lower(key.front());
      key.remove_prefix(1);
      continue;
    }
    std::uint32_t code = lead & (0xFFU >> (length + 1));
    for (const char c : key.substr(1, length - 1))
      code = code << 6 | (static_cast<unsigned char>(c) & 0x3FU);
    append_folded(out, code);
    key.remove_prefix(length);
  }
}

}  // namespace

std::string_view fold_key(std::string_view key, Folding folding, std::string& memory) {
  if (folding == Folding::none) return key;
  if (folding == Folding::unicode && !text::is_ascii(key)) {
    memory.clear();
    append_unicode(memory, key);
    return memory;
  }
  memory.resize(key.size());
  text::lower_into(key, memory.data());
  return memory;
}

}  // namespace headgate::tables
