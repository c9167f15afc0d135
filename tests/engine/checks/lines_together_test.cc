// Lines that go on together (Inspector::lines) against record after record: the same bytes, actions, errors and verdict, in
// the same order, however the stream is cut into reads, under all that could matter to a line among them.
#include <functional>

#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "engine/rules/program_lookup.h"
#include "tests/engine/checks/message_run.h"

namespace headgate::checks {
namespace {

// What is kept, the log and what is asked of the sink in one text, so that their order is seen.
class Trace final : public Sink, public ActionObserver {
 public:
  explicit Trace(std::size_t refuses_after) : refuses_after_(refuses_after) {}

  void record(std::string_view bytes, bool continued) override {
    seen += bytes;
    kept_bytes_ += bytes.size() + 1;
    seen += continued ? "+" : ".\n";
  }

  void lines(std::string_view lines) override {
    together += lines.size();
    Sink::lines(lines);
  }

  void end_of_primary_headers() override { seen += "<headers end>\n"; }

  [[nodiscard]] bool accepting() const override { return kept_bytes_ < refuses_after_; }

  void on_action(const ActionTaken& action) override {
    seen += fmt::format("<{} {}:{} {}>\n", action.context, action.table, action.line,
                        log_word(action.kind));
  }

  void on_warning(std::string_view text) override { seen += fmt::format("<warning {}>\n", text); }

  void on_mime_error(mail::MimeError error, std::string_view found) override {
    seen += mime_error_log_text(error, found, "O", "s", "r") + "\n";
  }

  std::string seen;
  std::size_t together = 0;  // bytes

 private:
  std::size_t kept_bytes_ = 0;
  const std::size_t refuses_after_;
};

using Programs = std::vector<std::shared_ptr<const rules::Program>>;

struct Conditions {
  const char* what;
  Programs body;
  std::function<void(Limits&)> set = [](Limits&) {};
  std::size_t line_length_limit = 2048;
  std::size_t refuses_after =
      std::string::npos;  // bytes that the sink keeps before it accepts no more
};

// What a mail::Splitter feeds where lines do not go together.
struct OneByOne {
  Inspector& inspector;

  void record(std::string_view bytes, bool continued) { inspector.record(bytes, continued); }
};

enum class Way { together, together_without_looking_ahead, one_by_one };

struct Outcome {
  std::string seen;
  std::size_t together;
};

Outcome outcome_of(const std::string& message, const Conditions& conditions, Way way,
                   std::size_t read_bytes) {
  CheckSet checks;
  for (const auto& program : conditions.body)
    checks.body->tables.push_back(
        std::make_unique<rules::ProgramLookup>(program, "pcre:t", nullptr));
  Limits limits;
  conditions.set(limits);
  Trace trace(conditions.refuses_after);
  Inspector inspector(checks, limits, trace, trace);
  OneByOne one_by_one{inspector};
  mail::Splitter splitter(conditions.line_length_limit);
  std::string buffer;  // of the size of the piece: a reader behind its end is told of
  for (std::size_t at = 0; at < message.size(); at += read_bytes) {
    buffer.assign(message, at, read_bytes);
    if (way != Way::together_without_looking_ahead) inspector.look_ahead(buffer);
    way == Way::one_by_one ? splitter.feed(buffer, one_by_one) : splitter.feed(buffer, inspector);
    inspector.look_ahead({});
  }
  splitter.end(inspector);
  inspector.end();
  const Verdict& verdict = inspector.verdict();
  trace.seen += fmt::format("<{} {} hold={}>", static_cast<int>(verdict.disposition),
                            verdict.reason, verdict.hold);
  return {trace.seen, trace.together};
}

struct Message {
  const char* what;
  std::string text;
};

std::string repeat(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

std::vector<Message> messages() {
  using namespace std::string_literals;
  const std::string plain = "Subject: x\n\n";
  const std::string parts = "Content-Type: multipart/mixed; boundary=b\n\n";
  const std::string lines = repeat("a line of text\n\nand one more\n", 20);
  return {
      {"nothing", ""},
      {"headers only", "Subject: x\n"},
      {"plain", plain + lines},
      {"body first", "\n" + lines},
      {"garbage ends the headers", "Subject: x\ngarbage\n" + lines},
      {"no end of the last line", plain + lines + "the end"},
      {"touched at both ends", plain + "foo\n" + lines + "foo\n"},
      {"touched all over", plain + repeat("foo\nbar\nfoo\n", 30)},
      {"only empty lines", plain + std::string(300, '\n')},
      {"NULs", plain + lines + "a\0b\n"s + lines + "\0foo\nfo\0o\n"s + lines + "\0\n"s},
      {"CRs", plain + lines + "a\rb\nc\r\n\r\n" + lines + "fo\ro\n" + lines},
      {"a CR at the very end", plain + lines + "a\r"},
      {"8-bit", plain + lines + "caf\xc3\xa9\n" + lines + "\xff\n" + lines},
      {"declared 8-bit", "Content-Transfer-Encoding: 8bit\n\n" + lines + "caf\xc3\xa9=\n" + lines},
      {"characters", plain + lines + "a\tb\n" + lines + "fo\x01o\n" + lines},
      {"long lines", plain + lines + std::string(7000, 'x') + "\n" + lines +
                         std::string(2048, 'y') + "\n" + lines + std::string(2047, 'z') + "\n" +
                         lines + std::string(4096, 'x')},
      {"parts",
       parts + lines + "--b\nSubject: y\n\n" + lines + "--b\n\n" + lines + "--b--\n" + lines},
      {"dashes that are none", parts + lines + "--\n--c\n---b\n -- b\n-\n" + lines},
      {"dashes without parts", plain + lines + "--b\n--\n" + lines},
      {"a delimiter first, and one last", parts + "--b\n\n--b\n" + lines + "--b"},
      {"a delimiter by prefix", parts + lines + "--bar\nfoo: 1\n\n" + lines},
      {"inner parts", parts + "--b\nContent-Type: multipart/mixed; boundary=c\n\n" + lines +
                          "--c\n\n" + lines + "--b\n\n" + lines + "--c\n" + lines},
      {"a nested message", parts + "--b\nContent-Type: message/rfc822\n\nSubject: foo\n\n" + lines +
                               "foo\n--b\n\n" + lines},
      {"an offset that begins again", parts + repeat(lines + "foo\n--b\n\nfoo\n", 12)},
      {"more than goes together", plain + repeat(lines, 40) + "foo\n" + repeat(lines, 30)},
      {"more than is scanned at once", plain + repeat(lines + "bar foo\n", 250)},
      {"refused", plain + lines + "reject\nfoo\n" + lines + "foo\n"},
  };
}

std::vector<Conditions> conditions() {
  const auto compiled = [](const char* table) {
    return compiler::compile_text(rules::Dialect::pcre, "t", table, {}).full;
  };
  const Programs few = {
      compiled("/^reject/ REJECT no\n/foo$/ PREPEND before\n/^bar/ IGNORE\n"
               "/caf/ WARN coffee\n/^a line/ DUNNO\n/zzz/ REPLACE z\n")};
  const Programs two = {few[0], compiled("/^and one/ HOLD\n/^foo/ REPLACE bar\n/^$/ IGNORE\n")};
  const Programs every = {compiled("!/[a-z]/ WARN nothing\n/(.)\\1/ INFO twice\n")};
  return {
      {"no tables", {}},
      {"a table", few},
      {"two tables", two},
      {"a table that wants every line", every},
      {"all reach", two, [](Limits& l) { l.body_checks_size_limit = 0; }},
      {"reach of 1", few, [](Limits& l) { l.body_checks_size_limit = 1; }},
      {"reach of 300", few, [](Limits& l) { l.body_checks_size_limit = 300; }},
      {"reach of 571", two, [](Limits& l) { l.body_checks_size_limit = 571; }},
      {"reach of 5000", two, [](Limits& l) { l.body_checks_size_limit = 5000; }},
      {"short lines", few, [](Limits&) {}, 8},
      {"whole lines", few, [](Limits&) {}, 0},
      {"CRs stay", few, [](Limits& l) { l.replace_stray_cr_lf = false; }},
      {"characters refused", few, [](Limits& l) { l.reject_characters = "\x01"; }},
      {"characters taken out", few, [](Limits& l) { l.strip_characters = "\t\x01"; }},
      {"the end of a line is none of them", few, [](Limits& l) { l.strip_characters = "\n\t"; }},
      {"strict", few, [](Limits& l) { l.strict_8bitmime_body = true; }},
      {"strict without tables", {}, [](Limits& l) { l.strict_8bitmime_body = true; }},
      {"no MIME", few, [](Limits& l) { l.disable_mime_input_processing = true; }},
      {"a short boundary", few, [](Limits& l) { l.mime_boundary_length_limit = 0; }},
      {"delivery", few, [](Limits& l) { l = delivery_limits(l); }},
      {"downgrade", few,
       [](Limits& l) {
         l = delivery_limits(l);
         l.downgrade = true;
       }},
      {"a sink that is full at once", two, [](Limits&) {}, 2048, 0},
      {"a sink that is full soon", two, [](Limits&) {}, 2048, 400},
  };
}

TEST(LinesTogether, AsOneByOne) {
  for (const Conditions& under : conditions()) {
    SCOPED_TRACE(under.what);
    std::size_t together = 0;
    for (const Message& message : messages()) {
      SCOPED_TRACE(message.what);
      const Outcome expected =
          outcome_of(message.text, under, Way::one_by_one, message.text.size() + 1);
      EXPECT_EQ(expected.together, 0U);
      for (const std::size_t read : {message.text.size() + 1, std::size_t{4000}, std::size_t{61}}) {
        EXPECT_EQ(outcome_of(message.text, under, Way::one_by_one, read).seen, expected.seen);
        EXPECT_EQ(outcome_of(message.text, under, Way::together_without_looking_ahead, read).seen,
                  expected.seen);
        const Outcome outcome = outcome_of(message.text, under, Way::together, read);
        ASSERT_EQ(outcome.seen, expected.seen) << "reads of " << read;
        together += outcome.together;
      }
    }
    EXPECT_GT(together, 0U);
  }
}

TEST(LinesTogether, AllOfAPlainBody) {
  const std::string body = repeat("a line of text\n", 5000);
  const Outcome outcome =
      outcome_of("Subject: x\n\n" + body, {"none", {}}, Way::together, std::string::npos);
  EXPECT_EQ(outcome.together, body.size());
}

}  // namespace
}  // namespace headgate::checks
