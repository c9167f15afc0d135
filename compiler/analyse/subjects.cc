// How it works: every choice that a match makes is forced once to each of its ways while dice decide the others; when there
// are more ways than texts are wanted, a sample of them. The texts are then damaged, knowing which set each byte came from.
// Tested by tests/compiler/analyse/subjects_test.cc.
#include "compiler/analyse/subjects.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "compiler/analyse/draw_subject.h"
#include "compiler/analyse/spell_subject.h"

namespace headgate::analyse {

namespace {

constexpr std::size_t kMostChoices = 20'000;

// Texts of which no two are alike.
class Collection {
 public:
  explicit Collection(const SubjectOptions& options) : options_(options) {}

  bool add(std::vector<std::string>& to, std::string text) {
    if (text.size() > options_.max_length) text.resize(options_.max_length);
    if (!known_.insert(text).second) return false;
    to.push_back(std::move(text));
    return true;
  }

 private:
  const SubjectOptions& options_;
  std::unordered_set<std::string> known_;
};

// A text that should match, with one thing wrong with it.
class Damage {
 public:
  explicit Damage(Dice& dice) : dice_(dice) {}

  std::string operator()(const Drawn& drawn) {
    std::string text = drawn.text;
    const std::size_t size = text.size();
    const std::size_t at = size > 0 ? dice_.below(size) : 0;
    switch (size > 0 ? dice_.below(16) : 10 + dice_.below(3)) {
      case 0:
      case 1:
      case 2:
      case 3:
        text[at] = outside(drawn, at);
        break;
      case 4:
      case 5:
        text.erase(at, 1);
        break;
      case 6:
        text.insert(at, 1, text[at]);
        break;
      case 7:
        if (at + 1 < size) std::swap(text[at], text[at + 1]);
        break;
      case 8:
        text.erase(0, 1 + dice_.below(std::min<std::size_t>(size, 3)));
        break;
      case 9:
        text.resize(size - 1 - dice_.below(std::min<std::size_t>(size, 3)));
        break;
      case 10:
        text.insert(0, around());
        break;
      case 11:
        text += around();
        break;
      case 12:
        text = around() + text + around();
        break;
      case 13:
        text.insert(0, "\n");
        break;
      case 14:
        text += '\n';
        break;
      default:
        text.insert(at, dice_.percent(50) ? "\n" : std::string(1, around().front()));
    }
    return text;
  }

 private:
  // Mostly just outside: beside the set's end, or the other case.
  char outside(const Drawn& drawn, std::size_t at) {
    const auto old = static_cast<unsigned char>(drawn.text[at]);
    ByteSet others = drawn.sets[at] != nullptr ? ~*drawn.sets[at] : ~single(old);
    others.reset(0);
    if (others.none()) return static_cast<char>(old ^ 1U);  // the set holds all there is
    const unsigned char close[] = {static_cast<unsigned char>(old ^ 0x20U),
                                   static_cast<unsigned char>(old + 1U),
                                   static_cast<unsigned char>(old - 1U),
                                   static_cast<unsigned char>(old | 0x80U),
                                   ' ',
                                   '\n',
                                   '-'};
    const std::size_t first = dice_.below(std::size(close));
    for (std::size_t i = 0; i < std::size(close); ++i) {
      const unsigned char c = close[(first + i) % std::size(close)];
      if (others.test(c)) return static_cast<char>(c);
    }
    return static_cast<char>(others._Find_first());
  }

  std::string around() {
    static constexpr std::string_view kAround[] = {"x",    "a",     " ",    "0",        "_",
                                                   "-",    ".",     "\n",   "\r\n",     "\t",
                                                   "\xff", "X-A: ", "foo ", "Subject: "};
    return std::string(kAround[dice_.below(std::size(kAround))]);
  }

  Dice& dice_;
};

// What `draw` gives, damaged, until there are enough or nothing new comes.
void add_damaged(Collection& all, std::vector<std::string>& near, std::size_t wanted, Dice& dice,
                 const std::vector<Drawn>& whole) {
  if (whole.empty()) return;
  Damage damage(dice);
  for (std::size_t tries = 0; near.size() < wanted && tries < 6 * wanted; ++tries) {
    std::string text = damage(whole[tries % whole.size()]);
    std::replace(text.begin(), text.end(), '\0', '\x01');
    all.add(near, std::move(text));
  }
}

struct Way {
  std::uint32_t choice = 0;
  std::uint32_t way = 0;
};

// Every way of every choice; `off`: those that lead past a match.
std::vector<Way> ways_of(const std::vector<Choice>& choices, bool off) {
  std::vector<Way> ways;
  for (std::uint32_t i = 0; i < choices.size(); ++i) {
    const Node& node = *choices[i].node;
    if (!off) {
      for (std::uint32_t way = 0; way < choices[i].ways; ++way) ways.push_back({i, way});
    } else if (node.kind == NodeKind::repeat) {
      if (node.min > 0) ways.push_back({i, kTooFew});
      if (node.max != kUnbounded) ways.push_back({i, kTooMany});
    }
  }
  return ways;
}

// The first `most` of them in an order that the dice make: shuffled as far as that goes.
void sample(std::vector<Way>& ways, std::size_t most, Dice& dice) {
  if (ways.size() <= most) return;
  for (std::size_t i = 0; i < most; ++i) std::swap(ways[i], ways[i + dice.below(ways.size() - i)]);
  ways.resize(most);
}

std::vector<std::string> in_a_row(Subjects found) {
  std::vector<std::string> all = std::move(found.matching);
  std::move(found.near.begin(), found.near.end(), std::back_inserter(all));
  return all;
}

std::size_t matching_share(const SubjectOptions& options) { return (options.count + 1) / 2; }

}  // namespace

Subjects subjects_by_kind(const Node& tree, const SubjectOptions& options) {
  Subjects found;
  Collection all(options);
  Dice dice(options.seed);
  const std::vector<Choice> choices = choices_of(tree, kMostChoices);
  const std::size_t wanted = matching_share(options);
  std::vector<Drawn> whole;
  const auto draw = [&](const std::vector<Forced>& forced) {
    Drawn drawn = draw_subject(tree, forced, dice, options.max_length);
    if (all.add(found.matching, drawn.text)) whole.push_back(std::move(drawn));
  };
  std::vector<Way> ways = ways_of(choices, false);
  sample(ways, wanted, dice);
  for (const Way& way : ways)
    if (found.matching.size() < wanted) draw(forced_by(choices, way.choice, way.way));
  for (std::size_t tries = 0; found.matching.size() < wanted && tries < 2 * wanted; ++tries)
    draw({});

  std::vector<Way> off = ways_of(choices, true);
  sample(off, options.count / 8, dice);
  for (const Way& way : off)
    all.add(
        found.near,
        draw_subject(tree, forced_by(choices, way.choice, way.way), dice, options.max_length).text);
  add_damaged(all, found.near, options.count - std::min(options.count, found.matching.size()), dice,
              whole);
  return found;
}

Subjects subjects_by_kind(std::string_view pattern, bool basic, const SubjectOptions& options) {
  Subjects found;
  Collection all(options);
  Dice dice(options.seed);
  const std::size_t wanted = matching_share(options);
  std::vector<Drawn> whole;
  for (std::size_t tries = 0; found.matching.size() < wanted && tries < 3 * wanted; ++tries) {
    Drawn drawn;
    drawn.text = spell_subject(pattern, basic, dice, options.max_length);
    drawn.sets.resize(drawn.text.size(), nullptr);
    if (all.add(found.matching, drawn.text)) whole.push_back(std::move(drawn));
  }
  add_damaged(all, found.near, options.count - std::min(options.count, found.matching.size()), dice,
              whole);
  return found;
}

Subjects subjects_by_kind(front::Dialect dialect, const front::Pattern& pattern,
                          const SubjectOptions& options) {
  const bool pcre = dialect == front::Dialect::pcre;
  const Parsed tree =
      pcre ? parse_pcre(pattern.text, pattern.flags) : parse_posix(pattern.text, pattern.flags);
  if (tree) return subjects_by_kind(*tree, options);
  return subjects_by_kind(pattern.text, !pcre && pattern.flags.basic, options);
}

std::vector<std::string> subjects(const Node& tree, const SubjectOptions& options) {
  return in_a_row(subjects_by_kind(tree, options));
}

std::vector<std::string> subjects(front::Dialect dialect, const front::Pattern& pattern,
                                  const SubjectOptions& options) {
  return in_a_row(subjects_by_kind(dialect, pattern, options));
}

}  // namespace headgate::analyse
