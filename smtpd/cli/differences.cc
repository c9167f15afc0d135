// How rules find each other: first those that say the same; of the others those whose patterns say the same; then those
// whose action is the same, if there is one only on each side that is left.
// Tested by tests/smtpd/cli/diff_test.cc.
#include "smtpd/cli/differences.h"

#include <algorithm>
#include <set>
#include <utility>

namespace headgate::cli {

using checks::ActionKind;
using checks::Disposition;

namespace {

bool is_logged(const MatchStep& step) { return !checks::log_word(step.action).empty(); }

bool same_step(const MatchStep& a, const MatchStep& b) {
  return a.action == b.action && a.key_class == b.key_class && a.text == b.text &&
         a.subject == b.subject;
}

bool same_log(const MatchReport& before, const MatchReport& after) {
  const auto logged = [](const MatchReport& report) {
    std::vector<const MatchStep*> steps;
    for (const MatchStep& step : report.steps)
      if (is_logged(step)) steps.push_back(&step);
    return steps;
  };
  const auto a = logged(before), b = logged(after);
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const MatchStep* x, const MatchStep* y) { return same_step(*x, *y); });
}

std::string other_effects(const Judged& before, const Judged& after) {
  std::string what;
  const auto add = [&](bool differs, std::string_view name) {
    if (differs) what += (what.empty() ? "" : ", ") + std::string(name);
  };
  const checks::Verdict &a = before.report.verdict, &b = after.report.verdict;
  if (a.disposition != Disposition::accept) return what;
  add(a.redirect != b.redirect, "REDIRECT");
  add(a.filter != b.filter, "FILTER");
  add(a.bcc != b.bcc, "BCC");
  add(before.kept != after.kept, "content");
  return what;
}

// Pairs of rules, one of each side, as indices.
class Pairing {
 public:
  Pairing(const std::vector<ListedRule>& before, const std::vector<ListedRule>& after)
      : before_(before),
        after_(after),
        partner_(before.size(), kNone),
        taken_(after.size(), false) {
    pair_by([](const ListedRule& rule) { return rule.identity; }, false);
    pair_by([](const ListedRule& rule) { return rule.pattern.empty() ? "" : rule.tests; }, false);
    pair_by(
        [](const ListedRule& rule) {
          return rule.pattern.empty() ? "" : (rule.body ? "b" : "h") + rule.action;
        },
        true);
  }

  static constexpr std::size_t kNone = ~std::size_t{0};

  // Of a rule before.
  [[nodiscard]] std::size_t partner(std::size_t rule) const { return partner_[rule]; }

  [[nodiscard]] bool is_taken(std::size_t rule) const { return taken_[rule]; }

 private:
  // An empty key pairs with nothing.
  template <class Key>
  void pair_by(const Key& key, bool only_single) {
    std::map<std::string, std::pair<std::vector<std::size_t>, std::vector<std::size_t>>> groups;
    for (std::size_t i = 0; i < before_.size(); ++i)
      if (partner_[i] == kNone) groups[key(before_[i])].first.push_back(i);
    for (std::size_t i = 0; i < after_.size(); ++i)
      if (!taken_[i]) groups[key(after_[i])].second.push_back(i);
    for (const auto& [text, group] : groups) {
      const auto& [first, second] = group;
      if (text.empty() || (only_single && (first.size() != 1 || second.size() != 1))) continue;
      for (std::size_t i = 0; i < std::min(first.size(), second.size()); ++i) {
        partner_[first[i]] = second[i];
        taken_[second[i]] = true;
      }
    }
  }

  const std::vector<ListedRule>&before_, &after_;
  std::vector<std::size_t> partner_;
  std::vector<bool> taken_;
};

std::size_t distance(const RuleDifference& rule) {
  const auto [low, high] = std::minmax(rule.hits_before.messages, rule.hits_after.messages);
  return high - low;
}

}  // namespace

std::string_view outcome_word(const checks::Verdict& verdict) {
  if (verdict.disposition == Disposition::tempfail) return "failed";
  if (verdict.disposition == Disposition::reject)
    return verdict.reason.starts_with('4') ? "defer" : "reject";
  return verdict_word(verdict);
}

Differences::Differences(RuleList before, RuleList after, const Options& options)
    : before_{std::move(before), {}, {}}, after_{std::move(after), {}, {}}, options_(options) {}

void Differences::Side::count(const MatchReport& report) {
  ++outcomes[outcome_word(report.verdict)];
  std::set<std::size_t> hit;
  for (const MatchStep& step : report.steps) {
    if (step.table.empty()) continue;  // message_reject_characters: no table said it
    const std::size_t rule = rules.rule_of(step);
    if (rule >= hits.size()) hits.resize(rule + 1);
    ++hits[rule].hits;
    if (hit.insert(rule).second) ++hits[rule].messages;
  }
}

std::optional<Change> Differences::change(const Judged& before, const Judged& after) const {
  Change change;
  change.from = outcome_word(before.report.verdict);
  change.to = outcome_word(after.report.verdict);
  if (change.from != change.to) return change;
  if (options_.ignore_text) return std::nullopt;
  change.kind = ChangeKind::reply;
  if (reply_text(before.report.verdict) != reply_text(after.report.verdict)) return change;
  change.kind = ChangeKind::effects;
  change.what = other_effects(before, after);
  if (!change.what.empty()) return change;
  change.kind = ChangeKind::log;
  if (!same_log(before.report, after.report)) return change;
  return std::nullopt;
}

void Differences::add(Judged before, Judged after) {
  ++messages_;
  before_.count(before.report);
  after_.count(after.report);
  auto found = change(before, after);
  if (!found) return;
  ++different_;
  Change& all = changes_[{found->kind, found->from, found->to, found->what}];
  if (all.messages == 0) all = std::move(*found);
  ++all.messages;
  if (options_.most_examples > 0 && all.examples.size() >= options_.most_examples) return;
  Example example;
  example.message = before.report.message;
  example.before = std::move(before.report);
  example.after = std::move(after.report);
  all.examples.push_back(std::move(example));
}

std::vector<const Change*> Differences::changes() const {
  std::vector<const Change*> all;
  for (const auto& [key, change] : changes_) all.push_back(&change);
  std::stable_sort(all.begin(), all.end(), [](const Change* a, const Change* b) {
    return a->kind != b->kind ? a->kind < b->kind : a->messages > b->messages;
  });
  return all;
}

std::vector<RuleDifference> Differences::rules(std::size_t& unchanged) const {
  const auto &before = before_.rules.rules(), &after = after_.rules.rules();
  const Pairing pairs(before, after);
  std::vector<RuleDifference> all;
  unchanged = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    RuleDifference rule;
    rule.change = RuleChange::gone;
    rule.before = before[i];
    rule.hits_before = before_.hits_of(i);
    if (const std::size_t partner = pairs.partner(i); partner != Pairing::kNone) {
      rule.after = after[partner];
      rule.hits_after = after_.hits_of(partner);
      rule.change = before[i].tests != after[partner].tests     ? RuleChange::pattern
                    : before[i].action != after[partner].action ? RuleChange::action
                                                                : RuleChange::same;
    }
    if (rule.change == RuleChange::same && rule.hits_before == rule.hits_after)
      ++unchanged;
    else
      all.push_back(std::move(rule));
  }
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (pairs.is_taken(i)) continue;
    RuleDifference rule;
    rule.change = RuleChange::added;
    rule.after = after[i];
    rule.hits_after = after_.hits_of(i);
    all.push_back(std::move(rule));
  }
  std::stable_sort(all.begin(), all.end(), [](const RuleDifference& a, const RuleDifference& b) {
    return distance(a) > distance(b);
  });
  return all;
}

}  // namespace headgate::cli
