// How it works: for each unbounded repeat of the pattern a text: what stands before it, its own text again and again, and an end
// that makes the match fail. A run with a hundredth of the match limit tells cheaply which of the texts are worth a real one;
// then the shortest is looked for by doubling and halving. Tested by tests/compiler/lint/lint_test.cc.
#include "compiler/lint/explosion.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "compiler/analyse/effort.h"

namespace headgate::lint {

namespace {

using analyse::Node;
using analyse::NodeKind;
using front::StatementKind;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kLongest = 16'384;  // a header may have six times that, a body line an eighth
constexpr unsigned kFew = 100'000;        // of PCRE2's 10,000,000
constexpr std::size_t kMostRepeats = 12;
constexpr std::chrono::seconds kMostTime{20};

// A text that repeats: before, again and again `pump`, an end.
struct Attack {
  std::string before, pump, end;

  [[nodiscard]] std::string of(std::size_t size) const {
    std::string text = before;
    while (text.size() + end.size() < size) text += pump;
    return text + end;
  }
};

void spell(const Node& node, std::string& text, bool once) {
  switch (node.kind) {
    case NodeKind::bytes:
      for (const char c : std::string_view("aeiost0 1.-:/@"))
        if (node.set.test(static_cast<unsigned char>(c))) {
          text += c;
          return;
        }
      for (unsigned c = 33; c < 256; ++c)
        if (node.set.test(c)) {
          text += static_cast<char>(c);
          return;
        }
      return;
    case NodeKind::repeat:
      for (std::uint32_t i = 0; i < std::clamp(node.min, once ? 1U : 0U, 64U); ++i)
        spell(node.children.front(), text, once);
      return;
    case NodeKind::alternate:
      if (!node.children.empty()) spell(node.children.front(), text, once);
      return;
    case NodeKind::look:
      return;
    default:
      for (const Node& child : node.children) spell(child, text, once);
  }
}

class Attacks {
 public:
  std::vector<Attack> of(const Node& tree) {
    walk(tree, "");
    return std::move(attacks_);
  }

 private:
  void walk(const Node& node, const std::string& before) {
    if (attacks_.size() >= kMostRepeats * 2) return;
    if (node.kind == NodeKind::repeat && node.max > 64) {
      std::string pump;
      spell(node.children.front(), pump, true);
      if (!pump.empty()) {
        attacks_.push_back({before, pump, "\x01!"});
        attacks_.push_back({before, pump, ""});
      }
    }
    std::string so_far = before;
    for (const Node& child : node.children) {
      walk(child, so_far);
      if (node.kind == NodeKind::concat) spell(child, so_far, false);
    }
  }

  std::vector<Attack> attacks_;
};

class Explosions {
 public:
  Explosions(const TableView& view, std::uint64_t match_limit, const MakeRun& make,
             Collector& found)
      : view_(view), match_limit_(match_limit), make_(make), found_(found) {}

  void run() {
    std::set<std::uint32_t> seen;
    for (const RuleLine& line : view_.lines) {
      if (!line.tree || line.is(StatementKind::end) || Clock::now() > end_) continue;
      const front::Pattern& pattern = line.statement->pattern;
      if (!seen.insert(pattern.id).second) continue;
      if (analyse::longest_safe_subject(*line.tree, match_limit_) < kLongest)
        try_out(line, pattern);
    }
  }

 private:
  void try_out(const RuleLine& line, const front::Pattern& pattern) {
    const Run quick = make_(pattern, kFew);
    if (!quick) return;
    Run real;
    for (const Attack& attack : Attacks().of(*line.tree)) {
      if (Clock::now() > end_ || quick(attack.of(kLongest)).empty()) continue;
      if (!real) real = make_(pattern, 0);
      if (!real) return;
      std::string words;
      const std::size_t size = shortest(attack, quick, real, words);
      if (size == 0) continue;
      tell(line, size, words);
      return;
    }
  }

  // At which length the engine gives up, to a tenth; 0: not up to kLongest.
  std::size_t shortest(const Attack& attack, const Run& quick, const Run& real,
                       std::string& words) {
    std::size_t good = 0;
    std::size_t bad = 0;
    for (std::size_t size = 16; size <= kLongest; size *= 2) {
      const std::string text = attack.of(size);
      // With a hundredth of the limit it got through: with all of it, too.
      if (quick(text).empty()) {
        good = size;
        continue;
      }
      words = real(text);
      if (!words.empty()) {
        bad = text.size();
        break;
      }
      good = size;
      if (Clock::now() > end_) return 0;
    }
    while (bad > good + std::max<std::size_t>(2, good / 10) && Clock::now() < end_) {
      const std::size_t middle = good + (bad - good) / 2;
      const std::string text = attack.of(middle);
      if (text.size() >= bad) break;
      if (real(text).empty())
        good = middle;
      else
        bad = text.size();
    }
    return bad;
  }

  void tell(const RuleLine& line, std::size_t size, const std::string& words) {
    const std::size_t limit = 2048;
    found_.add("explodes", line,
               fmt::format("on a text of {} bytes PCRE2 gives up: {}{}", size, words,
                           size > limit ? " (a header may be so long, a line of a body not)" : ""));
  }

  const TableView& view_;
  std::uint64_t match_limit_;
  const MakeRun& make_;
  Collector& found_;
  const Clock::time_point end_ = Clock::now() + kMostTime;
};

}  // namespace

void find_explosions(const TableView& view, std::uint64_t match_limit, const MakeRun& make,
                     Collector& found) {
  if (view.dialect == front::Dialect::pcre) Explosions(view, match_limit, make, found).run();
}

}  // namespace headgate::lint
