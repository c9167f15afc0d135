// The engines that `headgate bench` knows, by the names that --engines and the reports use.
//   Threads   pure.        Errors  Made::problem: what the engine cannot do with this table.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "bench/peers/bounded.h"
#include "bench/peers/peer.h"

namespace headgate::bench {

struct EngineKind {
  std::string_view name;   // "pcre2"
  std::string_view title;  // "PCRE2 one by one (Postfix)"
  bool slow = false;       // it asks pattern after pattern: gets a sample
  bool grows = false;      // it is shown in the growth with the number of rules
};

std::span<const EngineKind> engine_kinds();
const EngineKind* find_engine(std::string_view name);

constexpr std::string_view kOurs = "headgate";

// Ours with all that the server does for a message: lines, MIME, actions. No Peer: a message is looked at until a rule
// refuses it.
constexpr std::string_view kOursWhole = "headgate-message";

// The engine that Postfix asks for this dialect.
std::string_view postfix_engine(rules::Dialect dialect);

// Whether the engine says anything about this table: regexec not about pcre:, nothing flat about a table without groups.
bool applies(const EngineKind& kind, const rules::Program& program);

peers::Made make_engine(const EngineKind& kind,
                        const std::shared_ptr<const rules::Program>& program, peers::KeyKind keys,
                        const peers::Bounds& bounds);

}  // namespace headgate::bench
