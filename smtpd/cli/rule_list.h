// RuleList: the rules that a CheckSet asks, by what they say: patterns with flags and negation, and the action. Where a rule
// stands, in which table and which if-group, is not part of what it says; of equal rules the n-th stays the n-th. Headers and
// body lines are told apart. Entries of tables that are no rule tables (texthash:, cidr: …) join when they are met, by their
// value.
//   Lifetime  values.       Threads  one owner.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "engine/checks/check_set.h"
#include "smtpd/cli/match_report.h"

namespace headgate::cli {

struct ListedRule {
  std::string table;     // "pcre:/etc/postfix/header_checks"
  int line = 0;          // 0: the table has no lines
  std::string pattern;   // "!/free/i"; empty for an entry of another table
  std::string action;    // as in the table; of an entry "REJECT no"
  bool body = false;     // asked for body lines, not for headers
  std::string tests;     // identifies the patterns
  std::string identity;  // identifies the rule
};

class RuleList {
 public:
  explicit RuleList(const checks::CheckSet& set);

  [[nodiscard]] const std::vector<ListedRule>& rules() const { return rules_; }

  // The rule that took this step.
  std::size_t rule_of(const MatchStep& step);

 private:
  void add_tables(const checks::TableList& list, bool body);
  void add(ListedRule rule);
  void identify(ListedRule& rule);

  std::vector<ListedRule> rules_;
  std::map<std::tuple<bool, std::string, int>, std::vector<std::size_t>> by_place_;
  std::map<std::string, std::size_t> entries_;
  std::map<std::string, int> seen_;
};

}  // namespace headgate::cli
