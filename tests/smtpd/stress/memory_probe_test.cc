#include "smtpd/stress/memory_probe.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/scratch_directory.h"

namespace headgate::stress {
namespace {

class MemoryProbeTest : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = std::filesystem::path(scratch_.path()) / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }

  [[nodiscard]] MemoryProbe probe() const {
    return MemoryProbe(scratch_.path() + "/proc", scratch_.path() + "/cgroup");
  }

  testing_support::ScratchDirectory scratch_;
};

TEST_F(MemoryProbeTest, TheCgroupsLimitCountsWithoutDroppableCache) {
  write("proc/self/cgroup", "4:memory:/old\n0::/a/b\n");
  write("cgroup/a/b/memory.current", "900\n");
  write("cgroup/a/b/memory.max", "max\n");
  EXPECT_EQ(probe().used_percent(), std::nullopt);
  write("cgroup/a/b/memory.max", "1000\n");
  write("cgroup/a/b/memory.high", "max\n");
  EXPECT_EQ(probe().used_percent(), 90);
  write("cgroup/a/b/memory.stat", "anon 500\ninactive_file 100\n");
  EXPECT_EQ(probe().used_percent(), 80);
  write("cgroup/a/b/memory.high", "800\n");
  EXPECT_EQ(probe().used_percent(), 100);
}

TEST_F(MemoryProbeTest, PressureIsTheCgroupsOrElseTheMachines) {
  write("proc/self/cgroup", "0::/\n");
  EXPECT_EQ(probe().pressure_percent(), std::nullopt);
  write("proc/pressure/memory", "some avg10=1.50 avg60=0.00 avg300=0.00 total=0\nfull avg10=9.0\n");
  EXPECT_EQ(probe().pressure_percent(), 1.5);
  write("cgroup/memory.pressure", "some avg10=42.00 avg60=0.00 avg300=0.00 total=0\n");
  EXPECT_EQ(probe().pressure_percent(), 42);
}

TEST_F(MemoryProbeTest, WithoutCgroupsOfVersionTwoItSaysNothing) {
  EXPECT_EQ(probe().used_percent(), std::nullopt);
  write("proc/self/cgroup", "4:memory:/old\n");
  EXPECT_EQ(probe().used_percent(), std::nullopt);
  EXPECT_EQ(probe().rss_mib(), std::nullopt);
  EXPECT_GT(MemoryProbe().rss_mib(), 0);  // our own
}

}  // namespace
}  // namespace headgate::stress
