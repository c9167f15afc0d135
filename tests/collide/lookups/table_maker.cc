// How it works: statements are drawn one by one with the pattern maker; damage comes last, so that a table is usually right
// in most places: a wrong line must not hide what the others do.
#include "tests/collide/lookups/table_maker.h"

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::collide {

namespace {

constexpr std::string_view kDelimiters = "/////////////,%~@=\";:|_`'#{(<-&.*^$)]?+ie1\\";
constexpr const char* kActions[] = {"REJECT",
                                    "REJECT 5.7.1 no",
                                    "WARN",
                                    "INFO",
                                    "IGNORE",
                                    "DUNNO",
                                    "HOLD",
                                    "DISCARD",
                                    "PASS",
                                    "STRIP",
                                    "OK",
                                    "reject x",
                                    "FILTER smtp:[::1]:25",
                                    "REDIRECT a@b.example",
                                    "PREPEND X-P: a",
                                    "REPLACE X-R: b",
                                    "BCC a@b.example"};

class Maker {
 public:
  Maker(Random& random, rules::Dialect dialect) : random_(random) { table_.dialect = dialect; }

  Table run() {
    rules_left_ = random_.between(1, random_.percent(20) ? 24 : 9);
    block(0);
    if (random_.percent(12)) damage_lines();
    if (random_.percent(2)) table_.lines.insert(table_.lines.begin(), " /indented/ first");
    if (random_.percent(1)) table_.lines.front().insert(0, "\xef\xbb\xbf");
    if (random_.percent(3)) {
      for (std::string& line : table_.lines) line += '\r';
    }
    table_.is_inline = random_.percent(4);
    if (table_.is_inline) {  // a map name is a C string
      for (std::string& line : table_.lines) std::erase(line, '\0');
    }
    return std::move(table_);
  }

 private:
  [[nodiscard]] bool pcre() const { return table_.dialect == rules::Dialect::pcre; }

  void block(int depth) {
    std::size_t statements = depth == 0 ? 1000 : random_.between(0, 5);
    for (; statements > 0 && rules_left_ > 0; --statements) {
      noise();
      if (depth < 5 && random_.percent(20)) {
        group(depth);
      } else {
        rule();
      }
    }
  }

  void noise() {
    static constexpr const char* kNoise[] = {"# comment", "   # indented", "",
                                             "  \t",      "#@emergency",   "# if /a/"};
    static constexpr const char* kBad[] = {"foo bar",
                                           "/open",
                                           "/x/q FOO",
                                           "/(/ BAD",
                                           "if /(/",
                                           "endif",
                                           "endif trailing",
                                           "/a/ $",
                                           "/a/ $2 x",
                                           "!/(a)/ NEG $1",
                                           "if",
                                           "!",
                                           "/(a)/ ${1",
                                           "/(a)/ $x",
                                           "/zzz/",
                                           "/[/ BAD",
                                           "/a/ $0",
                                           "/(a)/ $1b",
                                           "if /e/ extra",
                                           "if /zz/",
                                           "\\a\\ X",
                                           "ifx /a/ X",
                                           "/(a)/ $(",
                                           "*a* STAR",
                                           "/a\\/ NOEND",
                                           "/a/ END\\",
                                           "%a% P $$$$",
                                           "if /foo\\",
                                           "/foo\\",
                                           "ENDIF!",
                                           "if!/a/",
                                           "if! /a/ !/b/",
                                           "/a/!/b/",
                                           "/a/!",
                                           "/a/!!/b/i B",
                                           "/a/! /b/ C",
                                           "/a/X X",
                                           "/a/iiX O",
                                           "/a/Xq O",
                                           "endif_",
                                           "If_a_",
                                           "IFF /a/",
                                           "!!!/a/ T",
                                           "! ! /a/ T",
                                           "//",
                                           "// EMPTY",
                                           "/",
                                           "if //",
                                           "/(a)(b)/ $3 $1",
                                           "/(a)/ ${a(b}",
                                           "/(a)/ $(1}",
                                           "/(a)/ ${{1}}",
                                           "/(a)/ $1$1",
                                           "/(a)/ $$$1",
                                           "/a/\tx",
                                           "/a/i\v X",
                                           "/a/  \f",
                                           "/(a/ $1 ${",
                                           "/a/ ${0}$(1)",
                                           "/a/ $01 ${001}",
                                           "/(a)/ $4294967297",
                                           "/(a)/ $99999999999999999999",
                                           "/(a)/ $2147483648",
                                           "/(a)/ ${18446744073709551617}",
                                           "/a/ ${x}${1}$y",
                                           "/a/ $x $",
                                           "if /a/i!/b/",
                                           "!/a/!/b/ N",
                                           "!/(a)/!/b/ $1",
                                           "/(b)/!/(a)/ $1 $2"};
    if (random_.percent(8)) table_.lines.emplace_back(random_.pick(kNoise));
    if (random_.percent(7)) table_.lines.emplace_back(random_.pick(kBad));
  }

  void group(int depth) {
    static constexpr const char* kIf[] = {"if ",  "if ", "if ",  "IF ",   "If\t",
                                          "iF  ", "if",  "if !", "if !! "};
    static constexpr const char* kEnd[] = {"endif", "endif",  "endif",
                                           "ENDIF", "EndIf ", "endif # x"};
    int groups = 0;
    std::string line = random_.pick(kIf) + pattern(groups);
    if (random_.percent(3)) line += " extra text";
    table_.lines.push_back(std::move(line));
    block(depth + 1);
    if (!random_.percent(4)) table_.lines.emplace_back(random_.pick(kEnd));
  }

  void rule() {
    --rules_left_;
    int groups = 0;
    std::string line;
    bool negated = false;
    if (random_.percent(14)) {
      static constexpr const char* kNegations[] = {"!", "!", "!", "! ", "!!", "! ! ", "!!!"};
      const std::string negation = random_.pick(kNegations);
      negated = negation.size() == 1 || negation == "! " || negation == "!!!";
      line += negation;
    }
    line += pattern(groups);
    if (!pcre() && random_.percent(12)) {
      int unused = 0;
      line += random_.percent(70) ? "!" : "!!";
      line += pattern(unused);
    }
    line += space() + value(negated && !random_.percent(10) ? 0 : groups);
    table_.lines.push_back(std::move(line));
  }

  std::string flags(PatternShape& shape) {
    std::string letters;
    if (!random_.percent(45)) return letters;
    const std::string_view all = pcre() ? "imsxAEU" : "imx";
    for (const char c : all)
      if (random_.percent(25)) letters += c;
    if (random_.percent(4)) letters += letters.empty() ? 'i' : letters.front();
    if (random_.percent(2)) letters += random_.pick(std::string_view("XqI!R0"));
    bool x = false;
    for (const char c : letters) x = x != (c == 'x');
    (pcre() ? shape.free_spacing : shape.basic) = x;
    return letters;
  }

  // With its delimiters and flags.
  std::string pattern(int& groups) {
    PatternShape shape{table_.dialect};
    const std::string letters = flags(shape);
    PatternMaker maker(random_, shape);
    Drawing drawing = maker.make();
    groups = maker.groups();
    table_.samples.push_back(drawing.samples);
    if (random_.percent(5)) damage(drawing.text);
    const char delimiter = random_.pick(kDelimiters);
    return delimiter + escape_delimiter(drawing.text, delimiter) + delimiter + letters;
  }

  std::string escape_delimiter(const std::string& text, char delimiter) {
    if (random_.percent(3)) return text;
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\' && i + 1 < text.size()) {
        out += text[i++];
      } else if (text[i] == delimiter) {
        out += '\\';
      }
      out += text[i];
    }
    return out;
  }

  std::string space() {
    static constexpr const char* kSpaces[] = {" ",  " ",   " ",    " ",     " ",     "\t",
                                              "  ", "\n ", "\n\t", " \n  ", "\n\n ", "\n# c\n  "};
    return random_.pick(kSpaces);
  }

  std::string value(int groups) {
    static constexpr const char* kExtras[] = {" $$",  " $$1", " cost $$5", " 100%",     " a\\b",
                                              " {x}", " (y)", " # no",     " \xc3\xa9", " \xff"};
    std::string text = random_.percent(2) ? "" : random_.pick(kActions);
    text += fmt::format(" r{}", table_.lines.size() + 1);
    if (random_.percent(12)) text += random_.pick(kExtras);
    if (random_.percent(3)) text += space() + "more";
    for (int n = groups > 0 ? static_cast<int>(random_.below(4)) : 0; n > 0; --n)
      text += reference(groups);
    return text;
  }

  std::string reference(int groups) {
    static constexpr const char* kForms[] = {" ${}",   " ${{{}}}", " $({})", "[${{{}}}]",
                                             "$({})x", "<${}>",    "-${}.",  "${{0{}}}"};
    std::size_t number = random_.between(1, static_cast<std::size_t>(groups));
    if (random_.percent(2)) ++number;
    return fmt::format(fmt::runtime(random_.pick(kForms)), number);
  }

  // One to three bytes go wrong.
  void damage(std::string& text) {
    for (std::size_t times = random_.between(1, 3); times > 0 && !text.empty(); --times) {
      const std::size_t at = random_.below(text.size());
      switch (random_.below(4)) {
        case 0:
          text.erase(at, 1);
          break;
        case 1:
          text.insert(at, 1, random_.pick(std::string_view("\\()[]{}*+?^$|.!/ \t\n#-:=,0129abx")));
          break;
        case 2:
          text[at] = random_.percent(50) ? random_.byte()
                                         : random_.pick(std::string_view("\\()[]{}*+?^$|"));
          break;
        default:
          text.insert(at, text.substr(random_.below(text.size()), random_.between(1, 4)));
          break;
      }
    }
  }

  void damage_lines() {
    auto& lines = table_.lines;
    for (std::size_t times = random_.between(1, 3); times > 0 && !lines.empty(); --times) {
      const std::size_t at = random_.below(lines.size());
      switch (random_.below(5)) {
        case 0:
          lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
          break;
        case 1:
          std::swap(lines[at], lines[random_.below(lines.size())]);
          break;
        case 2:
          lines[at].insert(random_.below(lines[at].size() + 1), 1, '\0');
          break;
        default:
          damage(lines[at]);
          break;
      }
    }
    if (lines.empty()) lines.emplace_back();
  }

  Random& random_;
  Table table_;
  std::size_t rules_left_ = 0;
};

class KeyMaker {
 public:
  KeyMaker(Random& random, const Table& table) : random_(random), table_(table) {}

  std::string make() {
    std::string key = base();
    if (random_.percent(45)) key = context() + key;
    if (random_.percent(45)) key += context();
    if (random_.percent(30)) mutate(key);
    if (random_.percent(3)) stretch(key);
    for (char& c : key)
      if (c == '\0') c = '0';
    return key;
  }

 private:
  std::string base() {
    const std::size_t dice = random_.below(100);
    if (dice < 2) return {};
    if (dice < 6) return noise(random_.between(1, 40));
    if (table_.samples.empty() || dice < 9) return std::string(random_.pick(kPieces));
    std::string key = sample();
    if (dice < 25) key += (random_.percent(50) ? "\n " : "") + sample();
    if (key.size() > 12000) key.resize(12000);
    return key;
  }

  std::string sample() { return random_.pick(random_.pick(table_.samples)); }

  std::string context() {
    std::string text;
    for (std::size_t pieces = random_.between(1, 3); pieces > 0; --pieces)
      text += random_.pick(kPieces);
    return text;
  }

  std::string noise(std::size_t size) {
    std::string text;
    while (text.size() < size) text += random_.byte();
    return text;
  }

  void mutate(std::string& key) {
    for (std::size_t times = random_.between(1, 3); times > 0 && !key.empty(); --times) {
      const std::size_t at = random_.below(key.size());
      switch (random_.below(6)) {
        case 0:
          key.erase(at, 1);
          break;
        case 1:
          key.insert(at, random_.pick(kPieces));
          break;
        case 2:
          key[at] = random_.byte();
          break;
        case 3:
          key[at] = text::is_alpha(key[at]) ? static_cast<char>(key[at] ^ 0x20) : key[at];
          break;
        case 4:
          std::swap(key[at], key[random_.below(key.size())]);
          break;
        default:
          key.resize(at);
          break;
      }
    }
  }

  // A folded header of up to 9 kB.
  void stretch(std::string& key) {
    const std::size_t size = random_.between(300, 9000);
    std::string filler;
    while (filler.size() < size) {
      filler += random_.percent(30) ? sample_or_piece() : std::string(random_.pick(kPieces));
      if (random_.percent(10)) filler += "\n ";
    }
    key.insert(random_.below(key.size() + 1), filler);
  }

  std::string sample_or_piece() { return table_.samples.empty() ? context() : sample(); }

  static constexpr std::string_view kPieces[] = {"a",        "b",    "A",
                                                 "ab",       "ba",   "aaaa",
                                                 " ",        "  ",   "\n",
                                                 "\n ",      "\r\n", "\t",
                                                 "x",        "1",    "_",
                                                 ":",        ": ",   "Subject: ",
                                                 "From: ",   "To: ", "X-Spam-Flag: ",
                                                 "foo",      "free", "money",
                                                 "exe",      ".",    "-",
                                                 "$",        "\\",   "\xc3\xa9",
                                                 "\xe9",     "\xa0", "\x85",
                                                 "\v",       "\xff", "@example.com",
                                                 "=?utf-8?", "\"",   "<",
                                                 ">",        "]",    "}",
                                                 "zz",       "2026", "viagra"};

  Random& random_;
  const Table& table_;
};

}  // namespace

std::string Table::text() const {
  if (is_inline) {
    std::string name = "{";
    for (const std::string& line : lines) name += " {" + line + "}";
    return name + " }";
  }
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

Table make_table(Random& random, rules::Dialect dialect) { return Maker(random, dialect).run(); }

std::vector<std::string> make_keys(Random& random, const Table& table, std::size_t count) {
  KeyMaker maker(random, table);
  std::vector<std::string> keys;
  while (keys.size() < count) keys.push_back(maker.make());
  return keys;
}

}  // namespace headgate::collide
