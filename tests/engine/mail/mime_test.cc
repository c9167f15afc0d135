#include "engine/mail/mime.h"

#include <ostream>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "engine/mail/splitter.h"

namespace headgate::mail {
namespace {

// What comes out, one item a line: "P:Subject: x", "M:…", "N:…" for headers, "@12:text" for body
// records (with a '+' when the line goes on), "--" for the end of the primary headers. A newline
// inside a key is shown as '\'.
class Trace final : public MimeSink {
 public:
  void header(HeaderClass header_class, std::string_view text, std::string_view name) override {
    EXPECT_TRUE(text.starts_with(name));
    const char letter = header_class == HeaderClass::primary     ? 'P'
                        : header_class == HeaderClass::multipart ? 'M'
                                                                 : 'N';
    add(std::string(1, letter) + ':', text, "");
  }

  void end_of_primary_headers() override { add("--", "", ""); }

  void body(std::string_view record, bool continued, std::uint64_t offset) override {
    add('@' + std::to_string(offset) + ':', record, continued ? "+" : "");
  }

  std::string seen;

 private:
  void add(std::string_view mark, std::string_view key, std::string_view tail) {
    if (!seen.empty()) seen += '\n';
    seen += mark;
    for (const char c : key) seen += c == '\n' ? '\\' : c == '\0' ? '0' : c;
    seen += tail;
  }
};

std::string trace(std::string_view message, const MimeOptions& options = {},
                  std::size_t line_limit = 0) {
  Trace out;
  MimeParser parser(options, out);
  Splitter splitter(line_limit);
  splitter.feed(message, parser);
  splitter.end(parser);
  parser.end();
  return out.seen;
}

struct Case {
  const char* what;
  std::string message;
  std::string expected;

  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.what; }
};

class Mime : public testing::TestWithParam<Case> {};

TEST_P(Mime, SeesWhatPostfixSees) {
  EXPECT_EQ(trace(GetParam().message), GetParam().expected) << GetParam().what;
}

const std::string kMultipart = "Content-Type: multipart/x; boundary=a";
const std::string kMultipartOut = "P:Content-Type: multipart/x; boundary=a\n--\n";

// The numbers are those of the trap list: header blocks and bodies.
INSTANTIATE_TEST_SUITE_P(
    Structure, Mime,
    testing::Values(Case{"nothing at all", "", "--"},
                    Case{"headers only", "A: 1\nB: 2\n", "P:A: 1\nP:B: 2\n--"},
                    Case{"plain message", "A: 1\n\nx\ny", "P:A: 1\n--\n@0:\n@1:x\n@3:y"},
                    Case{"no headers", "\nx", "--\n@0:\n@1:x"},
                    Case{"35 garbage ends the headers", "A: 1\nBad Name: 2\nB: 3",
                         "P:A: 1\n--\n@0:\n@0:Bad Name: 2\n@12:B: 3"},
                    Case{"only garbage", "hello", "--\n@0:\n@0:hello"},
                    Case{"37 folding", "A : 1\n\t2  \n \nB:3\n\nx",
                         "P:A: 1\\\t2  \\ \nP:B:3\n--\n@0:\n@1:x"},
                    Case{"38 NUL", std::string("A: 1\0x\n y\0z\nB: 2\n\nb\0c", 21),
                         "P:A: 1\\ y\nP:B: 2\n--\n@0:\n@1:b0c"},
                    Case{"a fold without a header", " x\nA: 1", "--\n@0:\n@0: x\n@3:A: 1"},
                    Case{"40 CR is garbage", "Content-Type: message/rfc822\r\n\r\nS: 1",
                         "P:Content-Type: message/rfc822\r\n--\n@0:\n@0:\r\n@2:S: 1"}));

INSTANTIATE_TEST_SUITE_P(
    Parts, Mime,
    testing::Values(
        Case{"part and epilogue", kMultipart + "\n\npre\n--a\nS: 1\n\nb\n--a--\nepi",
             kMultipartOut + "@0:\n@1:pre\n@5:--a\nM:S: 1\n@0:\n@1:b\n@0:--a--\n@6:epi"},
        Case{"attached message",
             "Content-Type: message/rfc822\n\nS: 1\nContent-Type: text/plain\n\nb",
             "P:Content-Type: message/rfc822\n--\n@0:\nN:S: 1\nN:Content-Type: "
             "text/plain\n@0:\n@1:b"},
        Case{"41 an unknown type changes nothing",
             "Content-Type: multipart/digest; boundary=d\n\n--d\nContent-Type: "
             "application/pdf\n\nS: in\n\nb",
             "P:Content-Type: multipart/digest; boundary=d\n--\n@0:\n@1:--d\nM:Content-Type: "
             "application/pdf\n"
             "@0:\nN:S: in\n@0:\n@1:b"},
        Case{"42 the last known type rules",
             kMultipart + "\nContent-Type: text/plain\n\n--a\nS: in",
             "P:Content-Type: multipart/x; boundary=a\nP:Content-Type: "
             "text/plain\n--\n@0:\n@1:--a\nM:S: in"},
        Case{"43 delimiters match by prefix",
             kMultipart + "\n\n--abc\nS: in\n\nb\n--a--junk\nT: no\n--a\nU: no",
             kMultipartOut +
                 "@0:\n@1:--abc\nM:S: in\n@0:\n@1:b\n@0:--a--junk\n@10:T: no\n@16:--a\n@20:U: no"},
        Case{"44 empty boundary",
             "Content-Type: multipart/x; boundary=\"\"\n\n--\nA: no\n--y\nS: in",
             "P:Content-Type: multipart/x; boundary=\"\"\n--\n@0:\n@1:--\n@4:A: no\n@10:--y\nM:S: "
             "in"},
        Case{"45 unquoted stops at a special",
             "Content-Type: multipart/x; boundary=a/b; boundary*0=z\n\n--a\nS: in",
             "P:Content-Type: multipart/x; boundary=a/b; boundary*0=z\n--\n@0:\n@1:--a\nM:S: in"},
        Case{"46 two boundaries",
             "Content-Type: multipart/x; boundary=a; boundary=b\n\n--b\nS: 1\n\n--a\nT: "
             "1\n\n--b\nU: no",
             "P:Content-Type: multipart/x; boundary=a; boundary=b\n--\n@0:\n@1:--b\nM:S: "
             "1\n@0:\n@1:--a\nM:T: 1\n"
             "@0:\n@1:--b\n@5:U: no"},
        Case{"47 sought in body state only",
             "Content-Type: multipart/x; boundary=\"a:b\"\n\n--a:b\n--a:b\nS: 1",
             "P:Content-Type: multipart/x; boundary=\"a:b\"\n--\n@0:\n@1:--a:b\nM:--a:b\nM:S: 1"},
        Case{"48 >From in an attached message",
             "Content-Type: message/rfc822\n\n>From x\nS: no\n\nb",
             "P:Content-Type: message/rfc822\n--\n@0:\n@0:>From x\n@8:S: no\n@14:\n@15:b"},
        Case{"49 message/global, whatever the encoding",
             "Content-Type: message/global\nContent-Transfer-Encoding: base64\n\nS: yes",
             "P:Content-Type: message/global\nP:Content-Transfer-Encoding: base64\n--\n@0:\nN:S: "
             "yes"},
        Case{"49 delivery-status is body", "Content-Type: message/delivery-status\n\nS: no",
             "P:Content-Type: message/delivery-status\n--\n@0:\n@1:S: no"},
        Case{"a delimiter that ends a header block as garbage", kMultipart + "\n--a\nS: 1",
             "P:Content-Type: multipart/x; boundary=a\n--\n@0:\n@0:--a\nM:S: 1"},
        Case{"quoted multipart is no word",
             "Content-Type: \"multipart\"/x; boundary=a\n\n--a\nS: 1",
             "P:Content-Type: \"multipart\"/x; boundary=a\n--\n@0:\n@1:--a\n@5:S: 1"}));

TEST(MimeOff, TakesNoContentType) {
  MimeOptions off;
  off.mime = false;
  EXPECT_EQ(trace(kMultipart + "\n\n--a\nS: 1", off), kMultipartOut + "@0:\n@1:--a\n@5:S: 1");
}

TEST(Chunks, JoinHeadersWithoutANewline) {
  EXPECT_EQ(trace("A: 12345678\n 9\nB: 1", {}, 4), "P:A: 12345678\\ 9\nP:B: 1\n--");
  EXPECT_EQ(trace("A: 1\n\nabcdefgh\nij", {}, 4),
            "P:A: 1\n--\n@0:\n@1:abcd+\n@6:efgh+\n@11:\n@12:ij");
}

TEST(Chunks, TheColonMustStandInTheFirst) {
  EXPECT_EQ(trace("ABCD: x", {}, 4), "--\n@0:\n@0:ABCD+\n@5:: x");
}

// 55: the rest of a long delimiter line is the first record of the part's headers; no chunk but the
// first delimits.
TEST(Chunks, ADelimitersRestIsTheFirstHeaderRecord) {
  EXPECT_EQ(
      trace("Content-Type: multipart/x; boundary=a\n\n--a                      rest of it\nA: 1",
            {}, 25),
      kMultipartOut + "@0:\n@1:--a                      +\n@0:rest of it\n@11:A: 1");
  EXPECT_EQ(
      trace("Content-Type: multipart/x; boundary=a\n\n--a                      X-Rest: h\nA: 1", {},
            25),
      kMultipartOut + "@0:\n@1:--a                      +\nM:X-Rest: h\nM:A: 1");
  EXPECT_EQ(trace("Content-Type: multipart/x; boundary=a\n\n" + std::string(40, 'x') + "--a\nA: 1",
                  {}, 40),
            kMultipartOut + "@0:\n@1:" + std::string(40, 'x') + "+\n@42:--a\n@46:A: 1");
}

TEST(Limits, APieceIsAddedOnlyBelowTheHeaderLimit) {
  MimeOptions options;
  options.header_size_limit = 6;
  EXPECT_EQ(trace("A: 12\n 3456789\n lost\nB: 1", options), "P:A: 12\\ 3456789\nP:B: 1\n--");
}

TEST(Limits, BoundariesAreCut) {
  MimeOptions options;
  options.boundary_length_limit = 3;
  EXPECT_EQ(trace("Content-Type: multipart/x; boundary=abcdef\n\n--abczzz\nX: 1", options),
            "P:Content-Type: multipart/x; boundary=abcdef\n--\n@0:\n@1:--abczzz\nM:X: 1");
}

// With a limit of 1 the third boundary is the last that counts: nesting_limit + 2 are stacked.
TEST(Limits, NestingIsRefusedSilently) {
  MimeOptions options;
  options.nesting_limit = 1;
  const std::string message =
      "Content-Type: multipart/x; boundary=a; boundary=b; boundary=c; boundary=d\n\n--d\n--c\nX: 1";
  EXPECT_EQ(trace(message, options),
            "P:Content-Type: multipart/x; boundary=a; boundary=b; boundary=c; boundary=d\n--\n"
            "@0:\n@1:--d\n@5:--c\nM:X: 1");
}

// ---- what strict options hear of

std::string errors(std::string_view message, const MimeOptions& options) {
  struct Errors final : MimeSink {
    void header(HeaderClass, std::string_view, std::string_view) override {}

    void body(std::string_view, bool, std::uint64_t) override {}

    void mime_error(MimeError error, std::string_view text) override {
      constexpr std::string_view kLetters = "nhbd";
      seen += kLetters[static_cast<std::size_t>(error)];
      seen += '(' + std::string(text) + ')';
    }

    std::string seen;
  };

  Errors out;
  MimeParser parser(options, out);
  Splitter splitter(0);
  splitter.feed(message, parser);
  splitter.end(parser);
  parser.end();
  return out.seen;
}

MimeOptions strict() {
  MimeOptions options;
  options.nesting_limit = 0;
  options.report_nesting = options.report_eight_bit_headers = options.report_eight_bit_body =
      options.report_encoding_domain = true;
  return options;
}

TEST(Errors, AreToldOnceEach) {
  using Pair = std::pair<std::string, std::string>;

  const std::string type = "Content-Type: ", encoding = "\nContent-Transfer-Encoding: ";
  const Pair cases[] = {
      {"A: 1\n\nx", ""},
      {"A: \xe9\nB: \xe9\n\n\xe9\n\xe8", "h(A: \xe9)b(\xe9)"},
      {"A: 1" + encoding + "8BIT\n\n\xe9", ""},
      {"A: 1" + encoding + "binary\n\n\xe9", ""},
      {"A: 1" + encoding + "base64\n\n\xe9", ""},
      {"A: 1" + encoding + "8bit=x\n\n\xe9", "b(\xe9)"},  // another word: '=' is no special here
      {type + "multipart/x; boundary=a" + encoding + "8bit\n\n\xe9\n--a\n\n", "b(\xe9)"},
      {type + "multipart/x; boundary=a" + encoding + "base64\n\n", "d(base64)"},
      {type + "message/rfc822" + encoding + "base64", "d(base64)"},
      {type + "message/rfc822" + encoding + "Quoted-Printable\n\n", "d(quoted-printable)"},
      {type + "message/global" + encoding + "base64\n\n", ""},
      {type + "message/partial" + encoding + "8bit\n\n", "d(8bit)"},
      {type + "message/partial" + encoding + "base64\n\n", ""},
      {type + "text/plain" + encoding + "base64\n\n", ""},
      {type + "multipart/x; boundary=a; boundary=b; boundary=c\n\n",
       "n(Content-Type: multipart/x; boundary=a; boundary=b; boundary=c)"},
  };
  for (const auto& [message, expected] : cases)
    EXPECT_EQ(errors(message, strict()), expected) << message;
  MimeOptions off = strict();
  off.mime = false;
  EXPECT_EQ(errors(type + "multipart/x; a=\xe9" + encoding + "base64\n\n\xe9", off), "");
}

// ---- for a next hop without 8BITMIME, as smtp(8) sent it

TEST(Downgrade, MakesEightBitPartsQuotedPrintable) {
  MimeOptions options;
  options.downgrade = true;
  const Case cases[] = {
      {"7bit stays", "A: 1\n\nx=\xe9", "P:A: 1\n--\n@0:\n@1:x=\xe9"},
      {"8bit", "Content-Transfer-Encoding: 8bit\nA: 1\n\nx=\xe9 \n",
       "P:A: 1\nP:Content-Transfer-Encoding: quoted-printable\n--\n@0:\n@1:x=3D=E9=20"},
      {"long lines", "Content-Transfer-Encoding: binary\n\n" + std::string(75, 'x') + "\n",
       "P:Content-Transfer-Encoding: quoted-printable\n--\n@0:\n@1:" + std::string(73, 'x') +
           "=\n@76:xx"},
      {"parts",
       "Content-Type: multipart/x; boundary=a\nContent-Transfer-Encoding: 8bit\n\n\xe9\n--a\n"
       "Content-Transfer-Encoding: 8bit\n\n\xe9\n--a--\n",
       kMultipartOut.substr(0, kMultipartOut.size() - 3) +
           "P:Content-Transfer-Encoding: 7bit\n--\n@0:\n@1:\xe9\n@3:--a\n"
           "M:Content-Transfer-Encoding: quoted-printable\n@0:\n@1:=E9\n@0:--a--"},
      {"no body", "Content-Transfer-Encoding: 8bit\nA: 1\n",
       "P:A: 1\nP:Content-Transfer-Encoding: quoted-printable\n--"},
      {"global is opaque",
       "Content-Type: message/global\nContent-Transfer-Encoding: 8bit\n\nA: \xe9\n",
       "P:Content-Type: message/global\nP:Content-Transfer-Encoding: quoted-printable\n--\n@0:\n"
       "@1:A: =E9"},
  };
  for (const Case& c : cases) EXPECT_EQ(trace(c.message, options), c.expected) << c.what;
}

}  // namespace
}  // namespace headgate::mail
