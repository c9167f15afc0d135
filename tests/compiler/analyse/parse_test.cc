// Patterns of both dialects and the spelling that reaches Hyperscan: what the parser understood, on one line.
#include <gtest/gtest.h>

#include "compiler/analyse/regex_tree.h"
#include "compiler/analyse/scan_text.h"

namespace headgate::analyse {
namespace {

struct Row {
  const char* pattern;
  const char* flags;     // letters that differ from the defaults
  const char* spelling;  // or "! why not"
};

front::Flags flags_of(const char* letters, bool posix) {
  front::Flags flags;
  for (const char* c = letters; *c != '\0'; ++c) {
    switch (*c) {
      case 'i':
        flags.caseless = false;
        break;
      case 'm':
        flags.multiline = true;
        break;
      case 's':
        flags.dotall = false;
        break;
      case 'x':
        (posix ? flags.basic : flags.extended) = true;
        break;
      case 'A':
        flags.anchored = true;
        break;
      case 'E':
        flags.dollar_end_only = true;
        break;
      default:
        break;
    }
  }
  return flags;
}

std::string spell(const Parsed& tree, Subject subject = Subject::text) {
  if (!tree) return "! " + tree.error();
  const auto text = scan_text(*tree, subject);
  if (!text) return "! " + text.error();
  return text->text + (text->widened.empty() ? "" : "  (" + text->widened + ")");
}

TEST(ParsePcre, Spelling) {
  const Row rows[] = {
      {"^Subject:.*foo", "", "^subject\\x3a.*foo"},
      {"a.b", "s", "a[^\\x0a]b"},
      {"a b #c", "x", "ab"},
      {"a{2,3}b{,4}", "", "a{2,3}b\\x7b\\x2c4\\x7d"},
      {"[]a-c]x", "i", "[\\x5da-c]x"},
      {"[^\\d]", "", "[^0-9]"},
      {"[[:alpha:]_]+", "", "[A-Z\\x5fa-z]+"},
      {"\\x41\\t\\/", "i", "A\\x09\\x2f"},
      {"\\Qa.b\\E+", "", "a\\x2eb+"},
      {"(?i)a(?-i)B", "i", "[Aa]B"},
      {"(a(?i)b|c)d", "i", "(?:a[Bb]|[Cc])d"},
      {"(?#x)a(?#y)+", "", "a+"},
      {"foo$", "", "foo$"},
      {"foo$", "E", "foo\\z"},
      {"foo", "A", "^foo"},
      {"a(?=b)c", "", "ac  (look-around)"},
      {"(?>a|ab)c", "", "(?:a|ab)c  (atomic group)"},
      {"a++b", "", "a+b  (atomic group)"},
      {"a{1,3}\\E?b", "", "a{1,3}b"},
      {"a+\\Q\\E?b", "", "a+b"},
      {"a{2} ?b", "x", "a{2}b"},
      {"a+\\Q+\\E", "", "a+\\x2b"},
      {"(a)\\1", "", "a.*  (back-reference)"},
      {"x.{3,900}y", "", "x.{3,}y  (large repeat)"},
      {"^a", "m", "(?m:^)a  (multi-line anchor)"},
      {"(?<n>a)(?P<m>b)", "", "ab"},
      {"a b\205c", "x", "abc"},
      {"\\hx", "", "[\\x09\\x20\\xa0]x  (\\h or \\v)"},
      {"a*", "", "! can match an empty text"},
      {"([^\\s\\S]|a[^b])c", "", "! a class that matches nothing"},
      {"(?<*x)(w|y>z)", "", "! (?<*"},
      {"(?R)a", "", "! group (?R"},
      {"(*UTF)a", "", "! (*VERB)"},
      {"\\p{L}", "", "! \\p"},
      {"(?(1)a|b)", "", "! group (?("},
      {"(a)\\12", "", "! back-reference or octal number"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(spell(parse_pcre(row.pattern, flags_of(row.flags, false))), row.spelling)
        << row.pattern << " " << row.flags;
  }
}

// For lines of a block: ends of lines for ends of texts, nothing that goes over them, nothing at the ends that may be absent.
TEST(ScanText, OfABlock) {
  const Row rows[] = {
      {"foo", "", "foo"},
      {"^foo$", "", "^foo$"},
      {"\\Afoo\\z", "", "^foo$"},
      {"foo$", "E", "foo$"},
      {"foo.bar", "", "foo[^\\x0a]bar"},
      {"foo[^x]bar", "i", "foo[^\\x0ax]bar"},
      {".*foo.*", "", "foo"},
      {"x*foo+", "", "foo{1}"},
      {"(.*foo.*)", "", "foo"},
      {"a+b*", "", "a{1}"},
      {"^.*foo", "", "^[^\\x0a]*foo"},
      {"a?\\bfoo", "", "foo"},
      {"(?=x)\\bfoo(a|)\\b", "", "foo"},
      {"^(?=x)foo\\b$", "", "^foo\\b$  (look-around)"},
      {"(?:a|.*b)c", "", "(?:a|[^\\x0a]*b)c"},
      {"a{2,5}", "", "a{2}"},
      {"foo\\nbar", "", "! a class that matches nothing"},
      {"foo\\s*bar", "", "foo[\\x09\\x0b-\\x0d\\x20]*bar"},
      {"(a)\\1", "", "a"},
      {"(a)\\1b", "", "a.*b  (back-reference)"},
      {".*", "", "! can match an empty text"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(spell(parse_pcre(row.pattern, flags_of(row.flags, false)), Subject::block),
              row.spelling)
        << row.pattern << " " << row.flags;
  }
}

TEST(ParsePosix, Spelling) {
  const Row rows[] = {
      {"^a.b$", "", "^a.b\\z"},
      {"a[^z]b", "im", "a[^\\x0az]b"},
      {"a{,2}b", "", "a{0,2}b"},
      {"a+?b", "", "(?:a+)?b"},
      {"[0-z]x", "", "[0-Za-z]x"},
      {"[[:lower:]]x", "", "[A-Za-z]x"},
      {"a)b", "", "a\\x29b"},
      {"(|a)b", "", "(?:|a)b"},
      {"\\<a\\w", "", "a[0-9A-Z\\x5fa-z]  (zero-width test)"},
      {"a\\{2\\}\\(b\\|c\\)+", "x", "a{2}(?:b|c)\\x2b"},
      {"a\\d", "i", "ad"},
      {"a\\d", "", "! a class that matches nothing"},
      {"\\Da", "", "da"},
      {"(a)\\1", "", "! back-reference"},
      {"[[.a.]]", "", "! collating element"},
      {"a$.b", "", "! an anchor beside what can match a newline, or inside a repeat"},
      {"[^b]^a", "", "! an anchor beside what can match a newline, or inside a repeat"},
      {"(^a|b)+", "", "! an anchor beside what can match a newline, or inside a repeat"},
      {"a$.b", "m", "a(?m:$)[^\\x0a]b  (multi-line anchor)"},
      {"(^|x)a($|y)", "", "(?:^|x)a(?:\\z|y)"},
      {"a^b", "x", "! ^ inside a basic expression"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(spell(parse_posix(row.pattern, flags_of(row.flags, true))), row.spelling)
        << row.pattern << " " << row.flags;
  }
}

}  // namespace
}  // namespace headgate::analyse
