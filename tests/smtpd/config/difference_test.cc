#include "smtpd/config/difference.h"

#include <gtest/gtest.h>

namespace headgate::config {
namespace {

TEST(Difference, NamesWhatStressChanges) {
  Settings calm, stressed;
  EXPECT_TRUE(difference(calm, stressed).empty());
  stressed.smtpd_timeout = seconds(10);
  stressed.smtpd_hard_error_limit = 1;
  stressed.smtpd_per_request_deadline = true;
  stressed.body_checks = {"pcre:/a", "pcre:/b"};
  stressed.stress_keeps_only_emergency_checks = false;
  std::string text;
  for (const ChangedParameter& changed : difference(calm, stressed))
    text += changed.name + ": " + changed.calm + " -> " + changed.stressed + "\n";
  EXPECT_EQ(text,
            "body_checks:  -> pcre:/a, pcre:/b\n"
            "smtpd_hard_error_limit: 20 -> 1\n"
            "smtpd_per_request_deadline: no -> yes\n"
            "smtpd_timeout: 300s -> 10s\n"
            "stress_keeps_only_emergency_checks:  -> no\n");
}

}  // namespace
}  // namespace headgate::config
