// Differences: what two sets of content checks made of the same messages: by message (which are treated differently, and in
// what way) and by rule (which won other messages than before, which are new, gone or say something else).
//   Units     a message counts once, for the gravest of its changes. `hits` of a rule are keys, `messages` are messages.
//   Limits    at most `most_examples` examples of each change are kept (0: all).
//   Threads   one owner.
//   Source    docs/diff.md
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "smtpd/cli/match_report.h"
#include "smtpd/cli/rule_list.h"

namespace headgate::cli {

// "pass", "hold", "discard", "reject" (5xx), "defer" (a rule's own 4xx), "failed" (a lookup failed, 451).
std::string_view outcome_word(const checks::Verdict& verdict);
constexpr std::array<std::string_view, 6> kOutcomes = {"pass",   "hold",  "discard",
                                                       "reject", "defer", "failed"};

// One message, one side.
struct Judged {
  MatchReport report;
  std::string kept;  // a digest of the message as it would be queued
};

// The gravest first.
enum class ChangeKind : std::uint8_t { outcome, reply, effects, log };

struct Example {
  std::string message;
  MatchReport before, after;
};

struct Change {
  ChangeKind kind = ChangeKind::outcome;
  std::string from, to;  // outcomes
  std::string what;      // of effects: "content", "REDIRECT", "BCC, FILTER"
  std::size_t messages = 0;
  std::vector<Example> examples;
};

enum class RuleChange : std::uint8_t { same, pattern, action, gone, added };

struct RuleHits {
  std::size_t messages = 0, hits = 0;
  friend bool operator==(const RuleHits&, const RuleHits&) = default;
};

struct RuleDifference {
  RuleChange change = RuleChange::same;
  std::optional<ListedRule> before, after;
  RuleHits hits_before, hits_after;
};

class Differences {
 public:
  struct Options {
    std::size_t most_examples = 10;
    bool ignore_text = false;  // only outcomes count
  };

  Differences(RuleList before, RuleList after, const Options& options);

  void add(Judged before, Judged after);

  [[nodiscard]] std::size_t messages() const { return messages_; }

  [[nodiscard]] std::size_t different() const { return different_; }

  // Outcome -> messages.
  [[nodiscard]] const std::map<std::string_view, std::size_t>& outcomes(bool after) const {
    return after ? after_.outcomes : before_.outcomes;
  }

  // The gravest kind first, the most messages first.
  [[nodiscard]] std::vector<const Change*> changes() const;

  // Those that differ in what they say or in what they hit; those that hit differently first. `unchanged` gets the number of
  // the others.
  [[nodiscard]] std::vector<RuleDifference> rules(std::size_t& unchanged) const;

 private:
  struct Side {
    RuleList rules;
    std::vector<RuleHits> hits;
    std::map<std::string_view, std::size_t> outcomes;
    void count(const MatchReport& report);

    [[nodiscard]] RuleHits hits_of(std::size_t rule) const {
      return rule < hits.size() ? hits[rule] : RuleHits{};
    }
  };

  std::optional<Change> change(const Judged& before, const Judged& after) const;

  Side before_, after_;
  Options options_;
  std::size_t messages_ = 0, different_ = 0;
  std::map<std::tuple<ChangeKind, std::string, std::string, std::string>, Change> changes_;
};

}  // namespace headgate::cli
