// door_fuzz: what crosses door 3. The first byte picks the reader; what it takes must come out again as the same bytes.
#include <string_view>

#include "smtpd/deliver/door.h"
#include "tests/fuzz/require.h"

namespace {

using namespace headgate;
using fuzz::require;

constexpr std::size_t kTextLimit = 2000;  // longer ones are cut when they are written

void requests(std::string_view bytes) {
  const auto request = deliver::decode_request(bytes);
  if (!request) return;
  require(request->recipients.size() <= 64, "bounded recipients");
  const auto again = deliver::decode_request(deliver::encode_request(*request));
  require(again && again->id == request->id && again->recipients == request->recipients,
          "a request comes back");
}

void outcomes(std::string_view bytes) {
  const auto all = deliver::decode_outcomes(bytes);
  if (!all) return;
  for (const queue::Outcome& outcome : *all)
    require(outcome.text.size() <= kTextLimit, "bounded text");
  const auto again = deliver::decode_outcomes(deliver::encode_outcomes(*all));
  require(again && again->size() == all->size(), "outcomes come back");
}

void destinations(std::string_view bytes) {
  const auto all = deliver::decode_destinations(bytes);
  if (all) require(deliver::encode_destinations(*all) == bytes, "destinations come back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      requests(bytes);
      break;
    case 1:
      outcomes(bytes);
      break;
    default:
      destinations(bytes);
  }
  return 0;
}
