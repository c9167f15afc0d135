// Tested by tests/smtpd/master/landlock_test.cc (in a child process) and tests/e2e/rights_test.py.
#include "smtpd/master/landlock.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "engine/base/file.h"

namespace headgate::master {

namespace {

// Of linux/landlock.h, as of version 7 of the interface.
constexpr long kCreateRuleset = 444, kAddRule = 445, kRestrictSelf = 446;
constexpr unsigned kAskVersion = 1;
constexpr int kPathBeneath = 1, kNetPort = 2;

struct RulesetAttributes {
  std::uint64_t files, net, scoped;
};

struct __attribute__((packed)) PathBeneath {
  std::uint64_t allowed;
  std::int32_t parent;
};

struct NetPort {
  std::uint64_t allowed, port;
};

constexpr std::uint64_t kExecute = 1 << 0, kWriteFile = 1 << 1, kReadFile = 1 << 2,
                        kReadDirectory = 1 << 3, kRemoveDirectory = 1 << 4, kRemoveFile = 1 << 5,
                        kMakeDirectory = 1 << 7, kMakeFile = 1 << 8, kAllOfVersion1 = (1 << 13) - 1,
                        kRefer = 1 << 13, kTruncate = 1 << 14;
constexpr std::uint64_t kOfFiles = kExecute | kWriteFile | kReadFile | kTruncate;
constexpr std::uint64_t kBind = 1 << 0, kConnect = 1 << 1, kSignals = 1 << 1;

std::uint64_t rights_of(Landlock::Files what) {
  switch (what) {
    case Landlock::Files::read:
      return kReadFile | kReadDirectory;
    case Landlock::Files::read_and_run:
      return kReadFile | kReadDirectory | kExecute;
    case Landlock::Files::write_to:
      return kReadFile | kWriteFile;
    case Landlock::Files::change:
      return kReadFile | kReadDirectory | kWriteFile | kRemoveDirectory | kRemoveFile |
             kMakeDirectory | kMakeFile | kRefer | kTruncate;
  }
  return 0;
}

bool is_directory(int fd) {
  struct stat status {};

  return ::fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
}

void add_path(int ruleset, const std::string& path, std::uint64_t rights) {
  const Result<Fd> place = open_file(path, O_PATH);
  if (!place) return;
  if (!is_directory(place->get())) rights &= kOfFiles;
  const PathBeneath rule{rights, place->get()};
  ::syscall(kAddRule, ruleset, kPathBeneath, &rule, 0U);
}

}  // namespace

void Landlock::allow(const std::string& path, Files what) {
  if (!path.empty()) places_.push_back({path, what});
}

void Landlock::only_bind(std::vector<std::uint16_t> ports) { bind_ = {true, std::move(ports)}; }

void Landlock::only_connect(std::vector<std::uint16_t> ports) {
  connect_ = {true, std::move(ports)};
}

Result<void> Landlock::enforce() const {
  const long version = ::syscall(kCreateRuleset, nullptr, 0UL, kAskVersion);
  if (version < 1) return fail(Code::unavailable, "the kernel has no Landlock");
  RulesetAttributes handled{kAllOfVersion1, 0, 0};
  if (version >= 2) handled.files |= kRefer;
  if (version >= 3) handled.files |= kTruncate;
  if (version >= 4) handled.net = (bind_.limited ? kBind : 0) | (connect_.limited ? kConnect : 0);
  if (version >= 6 && own_signals_) handled.scoped = kSignals;
  const std::size_t size = version >= 6   ? sizeof handled
                           : version >= 4 ? 2 * sizeof(std::uint64_t)
                                          : sizeof(std::uint64_t);
  const Fd ruleset(static_cast<int>(::syscall(kCreateRuleset, &handled, size, 0U)));
  if (!ruleset.valid()) return fail_errno("landlock", "ruleset", errno);
  for (const Place& place : places_)
    add_path(ruleset.get(), place.path, rights_of(place.what) & handled.files);
  for (const auto& [ports, right] :
       {std::make_pair(&bind_, kBind), std::make_pair(&connect_, kConnect)}) {
    if ((handled.net & right) == 0) continue;
    for (const std::uint16_t port : ports->allowed) {
      const NetPort rule{right, port};
      ::syscall(kAddRule, ruleset.get(), kNetPort, &rule, 0U);
    }
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return fail_errno("no_new_privs", "landlock", errno);
  if (::syscall(kRestrictSelf, ruleset.get(), 0U) != 0)
    return fail_errno("landlock", "restrict", errno);
  return {};
}

}  // namespace headgate::master
