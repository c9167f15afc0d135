// How it works: Latin-1, so that bytes are bytes. Its lazily built automaton is given a quarter of a gigabyte, without which
// it gives up and says "no match" with many rules; those texts are counted by RE2 itself, not here.
#include "bench/engine/re2_set.h"

#ifdef HEADGATE_HAS_RE2

#include <re2/re2.h>
#include <re2/set.h>

#include "bench/peers/cpu_clock.h"
#include "bench/peers/walk.h"

namespace headgate::ratios {

namespace {

RE2::Options options() {
  RE2::Options out;
  out.set_encoding(RE2::Options::EncodingLatin1);
  out.set_log_errors(false);
  out.set_max_mem(256 << 20);
  return out;
}

// Its flags per pattern, as RE2 wants them.
std::string spelled(const rules::Pattern& pattern) {
  const match::Pcre2Options& given = pattern.recipe.pcre2;
  std::string flags;
  if (given.caseless) flags += 'i';
  if (given.dotall) flags += 's';
  if (given.multiline) flags += 'm';
  return (flags.empty() ? "" : "(?" + flags + ")") + pattern.text;
}

class Re2Set final : public peers::Peer {
 public:
  Re2Set(std::unique_ptr<RE2::Set> set, std::vector<std::uint32_t> rules)
      : set_(std::move(set)), rules_(std::move(rules)) {}

  void scan(const peers::Section& section, std::uint64_t first, peers::Hits& hits) override {
    peers::scan_texts(section, first, hits, [this](std::string_view text) {
      std::uint32_t lowest = peers::kNoRule;
      if (!set_->Match(re2::StringPiece(text.data(), text.size()), &found_)) return lowest;
      for (const int place : found_)
        lowest = std::min(lowest, rules_[static_cast<std::size_t>(place)]);
      return lowest;
    });
  }

 private:
  std::unique_ptr<RE2::Set> set_;
  std::vector<std::uint32_t> rules_;  // by place in the set
  std::vector<int> found_;
};

}  // namespace

peers::Made make_re2_set(const rules::Program& program) {
  peers::Made made;
  if (program.dialect() != rules::Dialect::pcre) {
    made.problem = "RE2 is asked about pcre: tables only";
    return made;
  }
  const double begun = peers::thread_cpu_seconds();
  auto set = std::make_unique<RE2::Set>(options(), RE2::UNANCHORED);
  std::vector<std::uint32_t> rules;
  const std::vector<rules::Op>& ops = program.ops();
  for (std::size_t at = 0; at < ops.size(); ++at) {
    if (ops[at].kind != rules::OpKind::test) continue;
    if (ops[at].role == rules::Role::guard) made.exact = false;
    if (ops[at].role != rules::Role::rule) continue;
    std::string error;
    const rules::Pattern& pattern = program.patterns()[ops[at].index];
    if (ops[at].negated || ops[at + 1].kind != rules::OpKind::emit)
      made.left_out.push_back({ops[at].index, "negated, or a pair"});
    else if (pattern.recipe.pcre2.extended || set->Add(spelled(pattern), &error) < 0)
      made.left_out.push_back({ops[at].index, error});
    else
      rules.push_back(ops[at + 1].index);
  }
  if (!set->Compile()) {
    made.problem = "RE2: the set is too large";
    return made;
  }
  made.compile_seconds = peers::thread_cpu_seconds() - begun;
  made.peer = std::make_unique<Re2Set>(std::move(set), std::move(rules));
  return made;
}

}  // namespace headgate::ratios

#else

namespace headgate::ratios {

peers::Made make_re2_set(const rules::Program&) {
  peers::Made made;
  made.problem = "built without RE2 (libre2-dev)";
  return made;
}

}  // namespace headgate::ratios

#endif
