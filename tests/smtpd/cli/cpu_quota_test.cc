#include "smtpd/cli/cpu_quota.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "engine/base/file.h"
#include "tests/support/scratch_directory.h"

namespace headgate::cli {
namespace {

using testing_support::ScratchDirectory;
using testing_support::write_contents;

class CpuQuotaTest : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(scratch_.path(path)).parent_path());
    write_contents(scratch_.path(path), text);
  }

  std::optional<double> quota() {
    return cpu_quota(scratch_.path("proc"), scratch_.path("cgroup"));
  }

  ScratchDirectory scratch_;
};

TEST_F(CpuQuotaTest, WithoutGroupsOrLimitsThereIsNone) {
  EXPECT_FALSE(quota());
  write("proc/self/cgroup", "4:cpu:/x\n0::/mail.slice/headgate.service\n");
  EXPECT_FALSE(quota());
  write("cgroup/mail.slice/headgate.service/cpu.max", "max 100000\n");
  EXPECT_FALSE(quota());
  for (const char* bad : {"", "1", "x y", "100000 0", "0 100000", "1 2 3"}) {
    write("cgroup/mail.slice/cpu.max", bad);
    EXPECT_FALSE(quota()) << bad;
  }
}

TEST_F(CpuQuotaTest, TheLeastOfTheGroupAndThoseAboveIt) {
  write("proc/self/cgroup", "0::/mail.slice/headgate.service\n");
  write("cgroup/mail.slice/cpu.max", "400000 100000\n");
  EXPECT_EQ(quota(), 4.0);
  write("cgroup/mail.slice/headgate.service/cpu.max", "150000 100000\n");
  EXPECT_EQ(quota(), 1.5);
  write("cgroup/cpu.max", "50000 100000\n");
  EXPECT_EQ(quota(), 0.5);
}

TEST_F(CpuQuotaTest, AContainerSeesItsOwnGroupAsTheRoot) {
  write("proc/self/cgroup", "0::/\n");
  write("cgroup/cpu.max", "200000 100000\n");
  EXPECT_EQ(quota(), 2.0);
}

}  // namespace
}  // namespace headgate::cli
