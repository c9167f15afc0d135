// Why a clear bit is not always "no": PCRE2 gives up with "match limit exceeded" after 10,000,000 steps, and Postfix then
// takes the test as false, plain or negated, and warns. Up to trusted_bytes the analysis has proved that PCRE2 cannot get
// there; beyond, only PCRE2 itself knows.
// Tested by tests/engine/rules/evaluate_test.cc.
#include "engine/rules/truth.h"

namespace headgate::rules {

Truth::Truth(const Program& program, Path path)
    : program_(program),
      path_(path),
      scans_(program.scanners().size(), Scan::not_yet),
      memory_(program.patterns().size()) {}

void Truth::reset(std::string_view text) {
  text_ = text;
  ++generation_;
  scans_.assign(scans_.size(), Scan::not_yet);
  candidates_.clear(memory_.size());
  groups_valid_ = false;
}

bool Truth::scanned(std::uint32_t scanner) {
  Scan& scan = scans_[scanner];
  if (scan == Scan::not_yet) {
    const bool ok = program_.scanners()[scanner]->scan(text_, scratch_, candidates_);
    scan = ok ? Scan::done : Scan::failed;
  }
  return scan == Scan::done;
}

Opinion Truth::opinion(std::uint32_t id) {
  const Pattern& pattern = program_.patterns()[id];
  if (path_ == Path::confirm_only || pattern.strategy == Strategy::confirm_only)
    return Opinion::ask;
  if (text_.size() > pattern.trusted_bytes || !scanned(pattern.scanner)) return Opinion::ask;
  if (!candidates_.has(id)) return Opinion::no;
  return pattern.strategy == Strategy::native ? Opinion::yes : Opinion::ask;
}

const match::Outcome& Truth::ask(std::uint32_t id, bool* from_memory) {
  Memory& memory = memory_[id];
  if (from_memory != nullptr) *from_memory = memory.generation == generation_;
  if (memory.generation != generation_) {
    groups_valid_ = false;
    memory.outcome = program_.patterns()[id].reference->test(text_, scratch_, &groups_);
    memory.generation = generation_;
    groups_valid_ = memory.outcome.answer == match::Answer::yes;
    groups_of_ = id;
  }
  return memory.outcome;
}

const std::vector<match::Group>& Truth::captures(std::uint32_t id) {
  if (!groups_valid_ || groups_of_ != id) {
    memory_[id].generation = 0;  // ask again: another pattern has overwritten the captures
    ask(id);
  }
  if (!groups_valid_) groups_.clear();
  return groups_;
}

}  // namespace headgate::rules
