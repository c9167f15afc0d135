// How it works: the tree is walked in the order of a match and bytes are appended. Zero-width tests become wishes about the
// next byte ("a word byte", "a newline"), which the next set grants if it can; a look-ahead becomes a guide that the next
// sets follow as long as they hold its bytes. Nothing is taken back, so a text may turn out not to match.
// Steps are counted, not only bytes: `((a?){9999}){9999}` may go round for long without a byte.
// Tested by tests/compiler/analyse/subjects_test.cc.
#include "compiler/analyse/draw_subject.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace headgate::analyse {

namespace {

constexpr std::uint32_t kByteWays = 5;  // first, last, newline, space, any
constexpr std::uint32_t kLookWays = 4;  // ignored, as a guide, spelled here, spelled at the end
constexpr std::uint32_t kTextWays = 4;  // last capture, first capture, nothing, any capture
constexpr std::uint32_t kEdgeWays = 2;  // a word's edge, nothing

std::uint32_t ways_of(const Node& node) {
  switch (node.kind) {
    case NodeKind::bytes:
      return std::min(static_cast<std::uint32_t>(node.set.count()), kByteWays);
    case NodeKind::alternate:
      return static_cast<std::uint32_t>(node.children.size());
    case NodeKind::repeat:
      return node.min == node.max ? 1 : kMost + 1;
    case NodeKind::look:
      return kLookWays;
    case NodeKind::anything:
      return kTextWays;
    case NodeKind::maybe:
      return kEdgeWays;
    default:
      return 0;
  }
}

class Chooser {
 public:
  explicit Chooser(std::size_t most) : most_(most) {}

  void add(const Node& node, std::uint32_t above, std::uint32_t leads) {
    if (choices_.size() >= most_) return;
    const std::uint32_t ways = ways_of(node);
    std::uint32_t here = kNone;
    if (ways > 1 || (ways > 0 && node.kind == NodeKind::repeat)) {
      here = static_cast<std::uint32_t>(choices_.size());
      choices_.push_back({&node, ways, above, leads});
    }
    if (node.kind == NodeKind::look) return;
    if (node.kind == NodeKind::repeat) {
      if (node.max > 0) add(node.children[0], here, kAtLeastOnce);
      return;
    }
    for (std::uint32_t child = 0; child < node.children.size(); ++child) {
      if (node.kind == NodeKind::alternate && here != kNone)
        add(node.children[child], here, child);
      else
        add(node.children[child], above, leads);
    }
  }

  std::vector<Choice> take() { return std::move(choices_); }

 private:
  std::size_t most_;
  std::vector<Choice> choices_;
};

class Draw {
 public:
  Draw(const std::vector<Forced>& forced, Dice& dice, std::size_t max_length)
      : forced_(forced), dice_(dice), most_(max_length), most_steps_(16 * max_length + 4096) {}

  Drawn run(const Node& tree) {
    draw(tree);
    for (const char c : tail_) put(c, nullptr);
    if (wishes_ && !end_will_do_) put(any_of(wish_), nullptr);
    if (final_newline_) put('\n', nullptr);
    return std::move(drawn_);
  }

 private:
  [[nodiscard]] bool spent() const { return drawn_.text.size() >= most_ || steps_ >= most_steps_; }

  // The forced way, or what the dice say.
  template <class Rolled>
  std::uint32_t way_of(const Node& node, const Rolled& rolled) {
    for (const Forced& forced : forced_)
      if (forced.node == &node) return forced.way;
    return rolled();
  }

  void draw(const Node& node) {
    ++steps_;
    switch (node.kind) {
      case NodeKind::bytes:
        return byte(node);
      case NodeKind::concat:
        for (const Node& child : node.children)
          if (steps_ < most_steps_) draw(child);
        return;
      case NodeKind::alternate: {
        if (node.children.empty()) return;
        const auto branches = node.children.size();
        const std::uint32_t way =
            way_of(node, [&] { return static_cast<std::uint32_t>(dice_.below(branches)); });
        return draw(node.children[std::min<std::size_t>(way, branches - 1)]);
      }
      case NodeKind::repeat:
        return repeat(node);
      case NodeKind::capture:
        return capture(node);
      case NodeKind::atomic:
        return draw(node.children[0]);
      case NodeKind::look:
        return look(node);
      case NodeKind::anything:
        return back_reference(node);
      default:
        return zero_width(node);
    }
  }

  void byte(const Node& node) {
    ByteSet set = node.set;
    set.reset(0);
    if (set.none()) set.set(1);  // it wants NUL, which no subject has
    if (!guide_.empty()) {
      const auto led = static_cast<unsigned char>(guide_.front());
      guide_.erase(0, 1);
      if (set.test(led)) return put(static_cast<char>(led), &node.set);
      guide_.clear();
    }
    if (wishes_ && (set & wish_).any())
      set &= wish_;
    else if (wishes_ && drawn_.text.empty())
      put('x', nullptr);  // \B before a word, \b before none: they hold behind a word byte
    put(chosen(node, set), &node.set);
  }

  char chosen(const Node& node, const ByteSet& set) {
    const std::uint32_t way = way_of(node, [] { return kByteWays - 1; });
    if (way == 0) return static_cast<char>(set._Find_first());
    if (way == 1) {
      for (unsigned c = 255; c > 0; --c)
        if (set.test(c)) return static_cast<char>(c);
    }
    if (way == 2 && set.test('\n')) return '\n';
    if (way == 3 && set.test(' ')) return ' ';
    return any_of(set);
  }

  // Mostly one that people write.
  char any_of(const ByteSet& set) {
    static constexpr std::string_view kPlain =
        "etaoinshrdlucmfwypvbgkqjxzETAOINSHRDLUCMFWYPVBGKQJXZ0123456789 .-:@<>/_=";
    for (int tries = dice_.percent(90) ? 6 : 0; tries > 0; --tries) {
      const char c = kPlain[dice_.below(kPlain.size())];
      if (set.test(static_cast<unsigned char>(c))) return c;
    }
    std::size_t skip = dice_.below(std::max<std::size_t>(1, set.count()));
    unsigned c = static_cast<unsigned>(set._Find_first());
    for (; skip > 0; --skip) c = static_cast<unsigned>(set._Find_next(c));
    return static_cast<char>(c < set.size() ? c : 'x');
  }

  void put(char c, const ByteSet* set) {
    wishes_ = false;
    if (drawn_.text.size() >= most_) return;
    drawn_.text += c == '\0' ? '\x01' : c;
    drawn_.sets.push_back(set);
  }

  void repeat(const Node& node) {
    const std::uint32_t way = way_of(node, [this] {
      const auto roll = dice_.below(100);
      return roll < 50 ? kFewest : roll < 80 ? kOneMore : roll < 97 ? kSomeMore : kMost;
    });
    std::uint64_t copies = copies_of(node, way);
    if (copies < guide_.size() && way != kTooFew)
      copies = std::min<std::uint64_t>(node.max, guide_.size());
    for (std::uint64_t copy = 0; copy < copies && !spent(); ++copy) {
      // Room is kept for what follows.
      if (copy >= node.min && way != kTooMany && drawn_.text.size() > most_ / 4 * 3) break;
      draw(node.children[0]);
    }
  }

  std::uint64_t copies_of(const Node& node, std::uint32_t way) {
    const std::uint64_t min = node.min, max = node.max;
    switch (way) {
      case kFewest:
        return min;
      case kOneMore:
        return std::min(max, min + 1);
      case kSomeMore:
        return std::min<std::uint64_t>(max, min + 2 + dice_.below(4));
      case kMost:
        return node.max == kUnbounded ? min + 20 + dice_.below(60) : max;
      case kTooFew:
        return min > 0 ? min - 1 : 0;
      case kTooMany:
        return max + 1;
      default:
        return std::max<std::uint64_t>(min, 1);
    }
  }

  void capture(const Node& node) {
    constexpr std::size_t kMostCaptures = 1000;  // of a group that is repeated there are many
    const std::size_t begin = drawn_.text.size();
    draw(node.children[0]);
    if (captures_.size() == kMostCaptures) captures_.pop_back();
    captures_.emplace_back(begin, drawn_.text.size());
  }

  // Which group it means the tree does not say.
  void back_reference(const Node& node) {
    const std::uint32_t way = way_of(node, [this] { return dice_.percent(70) ? 0U : 3U; });
    if (captures_.empty() || way == 2) return;
    const std::size_t last = captures_.size() - 1;
    const std::size_t number = way == 0 ? last : way == 1 ? 0 : dice_.below(last + 1);
    const auto [begin, end] = captures_[number];
    const std::string again = drawn_.text.substr(begin, end - begin);
    for (const char c : again) put(c, nullptr);
  }

  void look(const Node& node) {
    const std::uint32_t way = way_of(node, [&] {
      if (node.not_ahead) return dice_.percent(85) ? 0U : 1U;
      const auto roll = dice_.below(100);
      return roll < 40 ? 1U : roll < 60 ? 2U : roll < 80 ? 0U : 3U;
    });
    if (way == 0 || looks_ > 3) return;
    // What is looked for, by itself: most of the room stays for the match.
    Dice dice(dice_.next());
    Draw inner({}, dice,
               std::min<std::size_t>(most_ / 4, most_ - std::min(most_, drawn_.text.size())));
    inner.looks_ = looks_ + 1;
    inner.most_steps_ = (most_steps_ - std::min(most_steps_, steps_)) / 4;
    const std::string wanted = inner.run(node.children[0]).text;
    steps_ += inner.steps_;
    if (way == 1) guide_ = wanted;
    if (way == 2)
      for (const char c : wanted) put(c, nullptr);
    if (way == 3 && tail_.size() < most_) tail_ += wanted;
  }

  void zero_width(const Node& node) {
    switch (node.kind) {
      case NodeKind::line_end:
        return wish(single('\n'), true);
      case NodeKind::last_line_end:
        final_newline_ = dice_.percent(15);
        return;
      case NodeKind::word_boundary:
        return wish_edge(true);
      case NodeKind::no_word_boundary:
        return wish_edge(false);
      case NodeKind::maybe:
        if (way_of(node, [this] { return dice_.percent(50) ? 0U : 1U; }) == 0) wish_edge(true);
        return;
      default:
        return;
    }
  }

  void wish_edge(bool edge) {
    const bool behind_word =
        !drawn_.text.empty() && word_bytes().test(static_cast<unsigned char>(drawn_.text.back()));
    const bool wants_word = behind_word != edge;
    wish(wants_word ? word_bytes() : ~word_bytes(), !wants_word);
  }

  void wish(const ByteSet& set, bool end_will_do) {
    const ByteSet both = wishes_ ? wish_ & set : set;
    wish_ = both.any() ? both : set;
    wish_.reset(0);
    end_will_do_ = end_will_do && (!wishes_ || end_will_do_);
    wishes_ = true;
  }

  const std::vector<Forced> forced_;
  Dice& dice_;
  std::size_t most_, most_steps_;
  std::size_t steps_ = 0;
  int looks_ = 0;
  Drawn drawn_;
  std::string guide_, tail_;
  ByteSet wish_;
  bool wishes_ = false, end_will_do_ = false, final_newline_ = false;
  std::vector<std::pair<std::size_t, std::size_t>> captures_;
};

}  // namespace

std::vector<Choice> choices_of(const Node& tree, std::size_t most) {
  Chooser chooser(most);
  chooser.add(tree, kNone, 0);
  return chooser.take();
}

std::vector<Forced> forced_by(const std::vector<Choice>& choices, std::uint32_t index,
                              std::uint32_t way) {
  std::vector<Forced> forced;
  while (index != kNone) {
    const Choice& choice = choices[index];
    forced.push_back({choice.node, way});
    index = choice.above;
    way = choice.leads;
  }
  return forced;
}

Drawn draw_subject(const Node& tree, const std::vector<Forced>& forced, Dice& dice,
                   std::size_t max_length) {
  return Draw(forced, dice, max_length).run(tree);
}

}  // namespace headgate::analyse
