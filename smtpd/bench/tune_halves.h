// halves_of: the messages of a corpus, some to measure on and the others to try plans on.
//   Lifetime  the Sample borrows the messages.        Threads  pure.
#pragma once

#include <cstdint>
#include <deque>

#include "bench/peers/sample.h"
#include "engine/rules/mail_sample.h"

namespace headgate::bench {

struct Halves {
  rules::MailSample measured;
  std::uint64_t measured_bytes = 0;
  peers::Sample tried;
};

// By turns in an order given by `seed`; where there is but one message, its first and its second half. `most_bytes` of each.
Halves halves_of(const std::deque<peers::MailMessage>& messages, peers::KeyKind kind,
                 std::uint64_t most_bytes, std::uint64_t seed);

}  // namespace headgate::bench
