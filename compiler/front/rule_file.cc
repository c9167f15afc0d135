// How it works: one pass over the logical lines; each is a match rule, an if, an endif or nothing known. The order of the
// steps within a rule decides which warning is seen, so it follows Postfix step by step.
// Tested by tests/compiler/front/rule_file_test.cc, tests/cases/rules/*.case and, against postmap, tests/collide.
#include "compiler/front/rule_file.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "compiler/front/pattern_text.h"
#include "compiler/front/value.h"
#include "engine/base/lines.h"
#include "engine/base/text.h"

namespace headgate::front {

namespace {

class Parser {
 public:
  Parser(Dialect dialect, const std::string& name, PatternCompiler& compiler,
         const WarningSink& warn)
      : dialect_(dialect), name_(name), compiler_(compiler), warn_(warn) {}

  void take(const LogicalLine& line) {
    line_ = &line;
    const std::string_view s = line.text;
    std::optional<Statement> statement;
    if (!text::is_alnum(s.front())) {
      statement = match_rule();
    } else if (is_keyword("if")) {
      statement = guard();
    } else if (is_keyword("endif")) {
      statement = end();
    } else {
      complain(0, "ignoring unrecognized request");
    }
    if (line.emergency) file_.has_emergency_marks = true;
    if (!statement) return;
    statement->line = line.first_line;
    statement->emergency = line.emergency;
    if (statement->kind == StatementKind::guard) open_.push_back(line.first_line);
    if (statement->kind == StatementKind::end) open_.pop_back();
    file_.statements.push_back(std::move(*statement));
  }

  RuleFile finish() {
    for (; !open_.empty(); open_.pop_back()) {
      warn_at(open_.back(), 0, fmt::format("{}IF has no matching ENDIF", prefix(open_.back())));
    }
    return std::move(file_);
  }

 private:
  [[nodiscard]] bool is_keyword(std::string_view word) const {
    const std::string_view s = line_->text;
    return text::starts_with_ignore_case(s, word) &&
           (s.size() == word.size() || !text::is_alnum(s[word.size()]));
  }

  [[nodiscard]] std::string prefix(int line) const {
    return fmt::format("{} map {}, line {}: ", dialect_ == Dialect::pcre ? "pcre" : "regexp", name_,
                       line);
  }

  void warn_at(int line, int column, std::string message) {
    warn_(Diagnostic{Severity::warning, std::move(message), name_, line, column});
  }

  // A column is only known when the logical line is one physical line.
  [[nodiscard]] int column(std::size_t offset) const {
    return line_->first_line == line_->last_line ? static_cast<int>(offset) + 1 : 0;
  }

  void complain(std::size_t offset, std::string_view what) {
    warn_at(line_->first_line, column(offset), prefix(line_->first_line) + std::string(what));
  }

  std::optional<CutPattern> cut(std::size_t from) {
    auto result = cut_pattern(
        dialect_, line_->text, from,
        [this](std::size_t offset, const std::string& what) { complain(offset, what); });
    if (result) result->pattern.column = column(static_cast<std::size_t>(result->pattern.column));
    return result;
  }

  std::optional<Compiled> compile(Pattern& pattern, Use use, std::uint64_t groups_wanted) {
    auto compiled = compiler_.compile(pattern, use, groups_wanted, line_->first_line);
    if (!compiled) {
      const Fault& fault = compiled.error();
      const std::size_t offset = fault.offset == std::string::npos ? 0 : fault.offset;
      const int at = pattern.column == 0 ? 0 : pattern.column + static_cast<int>(offset);
      warn_at(line_->first_line, at, prefix(line_->first_line) + fault.text);
      return std::nullopt;
    }
    pattern.id = compiled->id;
    return *compiled;
  }

  std::optional<Statement> match_rule() {
    Statement rule;
    auto first = cut(0);
    if (!first) return std::nullopt;
    rule.pattern = std::move(first->pattern);
    std::size_t next = first->next;
    const std::string_view s = line_->text;
    if (dialect_ == Dialect::regexp && next < s.size() && s[next] == '!') {
      auto second = cut(next);
      if (!second) return std::nullopt;
      rule.has_second = true;
      rule.second = std::move(second->pattern);
      next = second->next;
    }
    const std::string_view value = text::trim_left(s.substr(next));
    if (!read_value(rule, value, s.size() - value.size())) return std::nullopt;
    return rule;
  }

  bool read_value(Statement& rule, std::string_view value, std::size_t offset) {
    rule.value_text = value;
    if (value.empty()) complain(offset, "no replacement text: using empty string");
    ScannedValue scanned = scan_value(dialect_, value, [&](Prefix kind, const std::string& what) {
      const int line = line_->first_line;
      warn_at(line, column(offset), kind == Prefix::none ? what : prefix(line) + what);
    });
    if (!scanned.good) {
      complain(offset, "bad replacement syntax: skipping this rule");
      return false;
    }
    rule.value = std::move(scanned.pieces);
    const std::uint64_t highest = scanned.highest_group;
    if (highest > 0 && rule.pattern.negated) {
      complain(offset, "$number found in negative match replacement text: skipping this rule");
      return false;
    }
    const auto compiled = compile(rule.pattern, Use::rule, highest);
    if (!compiled) return false;
    if (highest > compiled->groups) {
      complain(offset, fmt::format("out of range replacement index \"{}\": skipping this rule",
                                   static_cast<std::int32_t>(static_cast<std::uint32_t>(highest))));
      return false;
    }
    return !rule.has_second || compile(rule.second, Use::second, 0);
  }

  std::optional<Statement> guard() {
    Statement statement;
    statement.kind = StatementKind::guard;
    auto pattern = cut(2);
    if (!pattern) return std::nullopt;
    const std::string_view extra =
        text::trim_left(std::string_view(line_->text).substr(pattern->next));
    if (!extra.empty()) {
      const std::size_t offset = line_->text.size() - extra.size();
      complain(offset, fmt::format("ignoring extra text after IF statement: \"{}\"", extra));
      complain(offset, "do not prepend whitespace to statements between IF and ENDIF");
    }
    statement.pattern = std::move(pattern->pattern);
    if (!compile(statement.pattern, Use::guard, 0)) return std::nullopt;
    return statement;
  }

  std::optional<Statement> end() {
    if (open_.empty()) {
      complain(0, "ignoring ENDIF without matching IF");
      return std::nullopt;
    }
    if (!text::trim(std::string_view(line_->text).substr(5)).empty())
      complain(5, "ignoring extra text after ENDIF");
    Statement statement;
    statement.kind = StatementKind::end;
    return statement;
  }

  Dialect dialect_;
  const std::string& name_;
  PatternCompiler& compiler_;
  const WarningSink& warn_;
  const LogicalLine* line_ = nullptr;
  std::vector<int> open_;  // lines of the ifs that wait for their endif
  RuleFile file_;
};

}  // namespace

RuleFile parse_rules(Dialect dialect, std::string_view data, const std::string& name,
                     const std::string& path, PatternCompiler& compiler, const WarningSink& warn) {
  Parser parser(dialect, name, compiler, warn);
  LogicalLines lines(data, path, warn);
  while (const auto line = lines.next()) parser.take(*line);
  return parser.finish();
}

}  // namespace headgate::front
