// In the steady state no memory is allocated for a body line or a header that no pattern touches, nor for one that is asked
// for in vain. A program of its own: it counts what operator new and malloc give.
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "engine/checks/inspector.h"
#include "engine/mail/splitter.h"
#include "engine/rules/program_lookup.h"

namespace {

// Of this thread only, while it counts.
thread_local bool counting = false;
thread_local std::size_t allocations = 0;

void note() {
  if (counting) ++allocations;
}

}  // namespace

// Sanitizers have a malloc of their own: there is nothing to count then.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kCounts = false;
#else
constexpr bool kCounts = true;

// malloc itself, so that what PCRE2 and glibc's regexec take counts too.
extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* memory, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);

void* malloc(std::size_t bytes) {
  note();
  return __libc_malloc(bytes);
}

void* calloc(std::size_t count, std::size_t bytes) {
  note();
  return __libc_calloc(count, bytes);
}

void* realloc(void* memory, std::size_t bytes) {
  note();
  return __libc_realloc(memory, bytes);
}

void* memalign(std::size_t alignment, std::size_t bytes) {
  note();
  return __libc_memalign(alignment, bytes);
}
}
#endif

namespace headgate::checks {
namespace {

template <class Work>
std::size_t allocations_of(const Work& work) {
  allocations = 0;
  counting = true;
  work();
  counting = false;
  return allocations;
}

TEST(Allocations, AreCounted) {
  if (!kCounts) GTEST_SKIP();
  note();
  EXPECT_EQ(allocations_of([] { std::free(std::malloc(1)); }), 1U);
  EXPECT_GE(allocations_of([] { const std::string text(100, 'x'); }), 1U);
}

constexpr const char* kTable =
    "/^Subject: .*free/ REJECT\n"
    "if /^Subject:/\n/viagra/ REJECT\n/[0-9]{9}/ REJECT\nendif\n"
    "if /^X-Mailer: .*bulk/\n/(?!a)foo/ REJECT\nendif\n"
    "/^From:.*@bad\\.example/ REJECT\n/(spam|ham).*eggs/ REJECT\n/from[0-9]+ (?!x)y/ REJECT\n"
    "/(a+)b+(?=c)c\\1d/ REJECT\n/^begin 644 / REJECT\n/https?:..[^ ]*\\.exe$/ REJECT\n";

std::unique_ptr<rules::ProgramLookup> open(rules::Dialect dialect, const char* table) {
  auto program = compiler::compile_text(dialect, "t", table, {}).full;
  return std::make_unique<rules::ProgramLookup>(std::move(program), "pcre:t", nullptr);
}

// Asked for in vain, some of it: what is found has a value, which is a string.
constexpr const char* kHeaders[] = {
    "Subject: nothing to see here, and nothing to do",
    "subject: fre e, v1agra, 12345678",
    "From: someone@good.example",
    "X-Mailer: none in bulk, only fo",
    "Received: from mail.example (mail.example [192.0.2.1]) by mx.example; spam without",
    "To: from22 x",
    "no header at all",
    "",
};

TEST(Allocations, NoneForAHeader) {
  const auto lookup = open(rules::Dialect::pcre, kTable);
  bool found = false;
  const auto ask_all = [&] {
    for (const char* header : kHeaders) found |= lookup->find(header)->has_value();
  };
  ask_all();
  EXPECT_EQ(allocations_of(ask_all), 0U);
  EXPECT_FALSE(found);
}

std::string body_lines(int lines) {
  static constexpr const char* kLines[] = {
      "The quick brown fox jumps over the lazy dog, again and again.",
      "",
      "> quoted, with spam, and ham without the rest",
      "see http://www.example/index.html for more, from22 x",
      "1234567890 1234567890",
      "aaaaab and so on",
      "Best regards",
  };
  std::string body;
  for (int line = 0; line < lines; ++line) body += std::string(kLines[line % 7]) + "\n";
  return body;
}

TEST(Allocations, NoneForABlock) {
  const auto lookup = open(rules::Dialect::pcre, kTable);
  const std::string block = body_lines(300);
  std::vector<std::uint32_t> touched;
  bool found = false;
  const auto look = [&] {
    touched.clear();
    lookup->scan(block, touched);
    for (const std::uint32_t line : touched) {
      const std::size_t end = block.find('\n', line);
      found |=
          lookup->find_line(line, std::string_view(block).substr(line, end - line))->has_value();
    }
  };
  look();
  EXPECT_EQ(allocations_of(look), 0U);
  EXPECT_GT(touched.size(), 10U);
  EXPECT_LT(touched.size(), 300U);
  EXPECT_FALSE(found);
}

class Nowhere final : public Sink, public ActionObserver {
 public:
  void record(std::string_view bytes, bool) override { kept_bytes += bytes.size(); }

  void on_action(const ActionTaken&) override { ++actions; }

  void on_warning(std::string_view) override {}

  std::size_t kept_bytes = 0;
  int actions = 0;
};

Limits unlimited() {
  Limits limits;
  limits.body_checks_size_limit = 0;
  return limits;
}

struct Message {
  explicit Message(bool with_door = true) : ahead(with_door) {
    checks.header->tables.push_back(open(rules::Dialect::pcre, kTable));
    checks.body->tables.push_back(open(rules::Dialect::pcre, kTable));
    checks.body->tables.push_back(open(rules::Dialect::pcre, "/^Received: .*nowhere/ REJECT\n"));
  }

  void feed(std::string_view text) {
    if (ahead) inspector.look_ahead(text);
    splitter.feed(text, inspector);
    inspector.look_ahead({});
  }

  bool ahead;
  CheckSet checks;
  Limits limits = unlimited();
  Nowhere nowhere;
  Inspector inspector{checks, limits, nowhere, nowhere};
  mail::Splitter splitter{2048};
};

TEST(Allocations, NoneForBodyLines) {
  for (const bool ahead : {true, false}) {
    SCOPED_TRACE(ahead ? "looking ahead" : "line by line");
    Message message(ahead);
    message.feed("Subject: x\nTo: y\n\n");
    const std::string body = body_lines(500);
    message.feed(body);
    EXPECT_EQ(allocations_of([&] { message.feed(body); }), 0U);
    EXPECT_EQ(message.nowhere.actions, 0);
    EXPECT_GT(message.nowhere.kept_bytes, body.size());
  }
}

// A message's headers: the parser gathers each in the room that the longest so far took.
TEST(Allocations, NoneForAMessagesHeaders) {
  Message message;
  std::string headers;
  for (const char* header : kHeaders) {
    if (std::string_view(header).find(": ") != std::string_view::npos)
      headers += std::string(header) + "\n\tcontinued, and this is long\n";
  }
  message.feed(headers);
  EXPECT_EQ(allocations_of([&] { message.feed(headers); }), 0U);
  EXPECT_EQ(message.nowhere.actions, 0);
}

}  // namespace
}  // namespace headgate::checks
