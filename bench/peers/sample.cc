// Tested by tests/bench/sample_test.cc.
#include "bench/peers/sample.h"

#include <numeric>
#include <random>
#include <utility>

namespace headgate::peers {

namespace {

// Not std::shuffle: what that does with its dice is the library's affair.
std::vector<std::size_t> order_by(std::uint64_t seed, std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::mt19937_64 dice(seed);
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[dice() % i]);
  return order;
}

}  // namespace

Sample take_sample(const std::deque<MailMessage>& messages, KeyKind kind, std::uint64_t most_texts,
                   std::uint64_t seed) {
  Sample sample;
  std::vector<std::size_t> order(messages.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (most_texts != 0) order = order_by(seed, messages.size());
  for (const std::size_t place : order) {
    if (most_texts != 0 && sample.texts >= most_texts) break;
    const MailMessage& message = messages[place];
    const Section section = kind == KeyKind::header ? message.headers.view() : message.body.view();
    if (section.texts.empty()) continue;
    sample.sections.push_back(section);
    sample.messages.push_back(&message);
    sample.texts += section.texts.size();
    sample.bytes += section.bytes.size();
  }
  return sample;
}

}  // namespace headgate::peers
