// How it works: the loop of dict_regexp_lookup(). REG_STARTEND gives the text by its length, which glibc treats as a string
// of that length. Tested by tests/bench/peers_test.cc.
#include "bench/peers/posix_rules.h"

#include <malloc.h>
#include <regex.h>

#include "bench/peers/cpu_clock.h"
#include "bench/peers/walk.h"

namespace headgate::peers {

namespace {

class Regex {
 public:
  Regex() = default;
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  ~Regex() {
    if (compiled_) regfree(&regex_);
  }

  bool compile(const rules::Pattern& pattern) {
    const int flags = match::regcomp_flags(pattern.recipe.posix);
    slots_ = pattern.recipe.groups_wanted > 0 ? pattern.recipe.groups_wanted + 1 : 0;
    slot_.resize(slots_ > 0 ? slots_ : 1);
    compiled_ = regcomp(&regex_, pattern.text.c_str(), flags) == 0;
    return compiled_;
  }

  match::Answer ask(std::string_view text) {
    slot_[0].rm_so = 0;
    slot_[0].rm_eo = static_cast<regoff_t>(text.size());
    const int rc = regexec(&regex_, text.data(), slots_, slot_.data(), REG_STARTEND);
    if (rc == 0) return match::Answer::yes;
    return rc == REG_NOMATCH ? match::Answer::no : match::Answer::failed;
  }

 private:
  regex_t regex_{};
  bool compiled_ = false;
  std::size_t slots_ = 0;
  std::vector<regmatch_t> slot_;
};

class PosixRules final : public Peer {
 public:
  PosixRules(const rules::Program& program, Walk walk, std::vector<std::unique_ptr<Regex>> by_op)
      : program_(program), walk_(walk), by_op_(std::move(by_op)) {}

  void scan(const Section& section, std::uint64_t first, Hits& hits) override {
    scan_texts(section, first, hits, [this](std::string_view text) {
      return first_rule(program_.ops(), walk_,
                        [&](std::size_t op) { return by_op_[op]->ask(text); });
    });
  }

 private:
  const rules::Program& program_;
  const Walk walk_;
  std::vector<std::unique_ptr<Regex>> by_op_;  // null where the operation is an emit
};

std::size_t heap_bytes() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

}  // namespace

Made make_posix_rules(const rules::Program& program, Walk walk) {
  Made made;
  if (program.dialect() != rules::Dialect::regexp) {
    made.problem = "regexec answers regexp: tables only";
    return made;
  }
  const double begun = thread_cpu_seconds();
  const std::size_t heap_before = heap_bytes();
  std::vector<std::unique_ptr<Regex>> by_op(program.ops().size());
  for (std::size_t at = 0; at < by_op.size(); ++at) {
    const rules::Op& op = program.ops()[at];
    if (op.kind == rules::OpKind::emit) continue;
    by_op[at] = std::make_unique<Regex>();
    if (by_op[at]->compile(program.patterns()[op.index])) continue;
    made.problem = "no memory for the patterns";
    return made;
  }
  made.compile_seconds = thread_cpu_seconds() - begun;
  const std::size_t heap_after = heap_bytes();
  made.memory_bytes = heap_after > heap_before ? heap_after - heap_before : 0;
  made.peer = std::make_unique<PosixRules>(program, walk, std::move(by_op));
  return made;
}

}  // namespace headgate::peers
