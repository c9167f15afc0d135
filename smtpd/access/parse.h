// parse: a restriction list -> steps, each a row of one table of names, or an unknown one that fails closed.
//   Names     any case; legacy aliases as Postfix has them.       Threads  pure.
//   Source    postconf(5) smtpd_*_restrictions; smtpd.md §4.1, §4.4.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "smtpd/access/restriction.h"

namespace headgate::access {

class Evaluation;

using Check = Outcome (*)(Evaluation&);

struct Step {
  std::string name;       // as written
  Check check = nullptr;  // null: unknown
  bool softened = false;  // behind warn_if_reject
};

std::vector<Step> parse(const std::vector<std::string>& list);

// Does the list hold a restriction that stops strangers from relaying, where it works (not after permit, not softened)?
bool has_relay_control(const std::vector<Step>& list);

}  // namespace headgate::access
