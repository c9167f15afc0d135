// Sample: the Sections that one measurement runs over. A slow engine gets some whole messages of the mail, chosen by a seed
// and never by the clock, so that the same seed and mail give the same counts.
//   Lifetime  borrows the MailKeys.        Threads  pure.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "bench/peers/mail_keys.h"
#include "bench/peers/peer.h"

namespace headgate::peers {

struct Sample {
  std::vector<Section> sections;
  std::vector<const MailMessage*> messages;  // of the same places
  std::uint64_t texts = 0;
  std::uint64_t bytes = 0;  // of the texts, each with its line feed
};

// Messages in an order given by `seed` until there are `most_texts`; at least one message. 0 = all, in their own order.
Sample take_sample(const std::deque<MailMessage>& messages, KeyKind kind, std::uint64_t most_texts,
                   std::uint64_t seed);

}  // namespace headgate::peers
