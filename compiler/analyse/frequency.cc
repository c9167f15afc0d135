// How it works: a chain. The first three bytes occur as often as the table says, each further one after its two
// predecessors as often as it follows them in the table. What the table does not know is rarer than all it knows. Common
// words are far commoner than their chain ("account" six thousand times): where a literal has four letters and more of one,
// they occur as often as the words do that have them.
// Tested by tests/compiler/analyse/frequency_test.cc.
#include "compiler/analyse/frequency.h"

#include <array>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include "engine/base/text.h"

namespace headgate::analyse {

namespace {

#include "compiler/analyse/frequencies.inc"

constexpr double kUnknown = 2;       // bits rarer than the rarest row
constexpr double kLeastStep = 0.1;   // no byte is certain
constexpr double kMostStep = 14;     // bits; a byte is not rarer than that after any other
constexpr double kLookFor = 0.0003;  // ns a byte of text, for one more literal in a database
constexpr double kAsk = 250;         // ns, where one is found

// Other mail has other words: a literal is never taken for rarer than its length allows. And where short ones are known to be
// rare, they still make a database of many literals slow: what it looks at more closely is what ends like one of them.
constexpr double kDoubtBits = 2;
constexpr double kDoubtBitsAByte = 3.2;
constexpr double kLineBits =
    1.5;  // what is found at a line's start or end is found so much oftener elsewhere

constexpr double kFirstCapital = 2;   // bits; so much rarer is a word that begins with one
constexpr double kCapitalInside = 5;  // behind a small letter

unsigned char class_of(unsigned char byte) {
  const char c = text::to_lower(static_cast<char>(byte));
  if (text::is_digit(c)) return '0';
  if (byte >= 0x80) return 0x80;
  if (byte < 0x20 || byte == 0x7f) return 1;
  return static_cast<unsigned char>(c);
}

// One of a class of several bytes is rarer than the class.
double extra_bits(unsigned char of) {
  if (of == '0') return 3.3;
  if (of == 0x80) return 5;
  if (of == 1) return 3;
  return 0;
}

class Table {
 public:
  Table() {
    for (std::size_t at = 0; at + 3 < kTrigrams.size(); at += 4) {
      const double bits = (kTrigrams[at + 3] - '0') / 2.0;
      const double share = std::exp2(-bits);
      trigrams_[key(kTrigrams, at, 3)] = bits;
      bigrams_[key(kTrigrams, at, 2)] += share;
      singles_[key(kTrigrams, at, 1)] += share;
    }
  }

  [[nodiscard]] double bits(std::string_view classes) const {
    switch (classes.size()) {
      case 1:
        return share_bits(singles_, key(classes, 0, 1));
      case 2:
        return share_bits(bigrams_, key(classes, 0, 2));
      default: {
        const auto known = trigrams_.find(key(classes, 0, 3));
        return known != trigrams_.end() ? known->second : kRarest;
      }
    }
  }

 private:
  using Shares = std::unordered_map<unsigned, double>;
  static constexpr double kRarest = kRarestRow / 2.0 + kUnknown;

  static unsigned key(std::string_view classes, std::size_t at, std::size_t count) {
    unsigned key = 0;
    for (std::size_t i = 0; i < count; ++i)
      key = key << 8U | static_cast<unsigned char>(classes[at + i]);
    return key;
  }

  static double share_bits(const Shares& shares, unsigned key) {
    const auto known = shares.find(key);
    return known != shares.end() ? -std::log2(known->second) : kRarest;
  }

  Shares trigrams_, bigrams_, singles_;
};

const Table& table() {
  static const Table table;
  return table;
}

// How often the parts of the common words occur.
class Words {
 public:
  static constexpr std::size_t kLeastPart = 4;

  Words() {
    for (std::size_t at = 0; at < kWords.size();) {
      std::size_t end = at;
      while (text::is_alpha(kWords[end]) && text::to_lower(kWords[end]) == kWords[end]) ++end;
      add(kWords.substr(at, end - at), std::exp2(-(kWords[end] - '0') / 2.0));
      at = end + 1;
    }
  }

  // The longest part of a word that `text` begins with, 0: none.
  [[nodiscard]] std::size_t part_at(std::string_view text) const {
    std::size_t bytes = 0;
    for (std::size_t more = kLeastPart; more <= text.size(); ++more) {
      if (shares_.find(text.substr(0, more)) == shares_.end()) break;
      bytes = more;
    }
    return bytes;
  }

  [[nodiscard]] double bits(std::string_view part) const {
    return -std::log2(shares_.find(part)->second);
  }

 private:
  void add(std::string_view word, double share) {
    for (std::size_t at = 0; at + kLeastPart <= word.size(); ++at) {
      for (std::size_t bytes = kLeastPart; at + bytes <= word.size(); ++bytes)
        shares_[word.substr(at, bytes)] += share;
    }
  }

  std::unordered_map<std::string_view, double> shares_;  // into kWords
};

const Words& words() {
  static const Words words;
  return words;
}

double chain_bits(std::string_view classes) {
  double bits = table().bits(classes.substr(0, 3));
  for (std::size_t at = 1; at + 2 < classes.size(); ++at) {
    const double step = table().bits(classes.substr(at, 3)) - table().bits(classes.substr(at, 2));
    bits += std::clamp(step, kLeastStep, kMostStep);
  }
  return bits;
}

// What the chain has too many.
double excess_bits(std::string_view classes) {
  double excess = 0;
  for (std::size_t at = 0; at + Words::kLeastPart <= classes.size();) {
    const std::size_t bytes = words().part_at(classes.substr(at));
    if (bytes == 0) {
      ++at;
      continue;
    }
    const std::string_view part = classes.substr(at, bytes);
    const double of_word = std::max(words().bits(part), table().bits(part.substr(0, 3)));
    excess += std::max(0.0, chain_bits(part) - of_word);
    at += bytes;
  }
  return excess;
}

// The table does not tell capitals from small letters.
double bits_of_capitals(std::string_view bytes) {
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  double bits = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (!is_capital(bytes[i])) continue;
    if (i == 0 || !text::is_alpha(bytes[i - 1]))
      bits += kFirstCapital;
    else if (!is_capital(bytes[i - 1]))
      bits += kCapitalInside;
  }
  return bits;
}

}  // namespace

double frequency_of(const Literal& literal) {
  std::string classes;
  double bits = 0;
  for (const char c : literal.bytes) {
    classes += static_cast<char>(class_of(static_cast<unsigned char>(c)));
    bits += extra_bits(static_cast<unsigned char>(classes.back()));
  }
  bits += chain_bits(classes) - excess_bits(classes);
  if (!literal.caseless) bits += bits_of_capitals(literal.bytes);
  bits += (literal.at_start ? kLineBits : 0) + (literal.at_end ? kLineBits : 0);
  return std::exp2(-bits);
}

double rate_of(const Clause& clause) {
  double rate = 0;
  for (const Literal& literal : clause) rate += frequency_of(literal);
  return rate;
}

double cost_of_looking(const Clause& clause) {
  double cost = 0;
  for (const Literal& literal : clause) {
    const double bytes = static_cast<double>(literal.bytes.size()) + (literal.at_start ? 1 : 0) +
                         (literal.at_end ? 1 : 0);
    cost += std::exp2(-kDoubtBits - kDoubtBitsAByte * bytes) * kAsk + kLookFor;
  }
  return cost;
}

double cost_of(const Clause& clause) { return rate_of(clause) * kAsk + cost_of_looking(clause); }

}  // namespace headgate::analyse
