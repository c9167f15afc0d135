// Tested by tests/smtpd/bench/measure_test.cc.
#include "smtpd/bench/engines.h"

#include <algorithm>
#include <array>

#include "bench/peers/hyperscan_rules.h"
#include "bench/peers/ours.h"
#include "bench/peers/pcre2_rules.h"
#include "bench/peers/posix_rules.h"

namespace headgate::bench {

namespace {

constexpr std::array kKinds = std::to_array<EngineKind>({
    {kOurs, "headgate", false, true},
    {kOursWhole, "headgate, whole messages", false, false},
    {"pcre2", "PCRE2 one by one (Postfix)", true, true},
    {"pcre2-flat", "PCRE2 one by one, without the groups", true, false},
    {"pcre2-jit", "PCRE2 JIT one by one", true, true},
    {"regexec", "regexec one by one (Postfix)", true, true},
    {"hyperscan", "Hyperscan, text by text", false, true},
    {"hyperscan-buffer", "Hyperscan, a message at once", false, true},
});

bool has_guards(const rules::Program& program) {
  return std::ranges::any_of(program.ops(), [](const rules::Op& op) {
    return op.kind == rules::OpKind::test && op.role == rules::Role::guard;
  });
}

}  // namespace

std::span<const EngineKind> engine_kinds() { return kKinds; }

const EngineKind* find_engine(std::string_view name) {
  const auto found = std::ranges::find(kKinds, name, &EngineKind::name);
  return found == kKinds.end() ? nullptr : &*found;
}

std::string_view postfix_engine(rules::Dialect dialect) {
  return dialect == rules::Dialect::pcre ? "pcre2" : "regexec";
}

bool applies(const EngineKind& kind, const rules::Program& program) {
  if (kind.name == "regexec") return program.dialect() == rules::Dialect::regexp;
  if (kind.name == "pcre2-flat" && !has_guards(program)) return false;
  return !kind.name.starts_with("pcre2") || program.dialect() == rules::Dialect::pcre;
}

peers::Made make_engine(const EngineKind& kind,
                        const std::shared_ptr<const rules::Program>& program, peers::KeyKind keys,
                        const peers::Bounds& bounds) {
  using peers::Pcre2Way;
  using peers::Walk;
  if (kind.name == kOurs) return peers::make_ours(program, keys);
  if (kind.name == "pcre2") return make_pcre2_rules(*program, Pcre2Way::interpreter, Walk::grouped);
  if (kind.name == "pcre2-flat") {
    auto made = make_pcre2_rules(*program, Pcre2Way::interpreter, Walk::flat);
    made.exact = false;
    return made;
  }
  if (kind.name == "pcre2-jit") return make_pcre2_rules(*program, Pcre2Way::jit, Walk::grouped);
  if (kind.name == "regexec") return make_posix_rules(*program, Walk::grouped);
  const auto way = kind.name == "hyperscan" ? peers::HyperscanWay::text_by_text
                                            : peers::HyperscanWay::whole_buffer;
  return make_hyperscan_rules(*program, way, bounds);
}

}  // namespace headgate::bench
