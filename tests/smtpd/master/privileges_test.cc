// What a role may do once it has settled; each in a child process.
#include "smtpd/master/privileges.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include <gtest/gtest.h>

#include "tests/smtpd/master/in_child.h"
#include "tests/support/scratch_directory.h"

namespace headgate::master {
namespace {

// 0 = as it should be; bits say what is not. Who lacks seccomp or Landlock skips.
int as_role(Role role, const Places& places, const std::function<int()>& look) {
  const pid_t parent = ::getpid();
  return in_child([&] {
    std::vector<std::string> missing = confine(rights_of(role), places, false);
    const Result<User> user = find_user("");
    if (!user || !settle(rights_of(role), *user, parent, missing)) return 99;
    if (!missing.empty()) return kNoSupport;
    return look();
  });
}

bool is_refused(int result) { return result < 0 && errno == EPERM; }

int runs_nothing() {
  ::execl("/bin/true", "true", nullptr);
  return errno == EPERM ? 0 : 1;
}

#define EXPECT_NOTHING_WRONG(expression)                                    \
  do {                                                                      \
    const int wrong = (expression);                                         \
    if (wrong == kNoSupport) GTEST_SKIP() << "no Landlock or seccomp here"; \
    EXPECT_EQ(wrong, 0);                                                    \
  } while (false)

TEST(Privileges, QueueHasNoInternetSocket) {
  EXPECT_NOTHING_WRONG(as_role(Role::queue, {}, [] {
    return (is_refused(::socket(AF_INET, SOCK_STREAM, 0)) ? 0 : 1) |
           (is_refused(::socket(AF_INET6, SOCK_DGRAM, 0)) ? 0 : 2) |
           (::socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? 0 : 4) | (runs_nothing() != 0 ? 8 : 0);
  }));
}

TEST(Privileges, FrontListensNowhereAndRunsNothing) {
  EXPECT_NOTHING_WRONG(as_role(Role::front, {}, [] {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    return (socket >= 0 ? 0 : 1) | (is_refused(::listen(socket, 1)) ? 0 : 2) |
           (runs_nothing() != 0 ? 4 : 0) | (is_refused(::setuid(0)) ? 0 : 8);
  }));
}

TEST(Privileges, FrontWritesIntoTheSpoolOnly) {
  const testing_support::ScratchDirectory scratch;
  Places places;
  places.spool = {scratch.path("spool")};
  ::mkdir(places.spool.front().c_str(), 0700);
  EXPECT_NOTHING_WRONG(as_role(Role::front, places, [&] {
    const bool inside = ::open(scratch.path("spool/x").c_str(), O_WRONLY | O_CREAT, 0600) >= 0;
    const bool outside = ::open(scratch.path("x").c_str(), O_WRONLY | O_CREAT, 0600) >= 0;
    return (inside ? 0 : 1) | (outside ? 2 : 0);
  }));
}

// The socket of somebody who listens on this machine, on a port of the kernel's choosing.
struct Listener {
  Listener() {
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(fd, 1);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  }

  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  ~Listener() { ::close(fd); }

  [[nodiscard]] int connect() const {
    const int client = ::socket(AF_INET, SOCK_STREAM, 0);
    return ::connect(client, reinterpret_cast<const sockaddr*>(&address), size) == 0 ? 0 : errno;
  }

  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  socklen_t size = sizeof address;
};

TEST(Privileges, FrontConnectsToTheServersOfItsTablesOnly) {
  const Listener theirs, others;
  Places places;
  places.ports = {ntohs(theirs.address.sin_port)};
  EXPECT_NOTHING_WRONG(as_role(Role::front, places, [&] {
    return (theirs.connect() == 0 ? 0 : 1) | (others.connect() == EACCES ? 0 : 2);
  }));
}

TEST(Privileges, DeliverDoesNotSeeTheSpool) {
  const testing_support::ScratchDirectory scratch;
  Places places;
  places.spool = {scratch.path("spool")};
  places.mailboxes = {scratch.path("mail")};
  for (const char* name : {"spool", "mail"}) ::mkdir(scratch.path(name).c_str(), 0700);
  testing_support::write_contents(scratch.path("spool/x"), "secret");
  EXPECT_NOTHING_WRONG(as_role(Role::deliver, places, [&] {
    const bool mail = ::open(scratch.path("mail/x").c_str(), O_WRONLY | O_CREAT, 0600) >= 0;
    const bool spool = ::open(scratch.path("spool/x").c_str(), O_RDONLY) >= 0;
    return (mail ? 0 : 1) | (spool ? 2 : 0) | (runs_nothing() != 0 ? 4 : 0);
  }));
}

TEST(Privileges, ThreadsThatWereThereAreFilteredToo) {
  EXPECT_NOTHING_WRONG(in_child([] {
    std::vector<std::string> missing = confine(rights_of(Role::queue), {}, false);
    std::atomic<int> step = 0;
    bool refused = false;
    std::thread early([&] {
      while (step == 0) std::this_thread::yield();
      refused = is_refused(::socket(AF_INET, SOCK_STREAM, 0));
    });
    const Result<User> user = find_user("");
    const bool settled = user && settle(rights_of(Role::queue), *user, ::getppid(), missing);
    step = 1;
    early.join();
    if (!missing.empty()) return kNoSupport;
    return settled && refused ? 0 : 1;
  }));
}

TEST(Privileges, AnOrphanDoesNotGoOn) {
  EXPECT_NOTHING_WRONG(in_child([] {
    std::vector<std::string> missing = confine(rights_of(Role::queue), {}, false);
    const Result<User> user = find_user("");
    return user && settle(rights_of(Role::queue), *user, 1'000'000'000, missing) ? 1 : 0;
  }));
}

TEST(Privileges, AUserThatIsNotThereIsAnError) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root asks";
  EXPECT_EQ(find_user("no-such-user-here").error().code, Code::invalid);
  EXPECT_FALSE(find_user("")->changes);
  EXPECT_TRUE(find_user("nobody")->changes);
}

}  // namespace
}  // namespace headgate::master
