// What becomes of a message's recipients before it is queued.
//   Threads   pure.       Source    cleanup(8), been_here(3), qmgr(8) for REDIRECT.
#pragma once

#include <string>
#include <vector>

#include "smtpd/queue/message.h"

namespace headgate::session {

// Who is named twice, in any case of letters, with the same wishes for notifications, gets one copy: the first stays.
void merge_duplicates(std::vector<queue::Recipient>& recipients);

// The one that takes the place of all (one or more): of the first in Postfix's order, by domain in any case of
// letters, then by address.
queue::Recipient redirected(const std::vector<queue::Recipient>& recipients, std::string address);

}  // namespace headgate::session
