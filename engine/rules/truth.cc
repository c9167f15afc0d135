// Why what the plan does not name is not always "no": PCRE2 gives up with "match limit exceeded" after 10,000,000 steps, and
// Postfix then takes the test as false, plain or negated, and warns. Up to trusted_bytes the analysis has proved that PCRE2
// cannot get there; beyond, only PCRE2 itself knows.
// Tested by tests/engine/rules/evaluate_test.cc and truth_test.cc.
#include "engine/rules/truth.h"

#include <algorithm>

#include "engine/base/text.h"

namespace headgate::rules {

Truth::Truth(const Program& program, Path path)
    : program_(program),
      path_(path),
      block_(program, scratch_),
      memory_(program.patterns().size()) {}

void Truth::begin(std::string_view text, bool is_line_of_block) {
  text_ = text;
  ++generation_;
  groups_valid_ = false;
  symbols_known_ = false;
  line_of_block_ = is_line_of_block;
  candidates_.clear();
  all_ = path_ == Path::confirm_only || !program_.plan().ready;
}

void Truth::reset(std::string_view text) {
  begin(text, false);
  if (all_) return;
  const Section* named = program_.named_section(text);
  all_ = !look(program_.plan().any) || (named != nullptr && !look(*named));
}

void Truth::scan_block(std::string_view block, std::vector<std::uint32_t>& touched) {
  block_.scan(block, path_ == Path::confirm_only, touched);
}

void Truth::reset_to_line(std::uint32_t offset, std::string_view text) {
  if (!block_.knows() || offset == 0) return reset(text);
  begin(text, true);
  for (const std::uint32_t id : block_.candidates(offset)) add(id);
}

void Truth::add(std::uint32_t id) {
  Memory& memory = memory_[id];
  if (memory.candidate == generation_) return;
  memory.candidate = generation_;
  candidates_.push_back(id);
}

// False when a database failed: then nothing is known.
bool Truth::look(const Section& section) {
  struct Context {
    Truth& truth;
    const Scan& scan;
  };

  for (const std::uint32_t number : section.scans) {
    const Scan& scan = program_.plan().scans[number];
    Context context{*this, scan};
    const match::OnMatch on_match = [](unsigned id, unsigned long long, unsigned long long,
                                       unsigned, void* at) {
      const auto& [truth, owners] = *static_cast<Context*>(at);
      if (id + 1 >= owners.first.size()) return 0;  // from a file: ids are not trusted
      for (std::uint32_t i = owners.first[id]; i < owners.first[id + 1]; ++i)
        truth.add(owners.owners[i]);
      return 0;
    };
    if (!scan.scanner->scan(text_, scratch_, on_match, &context)) return false;
  }
  for (const Gated& gated : section.gated) {
    if (gated.gate.asks_for_symbols() && !symbols_known_) {
      symbols_ = match::symbols_of(text_);
      symbols_known_ = true;
    }
    if (gated.gate.open(symbols_, text_.size())) add(gated.pattern);
  }
  for (const auto& [trusted, id] : section.by_trust) {
    if (text_.size() <= trusted) break;
    add(id);
  }
  return true;
}

std::string_view Truth::folded() {
  if (folded_generation_ != generation_) {
    folded_.resize(text_.size());
    std::transform(text_.begin(), text_.end(), folded_.begin(), text::to_lower);
    folded_generation_ = generation_;
  }
  return folded_;
}

bool Truth::lacks_a_literal(const Pattern& pattern) {
  return std::any_of(pattern.also.begin(), pattern.also.end(), [this](const FurtherNeed& need) {
    return text_.size() <= need.trusted_bytes &&
           std::none_of(need.any_of.begin(), need.any_of.end(), [this](const std::string& literal) {
             return folded().find(literal) != std::string_view::npos;
           });
  });
}

Opinion Truth::opinion(std::uint32_t id) {
  if (all_) return Opinion::ask;
  Memory& memory = memory_[id];
  if (memory.candidate != generation_ || memory.ruled_out == generation_) return Opinion::no;
  const Pattern& pattern = program_.patterns()[id];
  if (pattern.sure && !line_of_block_ && text_.size() <= pattern.trusted_bytes) return Opinion::yes;
  if (memory.asked == generation_ || pattern.also.empty() || !lacks_a_literal(pattern))
    return Opinion::ask;
  memory.ruled_out = generation_;
  return Opinion::no;
}

const match::Outcome& Truth::ask(std::uint32_t id, bool* from_memory) {
  Memory& memory = memory_[id];
  if (from_memory != nullptr) *from_memory = memory.asked == generation_;
  if (memory.asked != generation_) {
    groups_valid_ = false;
    memory.outcome = program_.patterns()[id].reference->test(text_, scratch_, &groups_);
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
