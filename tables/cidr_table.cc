// How it works: the rules stay in file order; an `if` knows the index behind its endif, and one without an endif knows
// the end of the table, so that a false one ends the lookup.
// Tested by tests/tables/cidr_table_test.cc and tests/cases/postmap/cidr*.case; tests/tables/cidr_agrees_test.py asks postmap(1).
#include "tables/cidr_table.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/base/file.h"
#include "engine/base/lines.h"
#include "engine/base/text.h"
#include "tables/cidr_pattern.h"
#include "tables/type_spec.h"

namespace headgate::tables {

namespace {

struct Rule {
  enum class Kind : std::uint8_t { match, condition, end } kind = Kind::match;
  bool negated = false;
  Network network;
  std::string value;      // of a match
  std::size_t after = 0;  // of an if: the rule behind its endif
  int line = 0;

  [[nodiscard]] bool holds(const Address& address) const {
    return network.same_family(address) && network.contains(address) != negated;
  }
};

class CidrTable final : public Lookup {
 public:
  CidrTable(std::string name, std::vector<Rule> rules)
      : name_(std::move(name)), rules_(std::move(rules)) {}

  Result<std::optional<Found>> find(std::string_view key) override {
    const auto address = parse_address(key);
    if (!address) return std::nullopt;
    for (std::size_t i = 0; i < rules_.size();) {
      const Rule& rule = rules_[i];
      const bool holds = rule.holds(*address);
      if (holds && rule.kind == Rule::Kind::match) return Found{rule.value, name_, rule.line};
      i = holds || rule.kind == Rule::Kind::match ? i + 1 : rule.after;
    }
    return std::nullopt;
  }

  [[nodiscard]] const std::string& name() const override { return name_; }

  [[nodiscard]] bool whole_key_only() const override { return true; }

 private:
  std::string name_;
  std::vector<Rule> rules_;
};

bool is_keyword(std::string_view line, std::string_view word) {
  return text::starts_with_ignore_case(line, word) &&
         (line.size() == word.size() || !text::is_alnum(line[word.size()]));
}

Result<Rule> parse_rule(std::string_view line) {
  Rule rule;
  if (is_keyword(line, "endif")) {
    rule.kind = Rule::Kind::end;
    if (line.size() != 5) return fail(Code::invalid, "garbage after ENDIF");
    return rule;
  }
  if (is_keyword(line, "if")) {
    rule.kind = Rule::Kind::condition;
    line.remove_prefix(2);
  }
  for (; !line.empty() && (line.front() == '!' || text::is_space(line.front()));
       line.remove_prefix(1))
    rule.negated ^= line.front() == '!';
  if (line.empty()) return fail(Code::invalid, "no address pattern");
  std::string_view pattern = line;  // of an if: all of it
  if (rule.kind == Rule::Kind::match) {
    std::size_t length = 0;
    while (length < line.size() && !text::is_space(line[length])) ++length;
    pattern = line.substr(0, length);
    rule.value = text::trim_left(line.substr(length));
  }
  TRY(network, parse_network(pattern));
  rule.network = network;
  if (rule.kind == Rule::Kind::match && rule.value.empty())
    return fail(Code::invalid, "no lookup result");
  return rule;
}

class Reader {
 public:
  Reader(std::string_view name, const WarningSink& warn) : name_(name), warn_(warn) {}

  std::vector<Rule> read(std::string_view data) {
    LogicalLines lines(data, name_, warn_, EmptyLines::keep);
    while (const auto line = lines.next()) {
      auto rule = parse_rule(line->text);
      if (rule && rule->kind == Rule::Kind::end && open_.empty())
        rule = fail(Code::invalid, "ENDIF without IF");
      if (rule) {
        rule->line = line->first_line;
        take(std::move(*rule));
      } else {
        complain(line->first_line, rule.error().what + ": skipping this rule");
      }
    }
    for (; !open_.empty(); open_.pop_back()) {
      rules_[open_.back()].after = rules_.size();
      complain(rules_[open_.back()].line, "IF has no matching ENDIF");
    }
    return std::move(rules_);
  }

 private:
  void take(Rule rule) {
    if (rule.kind == Rule::Kind::end) {
      rules_[open_.back()].after = rules_.size();
      open_.pop_back();
      return;
    }
    if (rule.kind == Rule::Kind::condition) open_.push_back(rules_.size());
    rules_.push_back(std::move(rule));
  }

  void complain(int line, std::string_view what) {
    warn_(Diagnostic{Severity::warning, fmt::format("cidr map {}, line {}: {}", name_, line, what),
                     name_, line, 1});
  }

  std::string name_;
  const WarningSink& warn_;
  std::vector<Rule> rules_;
  std::vector<std::size_t> open_;  // ifs without their endif so far
};

}  // namespace

Result<std::unique_ptr<Lookup>> open_cidr_table(std::string_view spec, std::string_view name,
                                                const WarningSink& warn,
                                                rules::ProgramSource* texts) {
  const std::string path(name);
  auto data = name.starts_with('{') ? inline_lines(name)
              : texts != nullptr    ? texts->read_text(path)
                                    : read_file(path);
  if (!data) {
    std::string& what = data.error().what;
    const std::string read = fmt::format("read {}: ", name);
    if (name.starts_with('{'))
      what.insert(0, "cidr map: ");
    else if (what.starts_with(read))
      what.replace(0, read.size(), fmt::format("cidr map {}: read error: ", name));
    return tl::unexpected(std::move(data.error()));
  }
  return std::unique_ptr<Lookup>(
      std::make_unique<CidrTable>(std::string(spec), Reader(name, warn).read(*data)));
}

}  // namespace headgate::tables
