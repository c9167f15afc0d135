// Tested by tests/compiler/lint/lint_test.cc and, over real tables, tests/compiler/lint/corpus_test.cc.
#include "compiler/lint/lint.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "compiler/back/patterns.h"
#include "compiler/front/inline_table.h"
#include "compiler/lint/catalogue.h"
#include "compiler/lint/collector.h"
#include "compiler/lint/dialects.h"
#include "compiler/lint/explosion.h"
#include "compiler/lint/order.h"
#include "compiler/lint/postfix_says.h"
#include "compiler/lint/results.h"
#include "compiler/lint/spelling.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/match/confirm_pcre2.h"
#include "engine/match/scratch.h"

namespace headgate::lint {

namespace {

constexpr const char* kName = "t";
constexpr const char* kNoScan = "lint scans nothing";

// What is told by a line alone, so that a suggested line can be asked again.
void find_in_lines(const TableView& view, Collector& found) {
  find_complaints(view, found);
  find_results(view, found);
  find_spelling(view, found);
  find_dialects(view, found);
}

class Engines {
 public:
  explicit Engines(front::Dialect dialect) : patterns_(dialect, false, kNoScan) {}

  back::PatternSet& patterns() { return patterns_; }

  std::optional<bool> ask(const front::Pattern& pattern, std::string_view text) {
    const auto outcome = patterns_.patterns()[pattern.id].engine->test(text, scratch_, nullptr);
    if (outcome.answer == match::Answer::failed) return std::nullopt;
    return outcome.answer == match::Answer::yes;
  }

  // A lower limit is asked for by the pattern itself.
  Run make_run(const front::Pattern& pattern, unsigned match_limit) {
    match::Reference reference = patterns_.patterns()[pattern.id].reference;
    const std::string limit =
        match_limit == 0 ? std::string() : fmt::format("(*LIMIT_MATCH={})", match_limit);
    auto engine = match::compile_reference(limit + pattern.text, reference);
    if (!engine) return {};
    return [this, compiled = std::move(*engine)](std::string_view text) {
      return compiled->test(text, scratch_, nullptr).error;
    };
  }

 private:
  back::PatternSet patterns_;
  match::Scratch scratch_;
};

// The line alone is a table of which Postfix does not complain, and this kind of finding does not occur in it.
bool is_cure(front::Dialect dialect, const std::string& suggestion, std::string_view id) {
  std::string text = suggestion + "\n";
  if (text::starts_with_ignore_case(suggestion, "if") && suggestion.size() > 2 &&
      !text::is_alnum(suggestion[2]))
    text += "endif\n";
  const bool closes = text::starts_with_ignore_case(suggestion, "endif");
  if (closes) text = "if /x/\n" + text;
  Engines engines(dialect);
  engines.patterns().try_ahead(text, kName, kName);
  const TableView view = view_table(dialect, text, engines.patterns());
  if (std::ranges::any_of(view.lines,
                          [](const RuleLine& line) { return !line.complaints.empty(); }))
    return false;
  Collector found;
  find_in_lines(view, found);
  return std::ranges::none_of(found.findings(),
                              [&](const rules::Finding& finding) { return finding.id == id; });
}

// A rule over several lines is tried as a whole.
std::string whole(const TableView& view, const rules::Finding& finding) {
  std::string text = finding.suggestion;
  const auto line = std::ranges::find(view.lines, finding.line, &RuleLine::first);
  if (line == view.lines.end()) return text;
  for (int number = line->first + 1; number <= line->last; ++number)
    text += "\n" + view.physical[static_cast<std::size_t>(number) - 1];
  return text;
}

void drop_bad_suggestions(front::Dialect dialect, const TableView& view,
                          std::vector<rules::Finding>& findings) {
  for (rules::Finding& finding : findings) {
    if (finding.suggestion.empty()) continue;
    const std::string& now = view.physical[static_cast<std::size_t>(finding.line) - 1];
    if (finding.suggestion == now || !is_cure(dialect, whole(view, finding), finding.id))
      finding.suggestion.clear();
  }
}

// A mistake that explains another is told alone.
void drop_consequences(std::vector<rules::Finding>& findings) {
  std::set<int> foreign;
  std::set<int> unfilled;
  for (const rules::Finding& finding : findings) {
    if (finding.id == "foreign-syntax") foreign.insert(finding.line);
    if (finding.id == "template-placeholder") unfilled.insert(finding.line);
  }
  std::erase_if(findings, [&](const rules::Finding& finding) {
    if (finding.id == "impossible-pattern") return foreign.contains(finding.line);
    return finding.other_line != 0 &&
           (unfilled.contains(finding.line) || unfilled.contains(finding.other_line));
  });
}

}  // namespace

Result<rules::LintReport> lint_rules(front::Dialect dialect, const std::string& text,
                                     Running running) {
  Engines engines(dialect);
  engines.patterns().try_ahead(text, kName, kName);
  const TableView view = view_table(dialect, text, engines.patterns());
  if (engines.patterns().shortage().rules_missing)
    return fail(Code::unavailable, engines.patterns().shortage().what);
  Collector found;
  find_in_lines(view, found);
  const std::uint64_t match_limit =
      dialect == front::Dialect::pcre ? match::pcre2_build().match_limit : 0;
  const Ask ask = [&engines](const front::Pattern& pattern, std::string_view subject) {
    return engines.ask(pattern, subject);
  };
  find_order(view, match_limit, ask, found);
  if (running == Running::yes)
    find_explosions(
        view, match_limit,
        [&engines](const front::Pattern& pattern, unsigned limit) {
          return engines.make_run(pattern, limit);
        },
        found);
  rules::LintReport report;
  report.findings = std::move(found.findings());
  drop_consequences(report.findings);
  drop_bad_suggestions(dialect, view, report.findings);
  std::ranges::stable_sort(report.findings, {}, &rules::Finding::line);
  report.rules = static_cast<std::size_t>(std::ranges::count_if(
      view.lines, [](const RuleLine& line) { return line.is(front::StatementKind::rule); }));
  report.lines = view.physical;
  return report;
}

std::span<const rules::FindingKind> TableLinter::kinds() const { return finding_kinds(); }

Result<rules::LintReport> TableLinter::lint(const std::string& spec) {
  const auto colon = spec.find(':');
  const std::string type = spec.substr(0, colon);
  const std::string name = colon == std::string::npos ? "" : spec.substr(colon + 1);
  if (name.empty()) return fail(Code::invalid, fmt::format("need type:name, not \"{}\"", spec));
  if (type == "pcre" || type == "regexp") {
    const auto dialect = type == "pcre" ? front::Dialect::pcre : front::Dialect::regexp;
    TRY(text, front::is_inline(name) ? front::inline_text(dialect, name) : read_file(name));
    return lint_rules(dialect, text);
  }
  return fail(Code::invalid, fmt::format("need pcre:NAME or regexp:NAME, not \"{}\"", spec));
}

}  // namespace headgate::lint
