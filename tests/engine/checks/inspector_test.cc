// Actions, classes and stops: what each does to the message, the verdict and the log.
#include <ostream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/checks/message_run.h"

namespace headgate::checks {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A message with every kind of place in it: a primary header, a part's header, an attached message's header, bodies.
constexpr std::string_view kMessage =
    "A: 1\n"
    "Hit: p\n"
    "Content-Type: multipart/mixed; boundary=b\n"
    "\n"
    "hit preamble\n"
    "--b\n"
    "Hit: m\n"
    "Content-Type: message/rfc822\n"
    "\n"
    "Hit: n\n"
    "\n"
    "hit body\n"
    "--b--\n";

enum class Where { primary, part, nested, body };

struct Place {
  Where where;
  std::string_view line;  // the one that is hit
  std::string_view context;
  std::string_view parameter;
};

constexpr Place kPlaces[] = {{Where::primary, "Hit: p", "header", "header_checks"},
                             {Where::part, "Hit: m", "header", "mime_header_checks"},
                             {Where::nested, "Hit: n", "header", "nested_header_checks"},
                             {Where::body, "hit body", "body", "body_checks"}};

std::string with_line(std::string_view line, std::string_view instead) {
  std::string message(kMessage);
  const auto at = message.find(std::string(line) + '\n');
  return message.replace(at, line.size() + 1, instead);
}

KeyClass class_of(Where where) {
  return where == Where::primary  ? KeyClass::header
         : where == Where::part   ? KeyClass::mime
         : where == Where::nested ? KeyClass::nested
                                  : KeyClass::body;
}

class EveryPlace : public testing::TestWithParam<Place> {
 protected:
  // One rule in the table of the place's class; the other classes have none.
  void hit(std::string action) {
    const Place& place = GetParam();
    for (const auto c : {KeyClass::mime, KeyClass::nested}) run_.add(c, Rules{});
    run_.add(class_of(place.where), {{std::string(place.line), std::move(action)}});
    run_.run(kMessage);
  }

  std::string line(std::string_view word, std::string_view text) const {
    const Place& place = GetParam();
    return fmt::format("{}: {} {} from O;{} [fake:{}:1]", word, place.context, place.line,
                       text.empty() ? "" : ": " + std::string(text), place.parameter);
  }

  MessageRun run_;
};

TEST_P(EveryPlace, NothingHitKeepsEveryByte) {
  hit("DUNNO");
  EXPECT_EQ(run_.kept, kMessage);
  EXPECT_THAT(run_.log, IsEmpty());
  EXPECT_EQ(run_.verdict.disposition, Disposition::accept);
}

TEST_P(EveryPlace, InfoAndWarnOnlyLog) {
  hit("INFO look");
  EXPECT_EQ(run_.kept, kMessage);
  EXPECT_THAT(run_.log, ElementsAre(line("info", "look")));
}

TEST_P(EveryPlace, IgnoreDeletesSilently) {
  hit("IGNORE");
  EXPECT_EQ(run_.kept, with_line(GetParam().line, ""));
  EXPECT_THAT(run_.log, IsEmpty());
}

TEST_P(EveryPlace, StripDeletesAndLogs) {
  hit("STRIP bad");
  EXPECT_EQ(run_.kept, with_line(GetParam().line, ""));
  EXPECT_THAT(run_.log, ElementsAre(line("strip", "bad")));
}

TEST_P(EveryPlace, ReplacePutsALineInstead) {
  hit("REPLACE X-New: line");
  EXPECT_EQ(run_.kept, with_line(GetParam().line, "X-New: line\n"));
  EXPECT_THAT(run_.log, ElementsAre(line("replace", "X-New: line")));
}

TEST_P(EveryPlace, PrependPutsALineBefore) {
  hit("PREPEND X-New: line");
  EXPECT_EQ(run_.kept,
            with_line(GetParam().line, "X-New: line\n" + std::string(GetParam().line) + "\n"));
  EXPECT_THAT(run_.log, ElementsAre(line("prepend", "X-New: line")));
}

TEST_P(EveryPlace, RejectKeepsTheReason) {
  hit("REJECT no way");
  EXPECT_EQ(run_.verdict.disposition, Disposition::reject);
  EXPECT_EQ(run_.verdict.reason, "5.7.1 no way");
  EXPECT_EQ(run_.kept, kMessage);
  EXPECT_THAT(run_.log, ElementsAre(line("reject", "5.7.1 no way")));
}

// What is kept of such a message is nobody's business: its queue file goes. But cleanup still counts the header.
TEST_P(EveryPlace, DiscardLeavesTheRecord) {
  hit("DISCARD bye");
  EXPECT_EQ(run_.verdict.disposition, Disposition::discard);
  EXPECT_EQ(run_.kept, kMessage);
  EXPECT_THAT(run_.log, ElementsAre(line("discard", "bye")));
}

TEST_P(EveryPlace, HoldFilterBccRedirectSetTheEnvelope) {
  hit("HOLD wait");
  EXPECT_TRUE(run_.verdict.hold);
  EXPECT_EQ(run_.kept, kMessage);
  EXPECT_THAT(run_.log, ElementsAre(line("hold", "wait")));
}

TEST_P(EveryPlace, BadArgumentsWarnAndKeep) {
  hit("REPLACE");
  EXPECT_EQ(run_.kept, kMessage);
  EXPECT_THAT(run_.log, ElementsAre(fmt::format("warning: REPLACE action without text in {} map",
                                                GetParam().parameter)));
}

TEST_P(EveryPlace, AFailedLookupMakesItTryLater) {
  const std::string parameter(GetParam().parameter);
  for (const auto c : {KeyClass::mime, KeyClass::nested}) run_.add(c, Rules{});
  run_.add(class_of(GetParam().where),
           std::make_unique<support::FakeLookup>("fake:x", [](std::string_view) {
             return fail(Code::unavailable,
                         "fake:x is unavailable. open x: No such file or directory");
           }));
  run_.run(kMessage);
  EXPECT_EQ(run_.verdict.disposition, Disposition::tempfail);
  EXPECT_EQ(run_.verdict.failed_parameter, parameter);
  ASSERT_EQ(run_.log.size(), 3U);
  EXPECT_EQ(run_.log[0], "warning: fake:x is unavailable. open x: No such file or directory");
  EXPECT_THAT(run_.log[1], testing::StartsWith("warning: fake:x lookup error for \""));
  EXPECT_EQ(run_.log[2], "warning: ID: " + parameter +
                             " map lookup problem -- message not accepted, try again later");
}

// 60: an empty value, also one that $1 made, is an error of the table.
TEST_P(EveryPlace, AnEmptyValueMakesItTryLater) {
  hit("");
  const std::string parameter(GetParam().parameter);
  EXPECT_EQ(run_.verdict.disposition, Disposition::tempfail);
  EXPECT_THAT(run_.log,
              ElementsAre(fmt::format("warning: {} lookup of {} returns an empty string result",
                                      parameter, GetParam().line),
                          "warning: " + parameter + " should return NO RESULT in case of NOT FOUND",
                          "warning: ID: " + parameter +
                              " map lookup problem -- message not accepted, try again later"));
}

INSTANTIATE_TEST_SUITE_P(Places, EveryPlace, testing::ValuesIn(kPlaces),
                         [](const auto& test) { return std::string(test.param.parameter); });

// ---- which table

TEST(Classes, EachKeyGoesToItsTable) {
  MessageRun run;
  auto* header = run.add(KeyClass::header, Rules{});
  auto* mime = run.add(KeyClass::mime, Rules{});
  auto* nested = run.add(KeyClass::nested, Rules{});
  auto* body = run.add(KeyClass::body, Rules{});
  run.run(kMessage);
  EXPECT_THAT(header->keys, ElementsAre("A: 1", "Hit: p"));
  EXPECT_THAT(mime->keys, ElementsAre("Content-Type: multipart/mixed; boundary=b", "Hit: m",
                                      "Content-Type: message/rfc822"));
  EXPECT_THAT(nested->keys, ElementsAre("Hit: n"));
  EXPECT_THAT(body->keys,
              ElementsAre("hit preamble", "--b", "hit body", "--b--"));  // 52: never an empty key
}

// 53: the six names are special with MIME off too; the structure then is not.
TEST(Classes, TheMimeNamesKeepTheirTableWithMimeOff) {
  MessageRun run;
  run.limits.disable_mime_input_processing = true;
  auto* header = run.add(KeyClass::header, Rules{});
  auto* mime = run.add(KeyClass::mime, Rules{});
  auto* body = run.add(KeyClass::body, Rules{});
  run.run(
      "MIME-Version: 1.0\nContent-Language: en\nContent-Type: multipart/x; boundary=b\n\n--b\nHit: "
      "m\n");
  EXPECT_THAT(mime->keys,
              ElementsAre("MIME-Version: 1.0", "Content-Type: multipart/x; boundary=b"));
  EXPECT_THAT(header->keys, ElementsAre("Content-Language: en"));
  EXPECT_THAT(body->keys, ElementsAre("--b", "Hit: m"));
}

TEST(Classes, AnInheritedListSeesAllHeaders) {
  MessageRun run;
  run.add(KeyClass::header, {{"Hit", "WARN"}});
  run.run(kMessage);
  EXPECT_THAT(run.log, ElementsAre("warning: header Hit: p from O; [fake:header_checks:1]",
                                   "warning: header Hit: m from O; [fake:header_checks:1]",
                                   "warning: header Hit: n from O; [fake:header_checks:1]"));
}

// 5.5: the parser has already acted on the original.
TEST(Classes, DeletingAContentTypeDoesNotChangeTheParse) {
  MessageRun run;
  run.add(KeyClass::header, {{"Content-Type: multipart", "IGNORE"}, {"Hit: m", "WARN"}});
  run.run(kMessage);
  EXPECT_EQ(run.log.size(), 1U);
  EXPECT_EQ(run.kept, with_line("Content-Type: multipart/mixed; boundary=b", ""));
}

TEST(Classes, ReplacedLinesAreNotLookedUpAgain) {
  MessageRun run;
  auto* header = run.add(KeyClass::header, {{"A:", "REPLACE Content-Type: multipart/x; boundary=q"},
                                            {"Content", "WARN"}});
  run.run("A: 1\n\n--q\nHit: m\n");
  EXPECT_THAT(header->keys, ElementsAre("A: 1"));
  EXPECT_EQ(run.kept, "Content-Type: multipart/x; boundary=q\n\n--q\nHit: m\n");
}

// ---- what goes on, what stops

struct Stop {
  const char* action;
  bool stops;

  friend void PrintTo(const Stop& s, std::ostream* out) { *out << s.action; }
};

class Stops : public testing::TestWithParam<Stop> {};

TEST_P(Stops, OrGoesOn) {
  MessageRun run;
  run.add(KeyClass::header, {{"First", GetParam().action}, {"Second", "REPLACE X-Second: seen"}});
  run.add(KeyClass::body, {{"body", "REPLACE seen"}});
  run.run("First: 1\nSecond: 2\n\nbody\n");
  EXPECT_EQ(run.kept.find("seen") == std::string::npos, GetParam().stops) << run.kept;
  EXPECT_EQ(run.ends_of_headers, run.verdict.disposition == Disposition::accept ? 1 : 0);
}

INSTANTIATE_TEST_SUITE_P(
    Actions, Stops,
    testing::Values(Stop{"BCC a@b", false}, Stop{"DUNNO", false}, Stop{"OK", false},
                    Stop{"FILTER a:b", false}, Stop{"HOLD", false}, Stop{"IGNORE", false},
                    Stop{"INFO", false}, Stop{"PREPEND A: b", false}, Stop{"REPLACE A: b", false},
                    Stop{"STRIP", false}, Stop{"WARN", false}, Stop{"UNKNOWN", false},
                    Stop{"REJECT", true}, Stop{"DISCARD", true}, Stop{"PASS", true},
                    Stop{"REDIRECT a@b", true}, Stop{"REDIRECT a", false}, Stop{"", true}));

TEST(Interplay, TheLastFilterCountsAndTheFirstHoldIsLogged) {
  MessageRun run;
  run.add(KeyClass::header, {{"H", "HOLD h"}, {"F1", "FILTER a:1"}, {"F2", "FILTER b:2"}});
  run.run("H: 1\nH: 2\nF1: x\nF2: y\n\n");
  EXPECT_TRUE(run.verdict.hold);
  EXPECT_EQ(run.verdict.filter, "b:2");
  EXPECT_THAT(run.log, ElementsAre("hold: header H: 1 from O;: h [fake:header_checks:1]",
                                   "filter: header F1: x from O;: a:1 [fake:header_checks:2]",
                                   "filter: header F2: y from O;: b:2 [fake:header_checks:3]"));
}

TEST(Interplay, BccDuplicatesMerge) {
  MessageRun run;
  run.add(KeyClass::header, {{"A", "BCC x@y"}, {"B", "BCC X@Y"}, {"C", "BCC z@y"}});
  run.run("A: 1\nB: 2\nC: 3\nA: 4\n\n");
  EXPECT_THAT(run.verdict.bcc, ElementsAre("x@y", "z@y"));
  EXPECT_EQ(run.log.size(), 4U);
}

TEST(Interplay, DiscardAfterHoldDiscards) {
  MessageRun run;
  run.add(KeyClass::header, {{"A", "HOLD"}, {"B", "DISCARD"}, {"C", "REJECT"}});
  run.run("A: 1\nB: 2\nC: 3\n\n");
  EXPECT_EQ(run.verdict.disposition, Disposition::discard);
}

TEST(Interplay, TheFirstRejectWins) {
  MessageRun run;
  run.add(KeyClass::header, {{"A", "REJECT 4.7.1 a"}, {"B", "REJECT b"}});
  run.run("A: 1\nB: 2\n\n");
  EXPECT_EQ(run.verdict.reason, "4.7.1 a");
  EXPECT_EQ(run.log.size(), 1U);
}

TEST(Interplay, ABadDsnIsWarnedAndStillRejects) {
  MessageRun run;
  run.add(KeyClass::header, {{"A", "REJECT 2.0.0 x"}});
  run.run("A: 1\n\n");
  EXPECT_EQ(run.verdict.reason, "4.0.0 x");
  EXPECT_THAT(run.log, ElementsAre("warning: bad DSN action in 2.0.0 x -- need 4.x.x or 5.x.x",
                                   "reject: header A: 1 from O;: 4.0.0 x [fake:header_checks:1]"));
}

// ---- headers that cleanup counts

TEST(PrimaryHeaders, AreSeenByTheirNameOnOutput) {
  MessageRun run;
  run.add(KeyClass::header,
          {{"Message-Id", "IGNORE"}, {"X-Date", "REPLACE Date: now"}, {"Received", "IGNORE"}});
  run.mark_end_of_headers = true;
  run.run("Received: 1\nReceived: 2\nMessage-Id: <x>\nX-Date: y\nFROM: a\nCc: b\n\nTo: c\n");
  EXPECT_EQ(run.ends_of_headers, 1);
  EXPECT_EQ(run.received_found, 2);
  EXPECT_THAT(run.primary_headers, ElementsAre("Date: now", "FROM: a", "Cc: b"));
  EXPECT_EQ(run.kept, "Date: now\nFROM: a\nCc: b\n<here>\n\nTo: c\n");
}

TEST(PrimaryHeaders, APrependedOneDoesNotCount) {
  MessageRun run;
  run.add(KeyClass::header, {{"A", "PREPEND Message-Id: <ours>"}});
  run.run("A: 1\n\n");
  EXPECT_THAT(run.primary_headers, IsEmpty());
}

TEST(PrimaryHeaders, NothingIsAddedToAMessageThatIsRefused) {
  MessageRun run;
  run.add(KeyClass::header, {{"A", "REJECT"}, {"B", "DISCARD"}});
  for (const auto* message : {"A: 1\n\n", "B: 1\n\n"}) run.run(message);
  EXPECT_EQ(run.ends_of_headers, 0);
}

TEST(PrimaryHeaders, EndOnceWhateverTheMessage) {
  for (const auto* message : {"", "A: 1", "A: 1\n\n", "\nx", "garbage", "A: 1\ngarbage\nB: 2\n",
                              "Content-Type: message/rfc822\n\nA: 1\n\nx"}) {
    MessageRun run;
    run.run(message);
    EXPECT_EQ(run.ends_of_headers, 1) << message;
  }
}

TEST(PrimaryHeaders, DroppedOnesAreLookedUpFirst) {
  const std::vector<std::string> drop = {"bcc", "return-path"};
  MessageRun run;
  run.limits.drop_headers = drop;
  auto* header = run.add(KeyClass::header, {{"X-Bcc", "REPLACE Bcc: x"}});
  run.run(
      "BCC: a\nReturn-Path: <b>\nX-Bcc: c\nTo: d\nContent-Type: message/rfc822\n\nBcc: kept\n\n");
  EXPECT_EQ(run.kept, "To: d\nContent-Type: message/rfc822\n\nBcc: kept\n\n");
  EXPECT_EQ(header->keys.size(), 6U);
}

}  // namespace
}  // namespace headgate::checks
