// Tested by recipients_test, and beside Postfix by tests/collide/whole_messages.py.
#include "smtpd/session/recipients.h"

#include <algorithm>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "engine/base/text.h"

namespace headgate::session {

void merge_duplicates(std::vector<queue::Recipient>& recipients) {
  std::unordered_set<std::string> seen;
  const auto repeated = [&seen](const queue::Recipient& r) {
    return !seen.insert(text::lower(r.original) + '\n' + r.notify + '\n' + text::lower(r.address))
                .second;
  };
  recipients.erase(std::remove_if(recipients.begin(), recipients.end(), repeated),
                   recipients.end());
}

queue::Recipient redirected(const std::vector<queue::Recipient>& recipients, std::string address) {
  const auto key = [](const queue::Recipient& r) {
    const std::size_t at = std::min(r.address.rfind('@'), r.address.size());
    return std::make_pair(text::lower(r.address.substr(at)), r.address);
  };
  const auto first = std::min_element(
      recipients.begin(), recipients.end(),
      [&key](const queue::Recipient& a, const queue::Recipient& b) { return key(a) < key(b); });
  queue::Recipient recipient = *first;  // with its wishes for notifications
  recipient.orig_to = std::exchange(recipient.address, std::move(address));
  return recipient;
}

}  // namespace headgate::session
