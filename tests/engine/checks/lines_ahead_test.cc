// Which records are lines of the text that lies ahead, what is scanned of it, and that an Inspector that looks ahead does
// what it does without, on random messages and real tables.
#include "engine/checks/lines_ahead.h"

#include <random>
#include <set>

#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "engine/rules/program_lookup.h"
#include "tests/engine/checks/message_run.h"

namespace headgate::checks {
namespace {

// Touches the lines that hold its byte, and tells what it was asked to scan.
class Touching final : public Lookup {
 public:
  explicit Touching(char byte, bool has_door = true) : byte_(byte), has_door_(has_door) {}

  Result<std::optional<Found>> find(std::string_view) override { return std::nullopt; }

  bool scan(std::string_view block, std::vector<std::uint32_t>& touched) override {
    if (!has_door_) return false;
    blocks.emplace_back(block);
    for (std::size_t begin = 0; begin < block.size();) {
      const std::size_t end = std::min(block.find('\n', begin), block.size());
      if (block.substr(begin, end - begin).find(byte_) != std::string_view::npos)
        touched.push_back(static_cast<std::uint32_t>(begin));
      begin = end + 1;
    }
    return true;
  }

  [[nodiscard]] const std::string& name() const override { return name_; }

  std::vector<std::string> blocks;

 private:
  std::string name_ = "touching:";
  char byte_;
  bool has_door_;
};

constexpr std::uint64_t kFar = std::numeric_limits<std::uint64_t>::max();

struct Ahead {
  TableList tables;
  LinesAhead ahead;

  Touching* add(char byte, bool has_door = true) {
    tables.tables.push_back(std::make_unique<Touching>(byte, has_door));
    return static_cast<Touching*>(tables.tables.back().get());
  }

  // "untouched", "at N", or "ask".
  std::string place(std::string_view record, std::uint64_t reach = kFar) {
    const auto place = ahead.place_of(record, reach, tables);
    if (place.untouched) return "untouched";
    return place.offset ? "at " + std::to_string(*place.offset) : "ask";
  }
};

TEST(LinesAhead, OnlyWholeLinesOfTheText) {
  Ahead a;
  a.add('x');
  const std::string text = "one\nx two\nthree\nfour";
  const std::string_view view = text;
  a.ahead.begin(view);
  EXPECT_EQ(a.place("one"), "ask") << "a text of its own, though equal";
  EXPECT_EQ(a.place(view.substr(0, 3)), "untouched");
  EXPECT_EQ(a.place(view.substr(4, 5)), "at 4");
  EXPECT_EQ(a.place(view.substr(5, 4)), "ask") << "begins in a line";
  EXPECT_EQ(a.place(view.substr(4, 3)), "ask") << "ends in a line";
  EXPECT_EQ(a.place(view.substr(10, 5)), "untouched");
  EXPECT_EQ(a.place(view.substr(16, 4)), "ask") << "not known to end";
  a.ahead.begin({});
  EXPECT_EQ(a.place(view.substr(0, 3)), "ask");
}

// And with the \n before it, where there is one.
TEST(LinesAhead, TheBlockBeginsWithTheFirstRecord) {
  Ahead a;
  const Touching* table = a.add('x');
  const std::string text = "Header: x\n\nbody\nx\nmore\n";
  const std::string_view view = text;
  a.ahead.begin(view);
  EXPECT_EQ(a.place(view.substr(11, 4)), "untouched");
  EXPECT_EQ(a.place(view.substr(16, 1)), "at 6") << "of the block";
  EXPECT_EQ(table->blocks, std::vector<std::string>{"\nbody\nx\nmore\n"});
}

TEST(LinesAhead, WholeLinesUpToTheReach) {
  Ahead a;
  const Touching* table = a.add('x');
  const std::string text = "aaaa\nbbbb\nxccc\ndddd\n";
  const std::string_view view = text;
  for (const auto& [reach, block] :
       std::vector<std::pair<std::uint64_t, std::string>>{{1, "aaaa\n"},
                                                          {5, "aaaa\n"},
                                                          {6, "aaaa\nbbbb\n"},
                                                          {12, "aaaa\nbbbb\nxccc\n"},
                                                          {99, text}}) {
    a.ahead.begin(view);
    EXPECT_EQ(a.place(view.substr(0, 4), reach), "untouched");
    EXPECT_EQ(table->blocks.back(), block) << reach;
  }
  a.ahead.begin(view);
  a.place(view.substr(0, 4), 1);
  EXPECT_EQ(a.place(view.substr(10, 4), 1), "at 1") << "a block of its own";
}

TEST(LinesAhead, BlocksAreBounded) {
  Ahead a;
  const Touching* table = a.add('x');
  std::string text;
  for (int line = 0; line < 5000; ++line)
    text += line == 4321 ? "the x line here\n" : "a line of thirty\n";
  a.ahead.begin(text);
  int at = 0;
  std::size_t begin = 0;
  for (int line = 0; line < 5000; ++line) {
    const std::size_t end = text.find('\n', begin);
    const auto place = a.place(std::string_view(text).substr(begin, end - begin));
    EXPECT_EQ(place == "untouched", line != 4321) << place;
    at += place.starts_with("at ") ? 1 : 0;
    begin = end + 1;
  }
  EXPECT_EQ(at, 1);
  EXPECT_EQ(table->blocks.size(), 2U);
  for (const std::string& block : table->blocks) EXPECT_EQ(block.back(), '\n');
}

TEST(LinesAhead, ALineWithANulIsAskedForAlone) {
  Ahead a;
  a.add('x');
  const std::string text("a\0x\nb\nx\n", 8);
  const std::string_view view = text;
  a.ahead.begin(view);
  EXPECT_EQ(a.place(view.substr(0, 3)), "ask");
  EXPECT_EQ(a.place(view.substr(4, 1)), "untouched");
  EXPECT_EQ(a.place(view.substr(6, 1)), "at 6");
}

TEST(LinesAhead, KnowsWhereThereIsNoCr) {
  LinesAhead ahead;
  const std::string text = std::string(5000, 'a') + "\nb\n" + std::string(9000, 'c') + "\rd\ne\n";
  const std::string_view view = text;
  EXPECT_FALSE(ahead.has_no_cr(view.substr(0, 10))) << "no text";
  for (const std::size_t step : {std::size_t{1}, std::size_t{700}, std::size_t{6000}}) {
    ahead.begin(view);
    for (std::size_t at = 0; at < text.size(); at += step) {
      const std::string_view bytes = view.substr(at, step);
      EXPECT_EQ(ahead.has_no_cr(bytes), bytes.find('\r') == std::string_view::npos) << at;
    }
    EXPECT_TRUE(ahead.has_no_cr(view.substr(text.size()))) << "an empty record at the end";
  }
  EXPECT_FALSE(ahead.has_no_cr("a text of its own"));
  ahead.begin({});
  EXPECT_FALSE(ahead.has_no_cr(view.substr(0, 10)));
}

// The lines that go on together, from where the last ones ended.
TEST(LinesAhead, LinesUpToOneThatIsTouched) {
  Ahead a;
  a.add('x');
  using namespace std::string_literals;
  const std::string text = "h\na\n\nb\nx\nx\nc\0\nd\n"s;
  const std::string_view view = text;
  const auto untouched = [&](std::size_t from, std::size_t size = std::string::npos,
                             std::uint64_t reach = kFar) {
    return a.ahead.untouched(view.substr(from, size), reach, a.tables);
  };
  a.ahead.begin(view);
  EXPECT_EQ(untouched(2), "a\n\nb\n");
  EXPECT_EQ(untouched(2, 3), "a\n\n") << "not more than what is asked about";
  EXPECT_EQ(untouched(7), "");
  EXPECT_EQ(a.place(view.substr(7, 1)), "at 6");
  EXPECT_EQ(untouched(9), "");
  EXPECT_EQ(untouched(11), "") << "a NUL";
  EXPECT_EQ(untouched(14), "d\n");
  a.ahead.begin(view);
  EXPECT_EQ(untouched(2, std::string::npos, 1), "a\n") << "not more than what is scanned";
  EXPECT_EQ(untouched(3), "") << "not at the beginning of a line";
  EXPECT_EQ(a.ahead.untouched("a\n", kFar, a.tables), "") << "a text of its own";
  a.add('z', false);
  a.ahead.begin(view);
  EXPECT_EQ(untouched(2), "") << "one of the tables has no door";
}

TEST(LinesAhead, AllTablesOfTheListAreScanned) {
  Ahead a;
  a.add('x');
  a.add('y');
  const std::string text = "y\nx\nxy\nz\n";
  const std::string_view view = text;
  a.ahead.begin(view);
  EXPECT_EQ(a.place(view.substr(0, 1)), "at 0");
  EXPECT_EQ(a.place(view.substr(2, 1)), "at 2");
  EXPECT_EQ(a.place(view.substr(4, 2)), "at 4");
  EXPECT_EQ(a.place(view.substr(7, 1)), "untouched");
  a.add('z', false);
  a.ahead.begin(view);
  EXPECT_EQ(a.place(view.substr(7, 1)), "ask") << "one of them has no door";
}

// Random messages: bodies with NULs, CRs, long and empty lines, parts; tables with every action that changes something.
class Messages {
 public:
  explicit Messages(unsigned seed) : random_(seed) {}

  int pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  std::string line() {
    static constexpr const char* kWords[] = {"foo",  "bar", "prepend", "ignore", "replace", "x",
                                             " ",    "--b", "\r",      "1",      "Foo",     "warn",
                                             "hold", "é",   "end",     "."};
    std::string line;
    for (int words = pick(5); words > 0; --words) line += kWords[pick(16)];
    if (pick(20) == 0) line += std::string(static_cast<std::size_t>(pick(60)), 'a') + "foo";
    if (pick(15) == 0) line.insert(line.size() / 2, 1, '\0');
    return line;
  }

  std::string lines(int most) {
    std::string lines;
    for (int count = pick(most); count > 0; --count)
      lines += (pick(12) == 0 ? "--b" : line()) + "\n";
    return lines;
  }

  std::string message() {
    std::string message = "Subject: foo\nContent-Type: multipart/mixed; boundary=b\n\n" + lines(30);
    for (int parts = pick(3); parts > 0; --parts) {
      message += "--b\n";
      if (pick(2) == 0) message += "Content-Type: message/rfc822\n\nSubject: ignore\n";
      message += "\n" + lines(20);
    }
    if (pick(2) == 0) message += "--b--\n" + lines(10);
    if (pick(30) == 0) message += "reject me\n" + lines(10);
    if (pick(4) == 0) message.pop_back();
    return message;
  }

 private:
  std::mt19937 random_;
};

struct Outcome {
  std::string kept;
  std::vector<std::string> log;
  Disposition disposition;
  std::string reason;
  bool hold;

  bool operator==(const Outcome&) const = default;
};

struct Conditions {
  std::vector<std::shared_ptr<const rules::Program>> body;
  std::size_t body_checks_size_limit, line_length_limit;
  std::size_t buffer_bytes;  // 0: without look_ahead
};

Outcome run(const std::string& message, const Conditions& conditions) {
  MessageRun run;
  for (const auto& program : conditions.body)
    run.checks.body->tables.push_back(
        std::make_unique<rules::ProgramLookup>(program, "pcre:t", nullptr));
  run.add(KeyClass::header, {{"ignore", "IGNORE"}});
  run.limits.body_checks_size_limit = conditions.body_checks_size_limit;
  Inspector inspector(run.checks, run.limits, run, run);
  mail::Splitter splitter(conditions.line_length_limit);
  const std::size_t step =
      conditions.buffer_bytes == 0 ? message.size() + 1 : conditions.buffer_bytes;
  std::string buffer;  // of the size of the piece: a reader behind its end is told of
  for (std::size_t at = 0; at < message.size(); at += step) {
    buffer.assign(message, at, step);
    if (conditions.buffer_bytes != 0) inspector.look_ahead(buffer);
    splitter.feed(buffer, inspector);
    if (conditions.buffer_bytes != 0) inspector.look_ahead({});
  }
  splitter.end(inspector);
  inspector.end();
  const Verdict& verdict = inspector.verdict();
  return {run.kept, run.log, verdict.disposition, verdict.reason, verdict.hold};
}

TEST(LinesAhead, AnInspectorThatLooksAheadDoesTheSame) {
  constexpr const char* kTables[] = {
      "/^prepend/ PREPEND before\n/^ignore$/ IGNORE\n/replace/ REPLACE with\n/warn$/ WARN w\n",
      "/foo$/ PREPEND foo\n/^$/ IGNORE\n/^reject me/ REJECT no\n/hold/ HOLD\n/^bar\\r?$/ INFO b\n",
      "if /^foo/\n!/bar/ WARN no bar\nendif\n/(.)\\1/ INFO twice\n",
      "!/[a-z]/ WARN nothing\n/a{40}/ IGNORE\n/^.?x/ REPLACE y\n",
  };
  std::vector<std::shared_ptr<const rules::Program>> programs;
  for (const char* table : kTables)
    programs.push_back(compiler::compile_text(rules::Dialect::pcre, "t", table, {}).full);
  Messages messages(5);
  std::set<Disposition> seen;
  std::size_t logged = 0;
  for (int round = 0; round < 300; ++round) {
    const std::string message = messages.message();
    Conditions conditions{{programs[static_cast<std::size_t>(messages.pick(4))]}, 0, 2048, 0};
    if (messages.pick(2) == 0)
      conditions.body.push_back(programs[static_cast<std::size_t>(messages.pick(4))]);
    if (messages.pick(2) == 0)
      conditions.body_checks_size_limit = static_cast<std::size_t>(1 + messages.pick(300));
    if (messages.pick(2) == 0)
      conditions.line_length_limit = static_cast<std::size_t>(8 + messages.pick(40));
    const Outcome expected = run(message, conditions);
    for (const std::size_t bytes : {std::size_t{100'000}, std::size_t{64}, std::size_t{7}}) {
      conditions.buffer_bytes = bytes;
      ASSERT_EQ(run(message, conditions), expected) << message << "\nbuffers of " << bytes;
    }
    seen.insert(expected.disposition);
    logged += expected.log.size();
  }
  EXPECT_EQ(seen.size(), 2U) << "accept, reject";
  EXPECT_GT(logged, 1000U);
}

}  // namespace
}  // namespace headgate::checks
