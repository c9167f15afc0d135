// How it works: recursive descent the other way round; each piece comes with what it matches. Repeats inside repeats are
// rare and mostly come with a match limit, so that the judge answers in milliseconds.
// Tested by what it finds; tests/collide/lookups/lookup_collider.cc counts how many patterns compiled and how many keys hit.
#include "tests/collide/lookups/pattern_maker.h"

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::collide {

namespace {

constexpr std::string_view kWords[] = {
    "Subject", "From",     "To",       "Received", "Content-Type", "X-Spam-Flag", "viagra", "free",
    "money",   "a",        "b",        "ab",       "abc",          "ba",          "x",      "aa",
    "foo",     "bar",      "exe",      "name=",    "example.com",  "1",           "2026",   "10.0",
    "A",       "B",        "Ab",       "_",        ": ",           "\n",          "\n ",    "\r\n",
    "\t",      "=?utf-8?", "\xc3\xa9", "\xff",     "\x85",         "\xa0",        "--",     "zz"};

struct Escape {
  const char* text;
  std::string_view matches[kSamples];
};

constexpr Escape kPcreEscapes[] = {{"\\d", {"1", "0", "a"}},
                                   {"\\D", {"x", "\n", "1"}},
                                   {"\\w", {"a", "_", "Z"}},
                                   {"\\W", {" ", "-", "\xe9"}},
                                   {"\\s", {" ", "\n", "\v"}},
                                   {"\\S", {"a", "\xa0", "!"}},
                                   {"\\h", {" ", "\t", "\xa0"}},
                                   {"\\H", {"a", "\n", "\x85"}},
                                   {"\\v", {"\n", "\r", "\x85"}},
                                   {"\\V", {"a", " ", "\xa0"}},
                                   {"\\N", {"a", "\r", "\n"}},
                                   {"\\R", {"\n", "\r\n", "\x85"}},
                                   {"\\x41", {"A", "a", "4"}},
                                   {"\\x{62}", {"b", "B", "x"}},
                                   {"\\t", {"\t", "\t", " "}},
                                   {"\\n", {"\n", "\n", "n"}},
                                   {"\\r", {"\r", "\r", "\n"}},
                                   {"\\e", {"\x1b", "e", "\x1b"}},
                                   {"\\a", {"\a", "a", "\a"}},
                                   {"\\f", {"\f", "f", "\f"}},
                                   {"\\012", {"\n", "\n", "2"}},
                                   {"\\101", {"A", "a", "1"}},
                                   {"\\o{142}", {"b", "B", "o"}},
                                   {"\\cA", {"\x01", "A", "\x01"}},
                                   {"\\Qa.b\\E", {"a.b", "A.B", "axb"}},
                                   {"\\C", {"a", "\n", "\xff"}},
                                   {"\\X", {"a", "\r\n", "\xff"}},
                                   {"\\p{L}", {"a", "Z", "1"}},
                                   {"\\P{Lu}", {"a", "1", "A"}},
                                   {"\\xe9", {"\xe9", "\xc9", "e"}},
                                   {"\\N{U+41}", {"A", "a", "N"}},
                                   {"\\Q\\E", {"", "", "E"}},
                                   {"\\E", {"", "", ""}},
                                   {"\\i", {"i", "i", "i"}},
                                   {"\\-", {"-", "-", "\\"}},
                                   {"\\y", {"y", "y", "y"}}};

constexpr Escape kPosixEscapes[] = {
    {"\\w", {"a", "_", "Z"}},       {"\\W", {" ", "-", "\xe9"}},  {"\\s", {" ", "\n", "\v"}},
    {"\\S", {"a", "\xa0", "!"}},    {"\\d", {"d", "1", "D"}},     {"\\t", {"t", "\t", "T"}},
    {"\\x41", {"x41", "X41", "A"}}, {"\\.", {".", ".", "a"}},     {"\\-", {"-", "-", "-"}},
    {"\\/", {"/", "/", "\\"}},      {"\\}", {"}", "}", "}"}},     {"\\]", {"]", "]", "]"}},
    {"\\n", {"n", "\n", "N"}},      {"\\\"", {"\"", "\"", "\""}}, {"\\@", {"@", "@", "@"}},
    {"\\Q", {"Q", "q", "Q"}}};

constexpr Escape kClassItems[] = {{"a-z", {"m", "Q", "a"}},
                                  {"0-9", {"5", "0", "a"}},
                                  {"A-F", {"C", "c", "G"}},
                                  {"x", {"x", "X", "y"}},
                                  {"[:alpha:]", {"q", "W", "1"}},
                                  {"[:digit:]", {"7", "7", "x"}},
                                  {"[:space:]", {" ", "\n", "\x85"}},
                                  {"[:upper:]", {"U", "u", "1"}},
                                  {"[:lower:]", {"l", "L", "1"}},
                                  {"[:punct:]", {"!", "_", "a"}},
                                  {"[:alnum:]", {"a", "9", "_"}},
                                  {"[:blank:]", {"\t", " ", "\n"}},
                                  {"[:cntrl:]", {"\x01", "\x7f", " "}},
                                  {"[:xdigit:]", {"f", "0", "g"}},
                                  {"[:print:]", {"p", " ", "\x01"}},
                                  {"[:graph:]", {"g", "!", " "}},
                                  {"_", {"_", "_", "-"}},
                                  {".", {".", ".", "a"}},
                                  {"*", {"*", "*", "a"}},
                                  {"$", {"$", "$", "a"}},
                                  {"+-.", {",", "+", "/"}},
                                  {" -~", {"a", "~", "\x7f"}},
                                  {"\xc0-\xff", {"\xe9", "\xff", "\xc3"}},
                                  {"\xe9", {"\xe9", "\xc9", "e"}},
                                  {"Z-a", {"_", "z", "^"}},
                                  {"^", {"^", "^", "a"}},
                                  {"|", {"|", "|", "a"}},
                                  {"(", {"(", "(", ")"}},
                                  {"[", {"[", "[", "]"}},
                                  {"{", {"{", "{", "}"}},
                                  {"\n", {"\n", "\n", "a"}},
                                  {":", {":", ":", ";"}}};

constexpr Escape kPcreClassItems[] = {{"\\d", {"3", "3", "x"}},
                                      {"\\w", {"w", "_", "-"}},
                                      {"\\s", {" ", "\t", "a"}},
                                      {"\\S", {"a", "!", " "}},
                                      {"\\h", {" ", "\xa0", "a"}},
                                      {"\\n", {"\n", "\n", "n"}},
                                      {"\\x41-\\x43", {"B", "b", "D"}},
                                      {"\\]", {"]", "]", "["}},
                                      {"\\-", {"-", "-", "\\"}},
                                      {"\\b", {"\b", "\b", "b"}},
                                      {"\\Qa]\\E", {"a", "]", "Q"}},
                                      {"[:^digit:]", {"a", "!", "1"}},
                                      {"[:word:]", {"a", "_", "-"}},
                                      {"[:ascii:]", {"a", "\x7f", "\x80"}},
                                      {"\\D", {"a", "\xff", "1"}},
                                      {"\\d-z", {"1", "-", "z"}},
                                      {"[.a.]", {"a", "a", "a"}},
                                      {"[=a=]", {"a", "a", "a"}},
                                      {"\\V", {"a", " ", "\n"}},
                                      {"\\R", {"\n", "R", "R"}},
                                      {"\\p{Ll}", {"a", "b", "1"}},
                                      {"[:<:]", {"", "a", " "}},
                                      {"\\E", {"", "", ""}},
                                      {"\\N", {"a", "a", "a"}}};

constexpr Escape kPosixClassItems[] = {
    {"\\", {"\\", "\\", "a"}},     {"\\d", {"\\", "d", "1"}},    {"[.a.]", {"a", "A", "b"}},
    {"[=a=]", {"a", "A", "b"}},    {"[.-.]", {"-", "-", "b"}},   {"[.space.]", {" ", " ", "s"}},
    {"[:word:]", {"w", "_", " "}}, {"[.a.]-c", {"b", "B", "d"}}, {"a-[.c.]", {"b", "B", "d"}}};

constexpr const char* kStartItems[] = {"(*UTF)",
                                       "(*UCP)",
                                       "(*ANYCRLF)",
                                       "(*CRLF)",
                                       "(*CR)",
                                       "(*LF)",
                                       "(*ANY)",
                                       "(*NUL)",
                                       "(*BSR_ANYCRLF)",
                                       "(*BSR_UNICODE)",
                                       "(*NO_AUTO_POSSESS)",
                                       "(*NO_START_OPT)",
                                       "(*NOTEMPTY)",
                                       "(*NO_JIT)",
                                       "(*NO_DOTSTAR_ANCHOR)",
                                       "(*NOTEMPTY_ATSTART)",
                                       "(*LIMIT_MATCH=9)",
                                       "(*LIMIT_DEPTH=3)",
                                       "(*LIMIT_HEAP=1)",
                                       "(*LIMIT_RECURSION=2)",
                                       "(*LIMIT_MATCH=)",
                                       "(*BOGUS)",
                                       "(*LIMIT_HEAP=0)",
                                       "(*UTF)(*UCP)"};

constexpr const char* kVerbs[] = {"(*ACCEPT)", "(*FAIL)", "(*F)",      "(*COMMIT)", "(*PRUNE)",
                                  "(*SKIP)",   "(*THEN)", "(*MARK:m)", "(*SKIP:m)", "(*PRUNE:p)"};

template <class List>
Drawing from(Random& random, const List& list) {
  const Escape& one = random.pick(list);
  Drawing drawing;
  drawing.text = one.text;
  for (std::size_t i = 0; i < kSamples; ++i) drawing.samples[i] = one.matches[i];
  return drawing;
}

Drawing silent(std::string text) { return {std::move(text), {}}; }

}  // namespace

void Drawing::append(const Drawing& other) {
  text += other.text;
  for (std::size_t i = 0; i < kSamples; ++i) samples[i] += other.samples[i];
}

void Drawing::append(std::string_view literal) { text += literal; }

Drawing PatternMaker::make() {
  Drawing whole;
  if (pcre() && random_.percent(4)) whole.append(random_.pick(kStartItems));
  if (random_.percent(35)) whole.append("^");
  if (random_.percent(20)) {
    whole.append(word());
    whole.append(quoted(":"));
    whole.append(Drawing{random_.percent(50) ? ".*" : " *", {" ", "", " x "}});
  }
  whole.append(alternatives(2));
  if (random_.percent(18)) whole.append("$");
  if (shape_.free_spacing && random_.percent(40)) whole.append(" # comment");
  return whole;
}

Drawing PatternMaker::alternatives(int depth) {
  Drawing first = sequence(depth);
  if (!random_.percent(22)) return first;
  for (std::size_t more = random_.between(1, 3); more > 0; --more) {
    const Drawing other = random_.percent(6) ? Drawing{} : sequence(depth);
    first.text += op('|') + other.text;
    first.samples[random_.below(kSamples)] = other.samples[random_.below(kSamples)];
  }
  return first;
}

Drawing PatternMaker::sequence(int depth) {
  Drawing all;
  for (std::size_t items = random_.between(1, 4); items > 0; --items) {
    all.append(item(depth));
    if (shape_.free_spacing && random_.percent(20))
      all.append(random_.percent(80) ? " " : "\t\x85");
  }
  return all;
}

Drawing PatternMaker::item(int depth) {
  const bool repeated = random_.percent(repeats_open_ > 0 ? 6 : 28);
  repeats_open_ += repeated ? 1 : 0;
  bool repeatable = true;
  Drawing one = atom(depth, repeatable);
  repeats_open_ -= repeated ? 1 : 0;
  if (!repeated || (!repeatable && !random_.percent(5))) return one;
  return repeat(std::move(one));
}

Drawing PatternMaker::atom(int depth, bool& repeatable) {
  const std::size_t dice = random_.below(100);
  if (dice < 40) {
    repeatable = random_.percent(50);
    return word();
  }
  if (dice < 50) return {".", {"a", "\n", "\xe9"}};
  if (dice < 62) return byte_class();
  if (dice < 74) return class_escape();
  if (dice < 80) {
    repeatable = false;
    return assertion(depth);
  }
  if (dice < 83) return rarity(depth);
  if (depth == 0) return word();
  return group(depth - 1);
}

Drawing PatternMaker::word() {
  std::string literal(random_.pick(kWords));
  if (random_.percent(30)) {
    for (char& c : literal)
      if (random_.percent(50)) c = random_.percent(50) ? text::to_upper(c) : text::to_lower(c);
  }
  return quoted(literal);
}

// The literal spelled so that it means itself.
Drawing PatternMaker::quoted(std::string_view literal) {
  const std::string_view special = shape_.basic ? "\\^$.[*" : "\\^$.[|()?*+{";
  Drawing drawing;
  for (const char c : literal) {
    const bool spaced = shape_.free_spacing && (text::is_space(c) || c == '#');
    if (special.find(c) != std::string_view::npos || spaced) drawing.text += '\\';
    drawing.text += c;
    for (std::string& sample : drawing.samples) sample += c;
  }
  for (char& c : drawing.samples[1]) c = text::to_lower(c);
  return drawing;
}

Drawing PatternMaker::byte_class() {
  Drawing all;
  all.text = random_.percent(30) ? "[^" : "[";
  if (random_.percent(5)) all.text += "]";
  if (random_.percent(5)) all.text += "-";
  for (std::size_t items = random_.between(1, 3); items > 0; --items) {
    const bool special = random_.percent(15);
    const Drawing one = !special ? from(random_, kClassItems)
                        : pcre() ? from(random_, kPcreClassItems)
                                 : from(random_, kPosixClassItems);
    all.text += one.text;
    all.samples = one.samples;
  }
  if (random_.percent(5)) all.text += "-";
  all.text += "]";
  return all;
}

Drawing PatternMaker::class_escape() {
  return pcre() ? from(random_, kPcreEscapes) : from(random_, kPosixEscapes);
}

Drawing PatternMaker::assertion(int depth) {
  static constexpr const char* kPosix[] = {"\\b", "\\B", "\\<", "\\>", "\\`", "\\'", "^", "$"};
  static constexpr const char* kPcre[] = {"\\b", "\\B", "\\A", "\\Z", "\\z",
                                          "\\G", "\\K", "^",   "$"};
  if (!pcre()) return silent(random_.pick(kPosix));
  if (!random_.percent(45)) return silent(random_.pick(kPcre));
  static constexpr const char* kLooks[] = {"(?=", "(?!", "(?<=", "(?<!", "(*pla:", "(*nlb:", "(?*"};
  const char* look = kLooks[random_.below(random_.percent(90) ? 4 : 7)];
  return silent(
      look + (depth > 0 && random_.percent(30) ? alternatives(depth - 1).text : word().text) + ")");
}

Drawing PatternMaker::group(int depth) {
  if (pcre() && random_.percent(45)) return pcre_group(depth);
  ++groups_;
  Drawing inner = alternatives(depth);
  inner.text = op('(') + inner.text + op(')');
  last_group_ = inner;
  return inner;
}

Drawing PatternMaker::pcre_group(int depth) {
  static constexpr const char* kOpen[] = {
      "(?:",  "(?:", "(?i:", "(?-i:", "(?>",  "(?s:", "(?-s:", "(?m:",     "(?x:",
      "(?^:", "(?|", "(?U:", "(?xx:", "(?n:", "(?J:", "(?-x:", "(*atomic:"};
  static constexpr const char* kNamed[] = {"(?<n", "(?P<n", "(?'n"};
  static constexpr const char* kInline[] = {"(?i)",  "(?-i)", "(?s)", "(?m)",  "(?x)",
                                            "(?-s)", "(?^)",  "(?U)", "(?#c)", "(?im-s)"};
  if (random_.percent(12)) {
    Drawing flags = silent(random_.pick(kInline));
    flags.append(sequence(depth));
    return flags;
  }
  if (random_.percent(20)) {
    ++groups_;
    const char* open = random_.pick(kNamed);
    const int number = groups_;
    Drawing inner = alternatives(depth);
    inner.text = fmt::format("{}{}{}{})", open, number, open[2] == '\'' ? '\'' : '>', inner.text);
    last_group_ = inner;
    return inner;
  }
  Drawing inner = alternatives(depth);
  inner.text = random_.pick(kOpen) + inner.text + ")";
  return inner;
}

Drawing PatternMaker::rarity(int depth) {
  if (!pcre()) {
    if (groups_ > 0 && random_.percent(40))
      return {fmt::format("\\{}", random_.between(1, static_cast<std::size_t>(groups_))),
              last_group_.samples};
    static constexpr const char* kOdd[] = {"()",    ")",    "}", "]",   "**",
                                           "a{,2}", "(*a)", "|", "\\(", "a\\{1\\}"};
    return silent(random_.pick(kOdd));
  }
  if (groups_ > 0 && random_.percent(50)) {
    const std::size_t number = random_.between(1, static_cast<std::size_t>(groups_));
    static constexpr const char* kReferences[] = {"\\{}",       "\\g{{{}}}", "\\g{}",
                                                  "\\g{{-{}}}", "\\k<n{}>",  "\\k{{n{}}}",
                                                  "(?P=n{})",   "\\k'n{}'",  "\\{}"};
    return {fmt::format(fmt::runtime(random_.pick(kReferences)), number), last_group_.samples};
  }
  const std::size_t dice = random_.below(6);
  if (dice == 0) return silent(random_.pick(kVerbs));
  if (dice == 1) return silent(random_.percent(50) ? "(?R)?" : "(?1)");
  if (dice == 2) {
    const Drawing yes = sequence(0);
    return {fmt::format("(?(1){}|{})", yes.text, word().text), yes.samples};
  }
  if (dice == 3)
    return silent(
        fmt::format("(?(?={}){}|a)", word().text, sequence(depth > 0 ? depth - 1 : 0).text));
  static constexpr const char* kOdd[] = {"()", "(",   ")",       "{,3}", "a**", "(?",
                                         "[a", "(?<", "(?P>n1)", "\\",   "{1}", "(?C)"};
  return silent(random_.pick(kOdd));
}

Drawing PatternMaker::repeat(Drawing once) {
  struct Repeat {
    const char* text;
    std::size_t counts[kSamples];
  };

  static constexpr Repeat kRepeats[] = {
      {"*", {1, 3, 0}},     {"*", {2, 0, 5}},          {"+", {1, 2, 7}},
      {"?", {1, 0, 2}},     {"{2}", {2, 2, 3}},        {"{1,3}", {2, 3, 4}},
      {"{2,}", {2, 6, 1}},  {"{,2}", {2, 1, 0}},       {"{0}", {0, 0, 1}},
      {"{0,1}", {1, 0, 2}}, {"{3,300}", {3, 9, 2}},    {"{1,40}", {5, 40, 41}},
      {"{2,1}", {1, 2, 0}}, {"{256}", {256, 256, 255}}};
  const Repeat& chosen = kRepeats[random_.below(random_.percent(4) ? 14 : 11)];
  std::string quantifier = chosen.text;
  if (shape_.basic && quantifier != "*")
    quantifier = quantifier[0] == '{' ? "\\" + quantifier.substr(0, quantifier.size() - 1) + "\\}"
                                      : "\\" + quantifier;
  if (pcre() && random_.percent(25)) quantifier += random_.percent(65) ? "?" : "+";
  if (!pcre() && random_.percent(4)) quantifier += "*";
  Drawing all;
  all.text = once.text + quantifier;
  for (std::size_t i = 0; i < kSamples; ++i)
    for (std::size_t n = 0; n < chosen.counts[i]; ++n) all.samples[i] += once.samples[n % kSamples];
  return all;
}

}  // namespace headgate::collide
