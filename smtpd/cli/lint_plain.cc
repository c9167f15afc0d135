// How it works: the table is opened, and what it warns of are findings; then its lines are read once more for what Postfix does
// not say. Tested by tests/smtpd/cli/lint_test.cc.
#include "smtpd/cli/lint_plain.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "engine/base/file.h"
#include "engine/base/lines.h"
#include "engine/base/text.h"
#include "engine/checks/words.h"
#include "tables/cidr_pattern.h"
#include "tables/cidr_table.h"
#include "tables/keyed_table.h"
#include "tables/text_table.h"

namespace headgate::cli {

namespace {

using rules::FindingKind;
using rules::FindingLevel;

constexpr auto kKinds = std::to_array<FindingKind>({
    {"bad-line", FindingLevel::error, "a line that Postfix ignores or warns of",
     "Where Postfix skips the line, the entry does not exist."},
    {"host-bits", FindingLevel::error, "a network with bits beyond its length",
     "Postfix skips the line: which network was meant cannot be told."},
    {"duplicate-key", FindingLevel::warning, "the same key stands before it",
     "The first one counts. A daemon that opens a texthash: table with a key twice refuses the "
     "whole table."},
    {"shadowed-network", FindingLevel::warning, "a network before it contains this one",
     "The first line that matches wins: this one never does."},
    {"misspelt-action", FindingLevel::error, "an action that does not exist, but nearly",
     "Postfix logs a warning for each client that matches and does nothing."},
});

std::string_view type_of(std::string_view spec) { return spec.substr(0, spec.find(':')); }

class PlainLint {
 public:
  PlainLint(std::string spec, std::string text)
      : spec_(std::move(spec)), path_(spec_.substr(spec_.find(':') + 1)), text_(std::move(text)) {}

  Result<rules::LintReport> run() {
    split_lines();
    TRY_OK(open());
    read_entries();
    if (is_cidr()) find_shadowed();
    find_words();
    report_.rules = entries_.size();
    std::ranges::stable_sort(report_.findings, {}, &rules::Finding::line);
    return std::move(report_);
  }

 private:
  struct Entry {
    int line = 0;
    std::string key, value;
    bool inside = false;  // an if-group
  };

  [[nodiscard]] bool is_cidr() const { return type_of(spec_) == "cidr"; }

  void split_lines() {
    std::string_view rest = text_;
    while (!rest.empty()) {
      const auto end = rest.find('\n');
      report_.lines.emplace_back(text::trim_right(rest.substr(0, end)));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  }

  void add(std::string_view id, int line, std::string what, std::string suggestion = {},
           int other_line = 0) {
    const FindingKind& kind = *std::ranges::find(kKinds, id, &FindingKind::id);
    FindingLevel level = kind.level;
    if (id == "duplicate-key" && type_of(spec_) == "texthash") level = FindingLevel::error;
    report_.findings.push_back({std::string(id), level, line, other_line, std::move(what),
                                std::string(kind.help), std::move(suggestion)});
    bad_.insert(line);
  }

  [[nodiscard]] std::string edited(int line, std::string_view old, std::string_view now) const {
    const auto number = static_cast<std::size_t>(line) - 1;
    if (number >= report_.lines.size()) return {};
    std::string text = report_.lines[number];
    const auto at = text.find(old);
    if (at == std::string::npos) return {};
    return text.replace(at, old.size(), now);
  }

  // "… perhaps you should use "10.0.0.0/8" instead …": what it has in quotes, first the old.
  void take_complaint(const Diagnostic& diagnostic) {
    std::string what = diagnostic.text;
    if (const auto place = what.find(fmt::format("line {}: ", diagnostic.line));
        place != std::string::npos)
      what.erase(0, what.find(": ", place) + 2);
    if (what.starts_with("duplicate entry")) return add("duplicate-key", diagnostic.line, what);
    if (!what.starts_with("non-null host address bits"))
      return add("bad-line", diagnostic.line, what);
    const auto quoted = text::split(what, "\"");
    add("host-bits", diagnostic.line, what,
        quoted.size() < 4 ? "" : edited(diagnostic.line, quoted[1], quoted[3]));
  }

  Result<void> open() {
    const WarningSink take = [this](const Diagnostic& diagnostic) { take_complaint(diagnostic); };
    if (is_cidr()) {
      TRY(table, tables::open_cidr_table(spec_, path_, take));
      (void)table;
      return {};
    }
    tables::OpenOptions options;
    options.duplicates = true;
    TRY(table, tables::open_text_table(spec_, path_, take, options));
    (void)table;
    return {};
  }

  void read_entries() {
    int open = 0;
    LogicalLines lines(text_, path_, [](const Diagnostic&) {});
    while (const auto line = lines.next()) {
      if (bad_.contains(line->first_line)) continue;
      const std::string_view text = line->text;
      if (is_cidr() && text::starts_with_ignore_case(text, "endif")) {
        open = std::max(0, open - 1);
      } else if (is_cidr() && text::starts_with_ignore_case(text, "if")) {
        ++open;
      } else {
        const auto length = is_cidr() ? std::min(text.find_first_of(" \t"), text.size())
                                      : tables::key_length(text, "").value_or(text.size());
        entries_.push_back({line->first_line, std::string(text.substr(0, length)),
                            std::string(text::trim(text.substr(length))), open > 0});
      }
    }
  }

  void find_shadowed() {
    struct Before {
      tables::Network network;
      int line;
    };

    std::vector<Before> before;
    for (const Entry& entry : entries_) {
      const auto network = tables::parse_network(entry.key);
      if (!network) continue;  // a negated one
      const auto by = std::ranges::find_if(before, [&](const Before& other) {
        return other.network.prefix <= network->prefix &&
               other.network.same_family(network->first) && other.network.contains(network->first);
      });
      if (by != before.end()) {
        add("shadowed-network", entry.line,
            by->network.prefix == network->prefix
                ? fmt::format("the same network stands in line {}", by->line)
                : fmt::format("the network of line {} contains it", by->line),
            {}, by->line);
      } else if (!entry.inside) {
        before.push_back({*network, entry.line});
      }
    }
  }

  // As for rules: a table is one of actions when half of its results are.
  void find_words() {
    const auto is_word = [](const Entry& entry) {
      const std::string_view word = checks::first_word(entry.value);
      return checks::is_check_word(word) || checks::is_access_word(word);
    };
    const auto known = static_cast<std::size_t>(std::ranges::count_if(entries_, is_word));
    if (known == 0 || known * 2 < entries_.size()) return;
    for (const Entry& entry : entries_) {
      if (is_word(entry)) continue;
      const std::string_view word = checks::first_word(entry.value);
      const std::string near = checks::nearest_word(word);
      if (!near.empty())
        add("misspelt-action", entry.line,
            fmt::format("\"{}\" is no action; {} was meant", word, near),
            edited(entry.line, word, near));
    }
  }

  std::string spec_, path_, text_;
  rules::LintReport report_;
  std::vector<Entry> entries_;
  std::set<int> bad_;  // lines of which something was said
};

}  // namespace

bool is_plain_table(std::string_view spec) {
  static constexpr std::string_view kTypes[] = {"cidr", "texthash", "hash", "btree", "cdb", "lmdb"};
  return spec.find(':') != std::string_view::npos && spec.size() > type_of(spec).size() + 1 &&
         std::ranges::find(kTypes, type_of(spec)) != std::end(kTypes);
}

std::span<const FindingKind> plain_kinds() { return kKinds; }

Result<rules::LintReport> lint_plain_table(const std::string& spec) {
  TRY(text, read_file(spec.substr(spec.find(':') + 1)));
  return PlainLint(spec, std::move(text)).run();
}

}  // namespace headgate::cli
