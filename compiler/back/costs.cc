// How it works: a count is believed as far as the sample goes: the guess is worth kGuessBytes of mail beside it, so that of
// several literals that never occurred the one that is likely to be rarest still counts as the rarest.
// Tested by tests/compiler/back/costs_test.cc.
#include "compiler/back/costs.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "compiler/analyse/frequency.h"

namespace headgate::back {

namespace {

constexpr double kTextBytes = 60;
constexpr double kRegex = 1.2;    // ns a byte, for one more regular expression in a database
constexpr double kGate = 0.03;    // ns a byte, to test a gate a line
constexpr double kFound = 60;     // ns, to note that a text has what was looked for
constexpr double kSpelled = 250;  // ns, for a scan of a text for some patterns' spellings
constexpr double kGuessBytes = 100'000;

// How many lines are longer, about; each of them costs a question.
double longer_than(std::size_t bytes) {
  if (bytes >= 100'000) return 0;
  if (bytes >= 2'000) return 0.0001;
  if (bytes >= 1'000) return 0.001;
  if (bytes >= 500) return 0.003;
  if (bytes >= 200) return 0.01;
  if (bytes >= 80) return 0.1;
  return 0.8;
}

template <class Item>
const Seen* seen_of(const std::vector<Item>& items, const Item& item,
                    const std::vector<Seen>& seen) {
  const auto place = static_cast<std::size_t>(&item - items.data());
  return place < seen.size() && seen[place].known ? &seen[place] : nullptr;
}

}  // namespace

void MailShapes::add(match::Symbols symbols, std::size_t bytes) {
  texts_.push_back({symbols, bytes});
  bytes_ += bytes + 1;
}

void MailShapes::finish() {
  std::sort(texts_.begin(), texts_.end(),
            [](const Text& a, const Text& b) { return a.bytes < b.bytes; });
}

double MailShapes::share(std::size_t texts) const {
  return static_cast<double>(texts) / static_cast<double>(texts_.size());
}

double MailShapes::mean_bytes() const {
  return static_cast<double>(bytes_) / static_cast<double>(texts_.size());
}

double MailShapes::longer_than(std::size_t bytes) const {
  const auto first =
      std::upper_bound(texts_.begin(), texts_.end(), bytes,
                       [](std::size_t size, const Text& text) { return size < text.bytes; });
  return share(static_cast<std::size_t>(texts_.end() - first));
}

double MailShapes::open(const rules::Gate& gate) const {
  const auto passes = [&](const Text& text) { return gate.open(text.symbols, text.bytes); };
  return share(static_cast<std::size_t>(std::count_if(texts_.begin(), texts_.end(), passes)));
}

double MailShapes::having(match::Symbols symbols) const {
  const auto has = [&](const Text& text) { return (text.symbols & symbols) != 0; };
  return share(static_cast<std::size_t>(std::count_if(texts_.begin(), texts_.end(), has)));
}

double Costs::ask() const { return figures_ != nullptr ? figures_->ask : kAsk; }

double Costs::text_bytes() const {
  return figures_ != nullptr ? figures_->mail->mean_bytes() : kTextBytes;
}

double Costs::doubt(std::size_t trusted_bytes) const {
  const double longer =
      figures_ != nullptr ? figures_->mail->longer_than(trusted_bytes) : longer_than(trusted_bytes);
  return longer * ask() / text_bytes();
}

// The dearer patterns get a small database of their own spelling between.
double Costs::found(const Seen& seen) const {
  const bool may_be_spelled = plan_.how != analyse::How::confirm_only;
  return kFound + (may_be_spelled ? std::min(seen.ask, kSpelled) : seen.ask);
}

double Costs::rate(const Seen& seen, double guessed) const {
  return (static_cast<double>(seen.texts) + guessed * kGuessBytes) /
         (static_cast<double>(figures_->mail->bytes()) + kGuessBytes);
}

const Seen* Costs::seen(const analyse::NeededLiterals& needed) const {
  return figures_ != nullptr ? seen_of(plan_.needs.literals, needed, figures_->literals) : nullptr;
}

const Seen* Costs::seen(const analyse::ByteRow& row) const {
  return figures_ != nullptr ? seen_of(plan_.rows, row, figures_->rows) : nullptr;
}

Expected Costs::always() const { return {1 / text_bytes(), ask() / text_bytes()}; }

Expected Costs::of(const rules::Gate& gate, double guessed_open, std::size_t trusted_bytes) const {
  const double open = figures_ != nullptr ? figures_->mail->open(gate) : guessed_open;
  return {open / text_bytes(), open * always().cost + kGate + doubt(trusted_bytes)};
}

Expected Costs::of_spelling() const { return {0, kRegex + doubt(plan_.trusted_bytes)}; }

double Costs::asking(const analyse::NeededLiterals& needed) const {
  const Seen* counted = seen(needed);
  if (counted == nullptr) return needed.cost;
  return rate(*counted, analyse::rate_of(needed.any_of)) * found(*counted);
}

double Costs::asking(const analyse::ByteRow& row) const {
  const Seen* counted = seen(row);
  if (counted == nullptr) return analyse::cost_of_asking(row);
  return rate(*counted, analyse::rate_of(row)) * found(*counted);
}

Expected Costs::of(const analyse::NeededLiterals& needed, double asked_in_doubt) const {
  const double guessed = analyse::rate_of(needed.any_of);
  const double in_doubt = doubt(needed.trusted_bytes) * asked_in_doubt;
  const Seen* counted = seen(needed);
  if (counted == nullptr) return {guessed, needed.cost + in_doubt};
  return {rate(*counted, guessed),
          asking(needed) + analyse::cost_of_looking(needed.any_of) + in_doubt};
}

Expected Costs::of(const analyse::ByteRow& row) const {
  const double guessed = analyse::rate_of(row);
  const Seen* counted = seen(row);
  if (counted == nullptr) return {guessed, analyse::cost_of(row) + doubt(row.trusted_bytes)};
  return {rate(*counted, guessed),
          asking(row) + analyse::cost_of_looking(row) + doubt(row.trusted_bytes)};
}

double Costs::having(match::Symbols symbols) const {
  if (figures_ != nullptr) return figures_->mail->having(symbols);
  double share = 0;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    if ((match::symbol_of(c) & symbols) != 0 && !(c >= 'A' && c <= 'Z'))
      share += analyse::frequency_of(analyse::Literal{std::string(1, c), true});
  }
  return 1 - std::exp(-share * kTextBytes);
}

}  // namespace headgate::back
