#include "smtpd/cli/process_title.h"

#include <gtest/gtest.h>

namespace headgate::cli {
namespace {

TEST(ProcessTitle, ShowsWhatAnOperatorOfPostfixLooksFor) {
  EXPECT_EQ(
      process_title({{"smtp", "inet", true, true},
                     {"submission", "inet", true, false},
                     {"10025", "inet", false, false}}),
      "headgate: smtpd -n smtp -t inet -o stress=yes, smtpd -n submission -t inet -o stress=, "
      "smtpd -n 10025 -t inet");
  EXPECT_EQ(process_title({}), "");
}

}  // namespace
}  // namespace headgate::cli
