// A sample of mail comes back as it was, and nothing else is taken for one.
#include "engine/rules/mail_sample.h"

#include <gtest/gtest.h>

namespace headgate::rules {
namespace {

TEST(MailSample, ComesBack) {
  for (const bool body_lines : {false, true}) {
    const MailSample sample{body_lines, {"", "Subject: x\n y", std::string("\0\xff", 2)}};
    const auto back = parse_mail_sample(mail_sample_bytes(sample));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->body_lines, body_lines);
    EXPECT_EQ(back->texts, sample.texts);
  }
}

TEST(MailSample, DamageIsRefused) {
  const std::string bytes = mail_sample_bytes({true, {"one", "two"}});
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(parse_mail_sample(std::string_view(bytes).substr(0, size))) << size;
  EXPECT_FALSE(parse_mail_sample(bytes + "x"));
  std::string huge = mail_sample_bytes({true, {}});
  huge.replace(huge.size() - 4, 4, "\xff\xff\xff\xff");
  EXPECT_FALSE(parse_mail_sample(huge));
  EXPECT_EQ(parse_mail_sample("nonsense").error().code, Code::corrupt);
}

}  // namespace
}  // namespace headgate::rules
