// How it works: logical lines, told apart as dict_pcre(3) does: what begins with a letter or digit is `if` or `endif`.
// Tested by tests/smtpd/bench/table_text_test.cc.
#include "smtpd/bench/table_text.h"

#include <algorithm>
#include <random>

#include "engine/base/lines.h"
#include "engine/base/text.h"

namespace headgate::bench {

namespace {

bool is_word(std::string_view text, std::string_view word) {
  return text::starts_with_ignore_case(text, word) &&
         (text.size() == word.size() || !text::is_alnum(text[word.size()]));
}

// Which of `of` places are taken, by a fair draw of `count`.
std::vector<bool> draw(std::size_t count, std::size_t of, std::uint64_t seed) {
  std::vector<bool> taken(of);
  std::mt19937_64 dice(seed);
  std::size_t wanted = std::min(count, of);
  for (std::size_t i = 0; i < of; ++i) {
    if (dice() % (of - i) >= wanted) continue;
    taken[i] = true;
    --wanted;
  }
  return taken;
}

}  // namespace

TableText::TableText(std::string_view text) {
  LogicalLines lines(text, "table", [](const Diagnostic&) {});
  while (auto line = lines.next()) {
    Statement statement;
    statement.line = line->first_line;
    statement.marked = line->emergency;
    if (is_word(line->text, "if"))
      statement.kind = Kind::guard;
    else if (is_word(line->text, "endif"))
      statement.kind = Kind::endif;
    else
      ++rules_;
    statement.text = std::move(line->text);
    // Pieces of a logical line keep no line feed; should one be in there, the text would fall apart.
    std::ranges::replace(statement.text, '\n', ' ');
    statements_.push_back(std::move(statement));
  }
}

std::string TableText::subset(std::size_t rules, std::uint64_t seed) const {
  const std::vector<bool> taken = draw(rules, rules_, seed);
  std::string out;
  std::vector<std::size_t> opened;  // where the text of each open, still empty group begins
  std::size_t rule = 0;
  for (const Statement& statement : statements_) {
    if (statement.kind == Kind::guard) opened.push_back(out.size());
    if (statement.kind == Kind::rule) {
      if (!taken[rule++]) continue;
      for (std::size_t& begin : opened) begin = std::string::npos;
    }
    if (statement.kind == Kind::endif && !opened.empty()) {
      const std::size_t begin = opened.back();
      opened.pop_back();
      if (begin != std::string::npos) {
        out.resize(begin);
        continue;
      }
    }
    out += statement.text + '\n';
  }
  return out;
}

std::string TableText::with_groups(const std::vector<GroupEdit>& groups) const {
  std::string out;
  for (const Statement& statement : statements_) {
    for (const GroupEdit& group : groups)
      if (group.first_line == statement.line) out += "if " + group.guard + '\n';
    if (statement.marked) out += "#@emergency\n";
    out += statement.text + '\n';
    for (const GroupEdit& group : groups)
      if (group.last_line == statement.line) out += "endif\n";
  }
  return out;
}

bool TableText::is_marked(int line) const {
  return std::ranges::any_of(statements_, [line](const Statement& statement) {
    return statement.line == line && statement.marked;
  });
}

}  // namespace headgate::bench
