// Effects: what access tables do to a message as a whole: HOLD, DISCARD, FILTER, REDIRECT, BCC, PREPEND.
//   Threads   values.       Source    access(5); smtpd.md §4.3.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace headgate::access {

struct Effects {
  bool hold = false, discard = false;
  std::optional<std::string> filter, redirect;  // the last one counts
  std::vector<std::string> bcc, prepend;

  void add(Effects later) {
    hold |= later.hold;
    discard |= later.discard;
    if (later.filter) filter = std::move(later.filter);
    if (later.redirect) redirect = std::move(later.redirect);
    for (std::string& address : later.bcc) bcc.push_back(std::move(address));
    for (std::string& header : later.prepend) prepend.push_back(std::move(header));
  }
};

}  // namespace headgate::access
