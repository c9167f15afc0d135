#include "bench/peers/mail_keys.h"

#include "bench/peers/sample.h"
#include "tests/bench/add_message.h"

namespace headgate::peers {
namespace {

using testing::ElementsAre;

TEST(MailKeys, HeadersOfAllClassesAndBodyLines) {
  MailKeys keys;
  add_message(keys,
              "A: 1\n folded\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
              "text/plain\n\nhello\n--b--\n");
  const MailMessage& message = keys.messages().front();
  EXPECT_THAT(message.headers.view().texts,
              ElementsAre("A: 1\n folded", "Content-Type: multipart/mixed; boundary=b",
                          "Content-Type: text/plain"));
  EXPECT_THAT(message.body.view().texts, ElementsAre("--b", "hello", "--b--"));
  EXPECT_EQ("\n--b\n\nhello\n--b--\n", message.body.view().bytes);
}

TEST(MailKeys, TheBodyLimitCuts) {
  MailKeys keys(KeyLimits{102400, 10});
  add_message(keys, "A: 1\n\n12345678\nabc\ndef\n");
  EXPECT_THAT(keys.messages().front().body.view().texts, ElementsAre("12345678"));
  EXPECT_EQ(keys.left_out_bytes(), 8U);
}

TEST(Sample, DependsOnTheSeedAlone) {
  MailKeys keys;
  for (int i = 0; i < 50; ++i) add_message(keys, "A: 1\n\nline " + std::to_string(i) + "\n");
  const auto names = [&](std::uint64_t seed) {
    std::vector<const MailMessage*> out =
        take_sample(keys.messages(), KeyKind::body, 10, seed).messages;
    return out;
  };
  EXPECT_EQ(names(1), names(1));
  EXPECT_NE(names(1), names(2));
  EXPECT_EQ(10U, names(1).size());
  const Sample all = take_sample(keys.messages(), KeyKind::body, 0, 1);
  EXPECT_EQ(50U, all.sections.size());
  EXPECT_EQ(50U, all.texts);
}

}  // namespace
}  // namespace headgate::peers
