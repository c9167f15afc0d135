// Tested by tests/compiler/lint/lint_test.cc: every kind has a case that finds it.
#include "compiler/lint/catalogue.h"

#include <array>
#include <cstdlib>

namespace headgate::lint {

namespace {

using rules::FindingKind;
constexpr auto kError = rules::FindingLevel::error;
constexpr auto kWarning = rules::FindingLevel::warning;
constexpr auto kNote = rules::FindingLevel::note;

constexpr auto kKinds = std::to_array<FindingKind>({
    // What Postfix warns of when it opens the table.
    {"unescaped-delimiter", kError, "a delimiter inside the pattern ends it",
     "Postfix skips the rule: what follows the delimiter is read as flags. Put a backslash before "
     "it, or use a delimiter "
     "that the pattern does not hold."},
    {"glued-action", kError, "no white space between pattern and action",
     "Postfix skips the rule: the action is read as flags."},
    {"unknown-flag", kError, "a letter after the pattern is no flag", "Postfix skips the rule."},
    {"obsolete-flag", kError, "a flag that does nothing any more",
     "Postfix warns of it each time it opens the table."},
    {"no-closing-delimiter", kError, "the pattern has no end", "Postfix skips the rule."},
    {"missing-pattern", kError, "there is no pattern", "Postfix skips the line."},
    {"bad-pattern", kError, "the pattern does not compile",
     "Postfix skips the rule. Of an `if` nothing is left either: the rules inside it apply to "
     "everything, and its endif "
     "closes the next outer group."},
    {"bad-substitution", kError, "a $ in the result that stands for nothing",
     "Postfix skips the rule. A literal dollar sign is written $$; there is no $0, only groups in "
     "parentheses."},
    {"no-action", kError, "there is nothing after the pattern",
     "An empty result is a match: the mail system answers 451 and defers all mail that matches."},
    {"unrecognized-line", kError, "the line is no rule, no if and no endif",
     "Postfix skips the line: in a pcre: or regexp: table each line begins with a pattern between "
     "delimiters."},
    {"indented-line", kError, "the first line of a rule begins with white space",
     "White space continues the line before it; where there is none, Postfix skips the line."},
    {"text-after-if", kError, "text after the pattern of an if",
     "Postfix ignores it. An indented line after an if is no rule but a continuation of it."},
    {"text-after-endif", kError, "text after endif", "Postfix ignores it and warns."},
    {"endif-without-if", kError, "endif without if",
     "Postfix ignores it. Perhaps the if was skipped because its pattern is wrong."},
    {"if-without-endif", kError, "if without endif",
     "Where the if is false, the search ends at once: no rule down to the end of the table is "
     "tried."},
    // What the result says.
    {"misspelt-action", kError, "an action that does not exist, but nearly",
     "Postfix logs \"unknown command\" for each mail that matches and does nothing."},
    {"unknown-action", kWarning, "the result begins with no known action",
     "Postfix logs \"unknown command\" for each mail that matches and does nothing."},
    {"bad-action-argument", kError, "an action's argument is missing or malformed",
     "Postfix logs a warning for each mail that matches and does nothing."},
    {"swallowed-rule", kWarning, "an indented rule is part of the line before it",
     "A line that begins with white space continues the one before it: the rule does not exist, "
     "its text became part of "
     "the result."},
    {"template-placeholder", kWarning, "a template's placeholder was not filled in",
     "Postfix takes it literally. Lint the file that the template engine writes."},
    {"leaky-reject", kNote, "the answer to the client tells what the rule looks for",
     "A sender who is told which word gave him away writes it another way next time. Log it (WARN) "
     "or number your rules."},
    // How the pattern is written.
    {"case-sensitive-flag", kWarning, "the flag i switches case-blindness off",
     "Postfix tables ignore case unless told otherwise, and each flag toggles: with i only the "
     "spelling as written is "
     "found."},
    {"useless-flag", kNote, "a flag that changes nothing", "It can go."},
    {"odd-delimiter", kWarning, "the pattern's delimiter is a character of regular expressions",
     "The first character of the line is the delimiter, whatever it is: it is no part of the "
     "pattern."},
    {"impossible-pattern", kWarning, "the pattern cannot match any text",
     "A ^ can only match where a line begins, a $ where it ends."},
    {"unescaped-dot", kNote, "a bare dot in a host name or address matches any character",
     "More is matched than is written there."},
    {"useless-wildcard", kNote, "a .* at an end of the pattern",
     "A pattern is found anywhere in the text; .* at its end only costs time."},
    {"optional-end", kWarning,
     "the last character of the pattern is optional and so without effect",
     "x* is none or more x, not \"x and then anything\": the pattern also matches without it."},
    {"foreign-syntax", kWarning, "syntax that means something else in this type of table",
     "regexp: knows POSIX expressions, pcre: those of Perl; what is not known is often taken "
     "literally, without a "
     "warning."},
    {"dialect-difference", kNote, "means something else as regexp: or as pcre:",
     "The same file used as the other type gives other answers."},
    {"explodes", kWarning, "PCRE2 gives up on long texts",
     "At its match limit PCRE2 ends with an error, which Postfix takes as \"does not match\", "
     "whatever the rule says; until "
     "then the match takes a second or so of CPU time for each text."},
    // The order of the rules.
    {"duplicate-rule", kWarning, "the same pattern with the same action stands before it",
     "The first rule that matches wins: this one never does."},
    {"duplicate-pattern", kWarning, "the same pattern with another action stands before it",
     "The first rule that matches wins: this one never does, and its action is never taken."},
    {"shadowed-rule", kWarning, "a rule before it matches whatever this one does",
     "The first rule that matches wins: this one never does."},
    {"unreachable-rule", kWarning, "a rule before it matches everything",
     "The first rule that matches wins: nothing gets past a rule that always does."},
    {"impossible-guard", kWarning, "an if that cannot be true inside the ifs around it",
     "A text is one header or one line of a body: it cannot begin with two names. The rules inside "
     "never apply."},
    {"impossible-rule", kWarning, "a rule that cannot match inside the ifs around it",
     "A text is one header or one line of a body: it cannot begin with two names."},
    // Measured, with --corpus.
    {"never-hit", kNote, "the rule matches nothing in the corpus",
     "It costs time for every text that it is tried on. The corpus may be too small to tell."},
    {"always-taken", kWarning,
     "on this corpus, whatever the rule matches is taken by a rule before it",
     "The first rule that matches wins. The corpus may be too small to tell."},
});

}  // namespace

std::span<const FindingKind> finding_kinds() { return kKinds; }

const FindingKind& finding_kind(std::string_view id) {
  for (const FindingKind& kind : kKinds)
    if (kind.id == id) return kind;
  std::abort();
}

}  // namespace headgate::lint
