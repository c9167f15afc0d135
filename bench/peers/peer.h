// Peer: an engine that finds the first rule of a check table which a text matches; ours is measured beside them.
// A Section is what one message gives one class of keys: its headers, or its body lines. A peer takes it text by text, or,
// when it is one that scans whole buffers, as one piece: then a "text" of its hits is the whole Section.
//   Units     rules are numbered as in Program::rules(); texts as in Section::texts.
//   Lifetime  a Peer borrows its Program.        Threads  one owner (it holds scratch memory).
//   Errors    a pattern that the engine cannot take is left out and told of; a run-time error counts as no match.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/rules/program.h"

namespace headgate::peers {

struct Section {
  std::string_view bytes;                   // the texts, each with its line feed, and empty lines
  std::span<const std::string_view> texts;  // without it; views into `bytes`, in order; none empty
};

enum class KeyKind : std::uint8_t { header, body };

constexpr std::uint32_t kNoRule = std::numeric_limits<std::uint32_t>::max();

// What a scan came to. `digest` is the same for two engines when each text got the same rule from both.
struct Hits {
  std::uint64_t texts = 0;  // that a rule matched
  std::uint64_t digest = 0;
  std::vector<std::uint64_t> by_rule;

  void add(std::uint64_t text, std::uint32_t rule) {
    ++texts;
    digest = (digest ^ (text * 0x9e3779b97f4a7c15U + rule)) * 0x100000001b3U;
    if (rule >= by_rule.size()) by_rule.resize(rule + 1);
    ++by_rule[rule];
  }
};

class Peer {
 public:
  Peer() = default;
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  virtual ~Peer() = default;

  // `first` is the number of the Section's first text, for the digest.
  virtual void scan(const Section& section, std::uint64_t first, Hits& hits) = 0;
};

// Whether a table's if-groups are walked, or each rule is tried as though there were none.
enum class Walk : std::uint8_t { grouped, flat };

struct LeftOut {
  std::uint32_t pattern = 0;
  std::string why;
};

struct Made {
  std::unique_ptr<Peer> peer;  // null: `problem` says why
  std::string problem;
  bool exact = true;  // it gives each text its rule, if nothing was left out
  std::vector<LeftOut> left_out;
  std::size_t approximate = 0;   // patterns that may also be found where they do not match
  double compile_seconds = 0;    // of CPU time
  std::size_t memory_bytes = 0;  // of what was compiled
};

}  // namespace headgate::peers
