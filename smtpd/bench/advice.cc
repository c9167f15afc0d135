// How it works: a pattern's certain beginning is `^` and literal bytes, up to the first thing that is more than a byte. A
// header's name makes the key where there is one; else the first few bytes. The guard is that key with the rules' own
// flags, so that it reads as they do (case, lines).
// Tested by tests/smtpd/bench/advice_test.cc.
#include "smtpd/bench/advice.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::bench {

namespace {

constexpr std::size_t kLeastRules = 4;  // of a group by header name
constexpr std::size_t kLeastAlike = 8;  // of a group by other bytes
constexpr std::size_t kBytesAlike = 5;  // … which are so many
constexpr std::string_view kMeta = "^$.[]|()*+?{}\\";
constexpr std::string_view kPlainWhenEscaped = "/.-:@$^*+?()[]{}|\\=#%&!,;~ ";

// No branch that the beginning is not part of, and no syntax that we do not read.
bool is_one_branch(std::string_view pattern) {
  int depth = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\') {
      if (i + 1 == pattern.size() || pattern[i + 1] == 'Q') return false;
      ++i;
    } else if (c == '[') {
      std::size_t end = i + 1;
      if (end < pattern.size() && pattern[end] == '^') ++end;
      if (end < pattern.size() && pattern[end] == ']') ++end;
      while (end < pattern.size() && pattern[end] != ']') {
        if (pattern[end] == '[' || pattern[end] == '\\') return false;  // [[:alpha:]], \]: not read
        ++end;
      }
      i = end;
    } else if (c == '(') {
      if (i + 1 < pattern.size() && pattern[i + 1] == '*') return false;
      ++depth;
    } else if (c == ')') {
      --depth;
    } else if (c == '|' && depth == 0) {
      return false;
    }
  }
  return depth == 0;
}

// One literal byte of the pattern at `at`, as a pattern; "" when there is none.
std::string_view literal_at(std::string_view pattern, std::size_t at) {
  if (at >= pattern.size()) return {};
  if (pattern[at] != '\\')
    return kMeta.find(pattern[at]) == std::string_view::npos ? pattern.substr(at, 1)
                                                             : std::string_view();
  if (at + 1 >= pattern.size() || kPlainWhenEscaped.find(pattern[at + 1]) == std::string_view::npos)
    return {};
  return pattern.substr(at, 2);
}

bool is_repeat(std::string_view pattern, std::size_t at) {
  return at < pattern.size() &&
         std::string_view("*+?{").find(pattern[at]) != std::string_view::npos;
}

// "^Subject:" of "^Subject: (Re: )?"; "" when it names no header.
std::string header_key(std::string_view beginning) {
  if (!beginning.starts_with('^')) return {};
  const std::size_t colon = beginning.find(':');
  if (colon == std::string_view::npos || colon < 2) return {};
  for (const char c : beginning.substr(1, colon - 1))
    if (!text::is_alnum(c) && c != '-') return {};
  return std::string(beginning.substr(0, colon + 1));
}

// The first bytes, each with its escape.
std::string bytes_key(std::string_view beginning) {
  std::string key(beginning.starts_with('^') ? "^" : "");
  std::size_t at = key.size();
  for (std::size_t bytes = 0; bytes < kBytesAlike; ++bytes) {
    const std::string_view one = literal_at(beginning, at);
    if (one.empty()) return {};
    key += one;
    at += one.size();
  }
  return key;
}

// A rule that may stand in a new group, by its place among the operations.
struct Place {
  std::size_t op = 0;
  int line = 0;
  std::string flags, header, bytes;
};

class Finder {
 public:
  Finder(const rules::Program& program, const TableText& text) : program_(program), text_(text) {}

  std::vector<Candidate> run() {
    for (const rules::Op& op : program_.ops())
      if (op.kind == rules::OpKind::test && op.role == rules::Role::guard)
        ends_.push_back(op.target);
    const std::vector<rules::Op>& ops = program_.ops();
    for (std::size_t at = 0; at < ops.size(); ++at) {
      if (ops[at].kind != rules::OpKind::test) continue;
      const std::optional<Place> place = place_of(at);
      if (!place || !follows(*place)) close();
      if (place) run_.push_back(*place);
    }
    close();
    std::ranges::stable_sort(found_, std::ranges::greater(), &Candidate::rules);
    return std::move(found_);
  }

 private:
  std::optional<Place> place_of(std::size_t at) const {
    const rules::Op& op = program_.ops()[at];
    const bool plain = op.role == rules::Role::rule && !op.negated &&
                       program_.ops()[at + 1].kind == rules::OpKind::emit;
    if (!plain || text_.is_marked(op.line)) return std::nullopt;
    const rules::Pattern& pattern = program_.patterns()[op.index];
    const auto beginning = certain_beginning(pattern);
    if (!beginning) return std::nullopt;
    return Place{at, op.line, pattern.flags, header_key(*beginning), bytes_key(*beginning)};
  }

  // The rule directly after the last one of the run, in the same group.
  [[nodiscard]] bool follows(const Place& place) const {
    if (run_.empty()) return true;
    const Place& last = run_.back();
    return place.op == last.op + 2 && place.line > last.line && place.flags == last.flags &&
           std::ranges::find(ends_, place.op) == ends_.end();
  }

  // Splits the run into stretches that begin alike.
  void close() {
    std::size_t begin = 0;
    while (begin < run_.size()) {
      const std::size_t by_name = stretch(begin, &Place::header);
      const std::size_t by_bytes = stretch(begin, &Place::bytes);
      if (by_name >= kLeastRules) {
        add(begin, by_name, run_[begin].header);
        begin += by_name;
      } else if (by_bytes >= kLeastAlike) {
        add(begin, by_bytes, run_[begin].bytes);
        begin += by_bytes;
      } else {
        ++begin;
      }
    }
    run_.clear();
  }

  // How many rules from `begin` on have the same, non-empty key. Byte for byte: caseless ones may differ in case, and then
  // are two groups.
  [[nodiscard]] std::size_t stretch(std::size_t begin, std::string Place::*key) const {
    if ((run_[begin].*key).empty()) return 0;
    std::size_t end = begin;
    while (end < run_.size() && run_[end].*key == run_[begin].*key) ++end;
    return end - begin;
  }

  void add(std::size_t begin, std::size_t rules, const std::string& key) {
    const Place& first = run_[begin];
    if (in_group_of(first.op, key)) return;
    Candidate candidate;
    std::string guard;
    for (std::size_t i = 0; i < key.size(); ++i)
      guard += key[i] == '/' && (i == 0 || key[i - 1] != '\\') ? "\\/" : std::string(1, key[i]);
    candidate.edit = {fmt::format("/{}/{}", guard, first.flags), first.line,
                      run_[begin + rules - 1].line};
    candidate.rules = rules;
    found_.push_back(std::move(candidate));
  }

  // Whether a guard around it asks that, or nearly that, already.
  [[nodiscard]] bool in_group_of(std::size_t op, std::string_view key) const {
    const std::vector<rules::Op>& ops = program_.ops();
    for (std::size_t at = 0; at < op; ++at) {
      const bool around = ops[at].kind == rules::OpKind::test &&
                          ops[at].role == rules::Role::guard && !ops[at].negated &&
                          ops[at].target > op;
      if (!around) continue;
      const std::string asked = text::lower(program_.patterns()[ops[at].index].text);
      const std::string wanted = text::lower(key);
      if (asked.find(wanted) != std::string::npos || wanted.find(asked) != std::string::npos)
        return true;
    }
    return false;
  }

  const rules::Program& program_;
  const TableText& text_;
  std::vector<std::size_t> ends_;  // where groups end
  std::vector<Place> run_;
  std::vector<Candidate> found_;
};

}  // namespace

std::optional<std::string> certain_beginning(const rules::Pattern& pattern) {
  const std::string_view whole = pattern.text;
  if (pattern.recipe.engine == match::Engine::pcre2 &&
      (pattern.recipe.pcre2.extended || pattern.recipe.pcre2.anchored))
    return std::nullopt;
  if (pattern.recipe.engine == match::Engine::posix && !pattern.recipe.posix.extended)
    return std::nullopt;
  if (!is_one_branch(whole)) return std::nullopt;
  std::string beginning(whole.starts_with('^') ? "^" : "");
  if (is_repeat(whole, beginning.size())) return std::nullopt;  // "^*", whatever it means
  for (std::size_t at = beginning.size();;) {
    const std::string_view one = literal_at(whole, at);
    if (one.empty() || is_repeat(whole, at + one.size())) break;
    beginning += one;
    at += one.size();
  }
  if (beginning.empty() || beginning == "^") return std::nullopt;
  return beginning;
}

std::vector<Candidate> grouping_candidates(const rules::Program& program, const TableText& text) {
  return Finder(program, text).run();
}

}  // namespace headgate::bench
