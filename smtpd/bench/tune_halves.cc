// Tested by tests/smtpd/bench/tune_test.cc.
#include "smtpd/bench/tune_halves.h"

namespace headgate::bench {

namespace {

void measure_on(const peers::Section& section, Halves& halves) {
  for (const std::string_view text : section.texts) {
    halves.measured.texts.emplace_back(text);
    halves.measured_bytes += text.size() + 1;
  }
}

void try_on(const peers::Section& section, const peers::MailMessage* message, Halves& halves) {
  halves.tried.sections.push_back(section);
  halves.tried.messages.push_back(message);
  halves.tried.texts += section.texts.size();
  halves.tried.bytes += section.bytes.size();
}

// Some of its texts, with what stands between them.
peers::Section part(const peers::Section& section, std::size_t first, std::size_t end) {
  const std::size_t from =
      static_cast<std::size_t>(section.texts[first].data() - section.bytes.data());
  const std::size_t to =
      end == section.texts.size()
          ? section.bytes.size()
          : static_cast<std::size_t>(section.texts[end].data() - section.bytes.data());
  return {section.bytes.substr(from, to - from), section.texts.subspan(first, end - first)};
}

}  // namespace

Halves halves_of(const std::deque<peers::MailMessage>& messages, peers::KeyKind kind,
                 std::uint64_t most_bytes, std::uint64_t seed) {
  constexpr std::uint64_t kAllTexts = ~std::uint64_t{0};
  Halves halves;
  halves.measured.body_lines = kind == peers::KeyKind::body;
  const peers::Sample all = take_sample(messages, kind, kAllTexts, seed);
  if (all.sections.size() == 1) {
    const peers::Section& one = all.sections.front();
    const std::size_t half = (one.texts.size() + 1) / 2;
    measure_on(part(one, 0, half), halves);
    try_on(half < one.texts.size() ? part(one, half, one.texts.size()) : one, all.messages.front(),
           halves);
    return halves;
  }
  for (std::size_t i = 0; i < all.sections.size(); ++i) {
    if (i % 2 == 0 && halves.measured_bytes < most_bytes) measure_on(all.sections[i], halves);
    if (i % 2 == 1 && halves.tried.bytes < most_bytes)
      try_on(all.sections[i], all.messages[i], halves);
  }
  return halves;
}

}  // namespace headgate::bench
