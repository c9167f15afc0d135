// Restrictions: restriction lists as steps, with the tables that they name, and the restriction classes.
//   Names     any case; legacy aliases as Postfix has them. What is not known, not served yet, or lacks its table is a step
//             that fails closed.
//   Lifetime  owns the tables; steps borrow them; what the Opening borrows is needed while lists are opened.
//   Threads   one owner (tables hold scratch).
//   Errors    what cannot be opened answers 451 later; Opening::warn hears of it now.
//   Source    postconf(5) smtpd_*_restrictions, RESTRICTION_CLASS_README; smtpd.md §4.1, §4.4.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/lookup.h"
#include "smtpd/access/match_list.h"
#include "smtpd/access/restriction.h"
#include "smtpd/config/settings.h"

namespace headgate::access {

class Evaluation;

using Check = Outcome (*)(Evaluation&);

struct Step {
  std::string name;         // as written
  Check check = nullptr;    // null: a class, or unknown
  bool softened = false;    // behind warn_if_reject
  std::string argument;     // "type:name"
  Lookup* table = nullptr;  // what the argument names
  bool bare = false;        // a table without check_*_access before it: the list says whose it is
  std::string after;        // what stands behind it in the list
};

class Restrictions {
 public:
  Restrictions(config::SettingsPtr settings, Opening opening);

  // A list of main.cf. Warns of what every request will fail at.
  std::vector<Step> open(const std::vector<std::string>& list);

  // What stands in a table: no tables, no warnings.
  [[nodiscard]] static std::vector<Step> parse(const std::vector<std::string>& list);

  // Null: there is none of that name.
  [[nodiscard]] const std::vector<Step>* find_class(const std::string& name) const;

  // smtpd_log_access_permit_actions
  [[nodiscard]] Result<bool> logs_permit(std::string_view action) const;

  // A table may wait for another program.
  [[nodiscard]] bool may_wait() const;

 private:
  Lookup* table(const std::string& spec);
  void warn_of_failing(const Step& step) const;

  config::SettingsPtr settings_;
  Opening opening_;
  std::map<std::string, std::unique_ptr<Lookup>> tables_;  // each once, however often it is named
  std::map<std::string, std::vector<Step>> classes_;
  MatchList permits_logged_;
};

}  // namespace headgate::access
