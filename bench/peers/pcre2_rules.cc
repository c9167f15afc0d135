// How it works: the loop of dict_pcre_lookup(), with one pcre2_match() a test. A pattern that does not compile cannot be
// in a Program. Tested by tests/bench/peers_test.cc.
#include "bench/peers/pcre2_rules.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "bench/peers/cpu_clock.h"
#include "bench/peers/walk.h"

namespace headgate::peers {

namespace {

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};

struct FreeData {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

struct Compiled {
  std::unique_ptr<pcre2_code, FreeCode> code;
  std::unique_ptr<pcre2_match_data, FreeData> data;
};

Compiled compile(const rules::Pattern& pattern, Pcre2Way way, std::size_t& bytes) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  Compiled compiled;
  compiled.code.reset(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.text.c_str()), PCRE2_ZERO_TERMINATED,
                    match::pcre2_options(pattern.recipe.pcre2), &error, &offset, nullptr));
  if (compiled.code == nullptr) return {};
  compiled.data.reset(pcre2_match_data_create_from_pattern(compiled.code.get(), nullptr));
  std::size_t size = 0;
  if (pcre2_pattern_info(compiled.code.get(), PCRE2_INFO_SIZE, &size) == 0) bytes += size;
  if (way == Pcre2Way::jit && pcre2_jit_compile(compiled.code.get(), PCRE2_JIT_COMPLETE) == 0 &&
      pcre2_pattern_info(compiled.code.get(), PCRE2_INFO_JITSIZE, &size) == 0)
    bytes += size;
  return compiled;
}

class Pcre2Rules final : public Peer {
 public:
  Pcre2Rules(const rules::Program& program, Walk walk, std::vector<Compiled> by_op)
      : program_(program), walk_(walk), by_op_(std::move(by_op)) {}

  void scan(const Section& section, std::uint64_t first, Hits& hits) override {
    scan_texts(section, first, hits, [this](std::string_view text) {
      return first_rule(program_.ops(), walk_, [&](std::size_t op) {
        const Compiled& one = by_op_[op];
        const int rc = pcre2_match(one.code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()),
                                   text.size(), 0, 0, one.data.get(), nullptr);
        if (rc >= 0) return match::Answer::yes;
        return rc == PCRE2_ERROR_NOMATCH ? match::Answer::no : match::Answer::failed;
      });
    });
  }

 private:
  const rules::Program& program_;
  const Walk walk_;
  std::vector<Compiled> by_op_;  // empty where the operation is an emit
};

}  // namespace

Made make_pcre2_rules(const rules::Program& program, Pcre2Way way, Walk walk) {
  Made made;
  if (program.dialect() != rules::Dialect::pcre) {
    made.problem = "PCRE2 answers pcre: tables only";
    return made;
  }
  const double begun = thread_cpu_seconds();
  std::vector<Compiled> by_op(program.ops().size());
  for (std::size_t at = 0; at < by_op.size(); ++at) {
    const rules::Op& op = program.ops()[at];
    if (op.kind == rules::OpKind::emit) continue;
    by_op[at] = compile(program.patterns()[op.index], way, made.memory_bytes);
    if (by_op[at].code == nullptr || by_op[at].data == nullptr) {
      made.problem = "no memory for the patterns";
      return made;
    }
  }
  made.compile_seconds = thread_cpu_seconds() - begun;
  made.peer = std::make_unique<Pcre2Rules>(program, walk, std::move(by_op));
  return made;
}

}  // namespace headgate::peers
