// Why what the plan does not name is not always "no": PCRE2 gives up with "match limit exceeded" after 10,000,000 steps, and
// Postfix then takes the test as false, plain or negated, and warns. Up to trusted_bytes the analysis has proved that PCRE2
// cannot get there; beyond, only PCRE2 itself knows.
// Tested by tests/engine/rules/evaluate_test.cc and truth_test.cc.
#include "engine/rules/truth.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/base/text.h"

namespace headgate::rules {

namespace {

constexpr std::size_t kWorthSymbols = 4;

// Looks for the byte of the literal that is rarest.
bool contains(std::string_view text, std::string_view literal, std::size_t rarest) {
  if (literal.empty()) return true;
  if (text.size() < literal.size()) return false;
  const char* const last = text.data() + (text.size() - literal.size()) + rarest;
  for (const char* at = text.data() + rarest; at <= last; ++at) {
    at = static_cast<const char*>(
        std::memchr(at, literal[rarest], static_cast<std::size_t>(last - at) + 1));
    if (at == nullptr) return false;
    if (std::memcmp(at - rarest, literal.data(), literal.size()) == 0) return true;
  }
  return false;
}

}  // namespace

Truth::Truth(const Program& program, Path path, std::shared_ptr<match::Scratch> scratch)
    : program_(program),
      path_(path),
      scratch_(scratch != nullptr ? std::move(scratch) : std::make_shared<match::Scratch>()),
      block_(program, *scratch_),
      memory_(program.patterns().size()),
      looked_for_(program.plan().scans.size()) {
  for (const Scan& scan : program.plan().scans) {
    if (!scan.scanner->reserve(*scratch_)) path_ = Path::confirm_only;
  }
}

void Truth::begin(std::string_view text, bool is_line_of_block) {
  text_ = text;
  ++generation_;
  groups_valid_ = false;
  symbols_known_ = false;
  line_of_block_ = is_line_of_block;
  unlooked_ = false;
  candidates_.clear();
  all_ = path_ == Path::confirm_only || !program_.plan().ready;
}

void Truth::reset(std::string_view text) {
  begin(text, false);
  if (all_) return;
  named_ = program_.named(text);
  unlooked_ = program_.quick_any().rules_out(text) &&
              (named_ == NameIndex::kNone || program_.quick_named(named_).rules_out(text));
  if (!unlooked_) look();
}

void Truth::look() {
  unlooked_ = false;
  const ScanPlan& plan = program_.plan();
  all_ = !look(plan.any) || (named_ != NameIndex::kNone && !look(plan.named[named_]));
}

void Truth::scan_block(std::string_view block, std::vector<std::uint32_t>& touched) {
  block_.scan(block, path_ == Path::confirm_only, touched);
}

void Truth::reset_to_line(std::uint32_t offset, std::string_view text) {
  if (!block_.knows() || block_.stands_alone(offset)) return reset(text);
  begin(text, true);
  for (const std::uint32_t id : block_.candidates(offset)) add(id);
}

void Truth::add(std::uint32_t id) {
  Memory& memory = memory_[id];
  if (memory.candidate == generation_) return;
  memory.candidate = generation_;
  candidates_.push_back(id);
}

// False when nothing is known.
bool Truth::look(const Section& section) {
  for (const std::uint32_t number : section.scans) {
    const auto add_it = [this](std::uint32_t pattern, std::size_t) { add(pattern); };
    if (!run_scan(program_.plan().scans[number], text_, *scratch_, add_it)) return false;
  }
  for (const Doubt& doubt : section.doubts) {
    if (!is_doubted(text_.size(), doubt.trusted_bytes)) break;
    if (doubt.holds(text_.size(), [this] { return symbols(); })) add(doubt.pattern);
  }
  for (const Gated& gated : section.gated) {
    const match::Symbols present = gated.gate.asks_for_symbols() ? symbols() : 0;
    if (!gated.gate.open(present, text_.size())) continue;
    // A guard is no reason to walk, but what is known of it counts when a walk gets there.
    if (program_.patterns()[gated.pattern].on_demand)
      memory_[gated.pattern].candidate = generation_;
    else
      add(gated.pattern);
  }
  return true;
}

match::Symbols Truth::symbols() {
  if (!symbols_known_) {
    symbols_ = match::symbols_of(text_);
    symbols_known_ = true;
  }
  return symbols_;
}

std::string_view Truth::folded() {
  if (folded_generation_ != generation_) {
    folded_.resize(text_.size());
    text::lower_into(text_, folded_.data());
    folded_generation_ = generation_;
  }
  return folded_;
}

bool Truth::has_one_of(const FurtherNeed& need) {
  // For a few literals it is not worth to know all of the text's bytes.
  const match::Symbols present =
      need.any_of.size() < kWorthSymbols && !symbols_known_ ? ~match::Symbols{0} : symbols();
  for (std::size_t i = 0; i < need.any_of.size(); ++i) {
    const bool may = (need.symbols[i] & present) == need.symbols[i];
    if (may && contains(folded(), need.any_of[i], need.rarest[i])) return true;
  }
  return false;
}

bool Truth::lacks_a_literal(const Pattern& pattern) {
  return std::any_of(pattern.also.begin(), pattern.also.end(), [this](const FurtherNeed& need) {
    return !is_doubted(text_.size(), need.trusted_bytes) && !has_one_of(need);
  });
}

bool Truth::is_not_spelled(std::uint32_t id) {
  const Spelled& spelled = program_.patterns()[id].spelled;
  if (is_doubted(text_.size(), spelled.trusted_bytes)) return false;
  std::uint64_t& looked = looked_for_[spelled.scan];
  if (looked != generation_) {
    const auto note = [this](std::uint32_t pattern, std::size_t) {
      memory_[pattern].spelled = generation_;
    };
    if (!run_scan(program_.plan().scans[spelled.scan], text_, *scratch_, note)) return false;
    looked = generation_;
  }
  return memory_[id].spelled != generation_;
}

Opinion Truth::opinion(std::uint32_t id) {
  if (unlooked_) look();
  if (all_) return Opinion::ask;
  Memory& memory = memory_[id];
  const Pattern& pattern = program_.patterns()[id];
  if (memory.ruled_out == generation_) return Opinion::no;
  if (memory.candidate != generation_ && !pattern.on_demand) return Opinion::no;
  if (pattern.sure && memory.candidate == generation_ && !line_of_block_ && !doubts(id))
    return Opinion::yes;
  if (memory.asked == generation_) return Opinion::ask;
  if (!lacks_a_literal(pattern) && !is_not_spelled(id)) return Opinion::ask;
  memory.ruled_out = generation_;
  return Opinion::no;
}

const match::Outcome& Truth::ask(std::uint32_t id, bool* from_memory) {
  Memory& memory = memory_[id];
  if (from_memory != nullptr) *from_memory = memory.asked == generation_;
  if (memory.asked != generation_) {
    groups_valid_ = false;
    memory.outcome = program_.patterns()[id].reference->test(text_, *scratch_, &groups_);
    memory.asked = generation_;
    groups_valid_ = memory.outcome.answer == match::Answer::yes;
    groups_of_ = id;
  }
  return memory.outcome;
}

const std::vector<match::Group>& Truth::captures(std::uint32_t id) {
  if (!groups_valid_ || groups_of_ != id) {
    memory_[id].asked = 0;  // ask again: another pattern has overwritten the captures
    ask(id);
  }
  if (!groups_valid_) groups_.clear();
  return groups_;
}

}  // namespace headgate::rules
