// How it works: recursive descent. Each reference is cut out whole by balancing its brackets, then read as a name or as
// a comparison, then its arms. Only the arm taken is evaluated, except by visit_names(), which walks all of them.
// The depth guard counts as Postfix does: nested references (100), because $a may name itself, and what a comparison
// compares counts anew. That alone would let text nest until the stack ends, as it does in Postfix: hence a second guard.
// Tested by tests/smtpd/config/expand_test.cc, which repeats each of its cases with the installed postconf.
#include "smtpd/config/expand.h"

#include <charconv>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::config {

namespace {

constexpr int kMaximumDepth = 100;
constexpr std::size_t kShownBytes = 20;
// a=$b$b, b=$c$c, … must eat neither memory nor time.
constexpr std::size_t kMaximumResult = 1 << 20;
constexpr int kMaximumReferences = 100000;
constexpr int kMaximumNesting = 600;

bool is_name_byte(char c) { return text::is_alnum(c) || c == '_'; }

std::string_view take_name(std::string_view& s) {
  std::size_t n = 0;
  while (n < s.size() && is_name_byte(s[n])) ++n;
  const std::string_view name = s.substr(0, n);
  s.remove_prefix(n);
  return name;
}

// The length of the balanced group at the start of `s`, brackets included; 0 = unbalanced.
std::size_t balanced(std::string_view s, char open, char close) {
  int depth = 0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] == open) ++depth;
    if (s[i] == close && --depth == 0) return i + 1;
  }
  return 0;
}

tl::unexpected<Error> syntax(std::string_view what, std::string_view before,
                             std::string_view after) {
  return fail(Code::invalid,
              fmt::format("{} at: \"...{}>>>{}\"", what, before, after.substr(0, kShownBytes)));
}

tl::unexpected<Error> too_deep() { return fail(Code::limit, "a value is nested too deeply"); }

// 3, 3.6, 3.7.11 as a number that orders as versions do.
std::optional<std::int64_t> level_of(std::string_view s) {
  std::int64_t level = 0;
  std::size_t parts = 0;
  for (; parts < 3; ++parts) {
    std::int64_t part = 0;
    const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), part);
    if (error != std::errc() || part < 0 || part > 0xffff) return std::nullopt;
    level = (level << 16) | part;
    s.remove_prefix(static_cast<std::size_t>(end - s.data()));
    if (s.empty()) break;
    if (s.front() != '.') return std::nullopt;
    s.remove_prefix(1);
  }
  if (!s.empty()) return std::nullopt;
  for (++parts; parts < 3; ++parts) level <<= 16;
  return level;
}

enum class Operator { equal, not_equal, less, less_or_equal, greater, greater_or_equal };

struct OperatorName {
  std::string_view text;
  Operator value;
};

constexpr OperatorName kOperators[] = {
    {"==", Operator::equal},         {"!=", Operator::not_equal},
    {"<=", Operator::less_or_equal}, {">=", Operator::greater_or_equal},
    {"<", Operator::less},           {">", Operator::greater},
};

bool holds(Operator op, int order) {
  switch (op) {
    case Operator::equal:
      return order == 0;
    case Operator::not_equal:
      return order != 0;
    case Operator::less:
      return order < 0;
    case Operator::less_or_equal:
      return order <= 0;
    case Operator::greater:
      return order > 0;
    case Operator::greater_or_equal:
      return order >= 0;
  }
  return false;
}

struct Comparison {
  std::string_view left, right;
  Operator op = Operator::equal;
  bool as_levels = false;
};

// ${…} taken apart: a name or a comparison, and its arms.
struct Reference {
  std::string_view text;  // all of it, as written between its brackets
  std::string_view name;
  std::optional<Comparison> comparison;
  std::optional<std::string_view> then, otherwise;
};

class ReferenceParser {
 public:
  explicit ReferenceParser(std::string_view body) : body_(body), rest_(text::trim_left(body)) {}

  Result<Reference> parse() {
    Reference reference;
    if (rest_.starts_with('{')) {
      TRY(comparison, parse_comparison());
      reference.comparison = comparison;
    } else {
      reference.name = take_name(rest_);
      const std::string_view after = text::trim_left(rest_);
      if (!after.empty() && after.front() != '?' && after.front() != ':') {
        return syntax("attribute name syntax error", reference.name, rest_);
      }
      rest_ = after;
    }
    TRY_OK(parse_arms(reference));
    return reference;
  }

 private:
  // {text} with blanks around it skipped; the payload without its braces.
  Result<std::string_view> take_group() {
    const std::size_t length = balanced(rest_, '{', '}');
    if (length == 0) {
      return fail(Code::invalid,
                  fmt::format("unbalanced {{}} in attribute expression: \"{}\"", rest_));
    }
    const std::string_view payload = rest_.substr(1, length - 2);
    rest_ = text::trim_left(rest_.substr(length));
    return payload;
  }

  Result<Comparison> parse_comparison() {
    const std::string_view start = rest_;
    Comparison comparison;
    TRY(left, take_group());
    comparison.left = left;
    const OperatorName* found = nullptr;
    for (const OperatorName& candidate : kOperators) {
      if (found == nullptr && rest_.starts_with(candidate.text)) found = &candidate;
    }
    const std::string_view after_operator =
        found == nullptr ? rest_ : rest_.substr(found->text.size());
    if (found == nullptr || after_operator.starts_with('=')) {
      return syntax(R"("==" or "!="" or "<"" or "<="" or ">="" or ">" expected)",
                    fmt::format("{}}}", left), rest_);
    }
    comparison.op = found->value;
    rest_ = after_operator;
    const std::string_view suffix = take_name(rest_);
    comparison.as_levels = suffix == "level";
    if (!suffix.empty() && !comparison.as_levels)
      return syntax("bad operator suffix", found->text, suffix);
    rest_ = text::trim_left(rest_);
    if (!rest_.starts_with('{')) {
      return syntax("\"{expression}\" expected", start.substr(0, start.size() - rest_.size()),
                    rest_);
    }
    TRY(right, take_group());
    comparison.right = right;
    return comparison;
  }

  Result<void> parse_arms(Reference& reference) {
    if (rest_.empty()) return {};
    std::string_view before = reference.comparison ? reference.comparison->right : reference.name;
    if (rest_.front() == '?') {
      rest_.remove_prefix(1);
      if (!at_group()) {
        reference.then = rest_;
        return {};
      }
      TRY(arm, take_group());
      reference.then = before = arm;
      if (rest_.empty()) return {};
      if (rest_.front() != ':') return syntax("\":\" expected", fmt::format("{}}}", before), rest_);
    }
    if (rest_.front() != ':')
      return syntax("\"?\" or \":\" expected", fmt::format("{}}}", before), rest_);
    rest_.remove_prefix(1);
    if (!at_group()) {
      reference.otherwise = rest_;
      return {};
    }
    TRY(arm, take_group());
    reference.otherwise = arm;
    if (!rest_.empty()) return syntax("unexpected input", fmt::format("{}}}", arm), rest_);
    return {};
  }

  // Moves to the group if one is next; else the arm is all that is left, its blanks too.
  bool at_group() {
    const std::string_view trimmed = text::trim_left(rest_);
    if (!trimmed.starts_with('{')) return false;
    rest_ = trimmed;
    return true;
  }

  std::string_view body_, rest_;
};

// The parts of a text: literals and references. Both walkers below share it.
struct Part {
  std::string_view literal;  // when it is no reference
  bool is_reference = false;
  Reference reference;
};

class PartReader {
 public:
  explicit PartReader(std::string_view text) : text_(text), rest_(text) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }

  Result<Part> next() {
    if (rest_.front() != '$') {
      const std::string_view literal = rest_.substr(0, rest_.find('$'));
      rest_.remove_prefix(literal.size());
      return Part{literal, false, {}};
    }
    if (rest_.starts_with("$$")) {
      const std::string_view dollar = rest_.substr(1, 1);
      rest_.remove_prefix(2);
      return Part{dollar, false, {}};
    }
    rest_.remove_prefix(1);
    TRY(reference, next_reference());
    return Part{{}, true, reference};
  }

 private:
  Result<Reference> next_reference() {
    Reference reference;
    if (rest_.starts_with('{') || rest_.starts_with('(')) {
      const char open = rest_.front();
      const std::size_t length = balanced(rest_, open, open == '{' ? '}' : ')');
      if (length == 0)
        return fail(Code::invalid, fmt::format("truncated macro reference: \"{}\"", text_));
      const std::string_view body = rest_.substr(1, length - 2);
      rest_.remove_prefix(length);
      TRY(parsed, ReferenceParser(body).parse());
      reference = parsed;
      reference.text = body;
    } else {
      reference.text = reference.name = take_name(rest_);
    }
    if (!reference.comparison && reference.name.empty()) {
      return fail(Code::invalid, fmt::format("empty macro name: \"{}\"", text_));
    }
    return reference;
  }

  std::string_view text_, rest_;
};

class Expander {
 public:
  explicit Expander(const ParameterLookup& lookup) : lookup_(lookup) {}

  Result<std::string> text(std::string_view s) {
    if (++nesting_ > kMaximumNesting) return too_deep();
    std::string out;
    for (PartReader reader(s); !reader.done();) {
      TRY(part, reader.next());
      if (depth_ > kMaximumDepth)
        return unreasonable(part.is_reference ? part.reference.text : part.literal);
      if (!part.is_reference) {
        out += part.literal;
        continue;
      }
      TRY(value, evaluate(part.reference));
      out += value;
      if (out.size() > kMaximumResult) return fail(Code::limit, "value too long after expansion");
    }
    --nesting_;
    return out;
  }

 private:
  static tl::unexpected<Error> unreasonable(std::string_view what) {
    return fail(Code::invalid, fmt::format("unreasonable macro call nesting: \"{}\"", what));
  }

  Result<std::string> evaluate(const Reference& reference) {
    if (++references_ > kMaximumReferences)
      return fail(Code::limit, "too many references in one value");
    ++depth_;
    auto result = reference.comparison ? compared(reference) : named(reference);
    --depth_;
    return result;
  }

  Result<std::string> compared(const Reference& reference) {
    TRY(yes, compare(*reference.comparison));
    if (!reference.then && !reference.otherwise) return std::string(yes ? "true" : "");
    return arm(yes ? reference.then : reference.otherwise);
  }

  Result<std::string> named(const Reference& reference) {
    const auto value = lookup_(reference.name);
    if (!reference.then && !reference.otherwise)
      return value ? text(*value) : Result<std::string>(std::string());
    const bool filled = value && !value->empty();
    return arm(filled ? reference.then : reference.otherwise);
  }

  Result<std::string> arm(const std::optional<std::string_view>& chosen) {
    if (!chosen) return std::string();
    return text(*chosen);
  }

  Result<bool> compare(const Comparison& comparison) {
    const int depth = std::exchange(depth_, 0);
    TRY(left, text(comparison.left));
    TRY(right, text(comparison.right));
    depth_ = depth;
    if (comparison.as_levels) {
      TRY(a, level(left));
      TRY(b, level(right));
      return holds(comparison.op, a < b ? -1 : a > b ? 1 : 0);
    }
    if (text::all_digits(left) && text::all_digits(right)) {
      TRY(a, number(left));
      TRY(b, number(right));
      return holds(comparison.op, a < b ? -1 : a > b ? 1 : 0);
    }
    return holds(comparison.op, left.compare(right));
  }

  static Result<std::int64_t> number(const std::string& s) {
    std::int64_t value = 0;
    if (std::from_chars(s.data(), s.data() + s.size(), value).ec != std::errc()) {
      return fail(Code::invalid, fmt::format("mac_exp_eval: bad conversion: {}", s));
    }
    return value;
  }

  static Result<std::int64_t> level(const std::string& s) {
    if (const auto value = level_of(s)) return *value;
    return fail(Code::invalid, fmt::format("malformed compatibility level syntax: \"{}\"", s));
  }

  const ParameterLookup& lookup_;
  int depth_ = 0;    // of references, as Postfix counts
  int nesting_ = 0;  // of texts on the stack
  int references_ = 0;
};

Result<void> visit_names(std::string_view text, const std::function<void(std::string_view)>& visit,
                         int depth) {
  if (depth > kMaximumNesting) return too_deep();
  for (PartReader reader(text); !reader.done();) {
    TRY(part, reader.next());
    if (!part.is_reference) continue;
    const Reference& reference = part.reference;
    if (reference.comparison) {
      TRY_OK(visit_names(reference.comparison->left, visit, depth + 1));
      TRY_OK(visit_names(reference.comparison->right, visit, depth + 1));
    } else {
      visit(reference.name);
    }
    if (reference.then) TRY_OK(visit_names(*reference.then, visit, depth + 1));
    if (reference.otherwise) TRY_OK(visit_names(*reference.otherwise, visit, depth + 1));
  }
  return {};
}

}  // namespace

Result<std::string> expand(std::string_view text, const ParameterLookup& lookup) {
  return Expander(lookup).text(text);
}

Result<void> visit_names(std::string_view text,
                         const std::function<void(std::string_view)>& visit) {
  return visit_names(text, visit, 0);
}

}  // namespace headgate::config
