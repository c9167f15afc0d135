#include "engine/rules/name_index.h"

#include <gtest/gtest.h>

namespace headgate::rules {
namespace {

const std::vector<std::string> kNames = {"to",
                                         "subject",
                                         "received",
                                         "message-id",
                                         "x-mailer",
                                         "content-type: x",
                                         "sixteen-bytes-ok",
                                         "list-unsubscribe-post",
                                         "list-unsubscriba-post",
                                         std::string(64, 'n'),
                                         std::string(65, 'n'),
                                         "",
                                         "subject",
                                         std::string("nul\0", 4)};

struct Case {
  std::string text;
  std::uint32_t expected;
};

TEST(NameIndex, KnowsTheNameBeforeTheColon) {
  const NameIndex index(kNames);
  constexpr auto kNone = NameIndex::kNone;
  const std::vector<Case> cases = {
      {"", kNone},
      {"To", kNone},
      {"To:", 0},
      {"TO: a@b", 0},
      {"to :", kNone},
      {"tO:", 0},
      {"Subject: x", 1},
      {"sUBJECT:", 1},
      {"Subject : x", kNone},
      {"Subjec: x", kNone},
      {"\x73ubjec\xd4: x", kNone},
      {"Received: from", 2},
      {"Received:", 2},
      {"MESSAGE-ID:<a>", 3},
      {"message\rid:<a>", kNone},  // a byte that differs in the bit of the case
      {"X-Mailer: y", 4},
      {"Content-Type: x: y", kNone},  // no name has a colon
      {"Sixteen-Bytes-OK: 1", 6},
      {"Sixteen-Bytes-No: 1", kNone},
      {"List-Unsubscribe-Post: 1", 7},
      {"List-Unsubscriba-Post: 1", 8},
      {"List-Unsubscribx-Post: 1", kNone},
      {std::string(64, 'N') + ":", 9},
      {std::string(65, 'N') + ":", kNone},  // longer than any that is dispatched
      {std::string(500, 'N') + ":", kNone},
      {":", 11},
      {": x", 11},
      {std::string("nul\0:", 5), 13},
      {"nul:", kNone},
      {"a body line without", kNone},
  };
  for (const Case& test : cases) EXPECT_EQ(index.find(test.text), test.expected) << test.text;
}

TEST(NameIndex, MayBeEmpty) { EXPECT_EQ(NameIndex().find("To: x"), NameIndex::kNone); }

}  // namespace
}  // namespace headgate::rules
