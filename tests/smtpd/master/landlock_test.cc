#include "smtpd/master/landlock.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

#include <gtest/gtest.h>

#include "tests/smtpd/master/in_child.h"
#include "tests/support/scratch_directory.h"

namespace headgate::master {
namespace {

using Files = Landlock::Files;
using testing_support::ScratchDirectory;
using testing_support::write_contents;

bool can(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags, 0600);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

// Bits of what went wrong; 77: the kernel has none.
int confined(const Landlock& landlock, const std::function<int()>& look) {
  return in_child([&] {
    const Result<void> enforced = landlock.enforce();
    if (!enforced) return kNoSupport;
    return look();
  });
}

class LandlockTest : public testing::Test {
 protected:
  void SetUp() override {
    const Landlock landlock;
    if (confined(landlock, [] { return 0; }) == kNoSupport)
      GTEST_SKIP() << "the kernel has no Landlock";
    ::mkdir(scratch_.path("in").c_str(), 0700);
    ::mkdir(scratch_.path("to").c_str(), 0700);
    ::mkdir(scratch_.path("out").c_str(), 0700);
    write_contents(scratch_.path("in/file"), "x");
    write_contents(scratch_.path("out/file"), "x");
  }

  ScratchDirectory scratch_;
};

TEST_F(LandlockTest, ReadIsReadOnlyAndOnlyThere) {
  Landlock landlock;
  landlock.allow(scratch_.path("in"), Files::read);
  EXPECT_EQ(confined(landlock,
                     [this] {
                       return (can(scratch_.path("in/file"), O_RDONLY) ? 0 : 1) |
                              (can(scratch_.path("in/file"), O_WRONLY) ? 2 : 0) |
                              (can(scratch_.path("out/file"), O_RDONLY) ? 4 : 0) |
                              (can("/etc/passwd", O_RDONLY) ? 8 : 0);
                     }),
            0);
}

TEST_F(LandlockTest, ChangeMakesMovesAndRemoves) {
  Landlock landlock;
  landlock.allow(scratch_.path("in"), Files::change);
  landlock.allow(scratch_.path("to"), Files::change);
  EXPECT_EQ(confined(landlock,
                     [this] {
                       const std::string made = scratch_.path("in/new"),
                                         moved = scratch_.path("to/new");
                       return (can(made, O_RDWR | O_CREAT | O_EXCL) ? 0 : 1) |
                              (::rename(made.c_str(), moved.c_str()) == 0 ? 0 : 2) |
                              (::unlink(moved.c_str()) == 0 ? 0 : 4) |
                              (::unlink(scratch_.path("out/file").c_str()) == 0 ? 8 : 0);
                     }),
            0);
}

TEST_F(LandlockTest, NothingIsRunUnlessAllowed) {
  const auto run = [] {
    ::execl("/bin/true", "true", nullptr);
    return errno == EACCES ? 3 : 4;
  };
  Landlock landlock;
  landlock.allow("/", Files::read);
  EXPECT_EQ(confined(landlock, run), 3);
  Landlock runs;
  runs.allow("/", Files::read_and_run);
  EXPECT_EQ(confined(runs, run), 0);
}

TEST_F(LandlockTest, PortsAreLimitedWhereTheKernelCan) {
  Landlock landlock;
  landlock.only_bind({});
  const int result = confined(landlock, [] {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0)
      return kNoSupport;
    return errno == EACCES ? 0 : 1;
  });
  if (result == kNoSupport) GTEST_SKIP() << "a kernel before 6.7";
  EXPECT_EQ(result, 0);
}

TEST_F(LandlockTest, SignalsReachNobodyElse) {
  Landlock landlock;
  landlock.only_own_signals();
  const int result = confined(landlock, [] {
    return ::kill(::getppid(), 0) == 0 ? kNoSupport : errno == EPERM ? 0 : 1;
  });
  if (result == kNoSupport) GTEST_SKIP() << "a kernel before 6.12";
  EXPECT_EQ(result, 0);
}

}  // namespace
}  // namespace headgate::master
