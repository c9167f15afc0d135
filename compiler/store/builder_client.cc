// How it works: the process gets a group of its own, no descriptor but its standard ones, and a pipe for its last words. The
// wait looks every 100 ms whether somebody wants it to end. The builder keeps its own time and gives up patterns rather
// than the table; the deadline here, somewhat later, is for one that does not.
// Tested by tests/compiler/store/builder_test.cc.
#include "compiler/store/builder_client.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compiler/store/publish_table.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/rules/program.h"

extern char** environ;

namespace headgate::store {

namespace {

constexpr std::string_view kExecutable = "headgate-compiler";
constexpr std::chrono::seconds kGrace{5};
constexpr std::size_t kMostWords = 4096;
constexpr int kLookMilliseconds = 100;

// Beside this program, else the bare name for $PATH.
std::string find_executable() {
  std::array<char, 4096> self{};
  const ssize_t size = ::readlink("/proc/self/exe", self.data(), self.size());
  if (size > 0 && static_cast<std::size_t>(size) < self.size()) {
    std::string path(self.data(), static_cast<std::size_t>(size));
    path.replace(path.rfind('/') + 1, std::string::npos, kExecutable);
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return std::string(kExecutable);
}

class SpawnSetup {
 public:
  explicit SpawnSetup(int words) {
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, words, STDERR_FILENO);
    // A client's connection that the builder held open would not end when the server closes it.
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes, &signals);
  }

  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

enum class End : std::uint8_t { by_itself, deadline, cancelled };

class Process {
 public:
  Process(pid_t pid, Fd words) : pid_(pid), words_(std::move(words)) {}

  End wait(const Env& env, SteadyTime deadline, const std::atomic<bool>& cancelled) {
    while (true) {
      listen();
      if (ended(WNOHANG)) return End::by_itself;
      const bool late = env.steady() >= deadline;
      if (!late && !cancelled) continue;
      ::kill(-pid_, SIGKILL);
      ended(0);
      return late ? End::deadline : End::cancelled;
    }
  }

  [[nodiscard]] int status() const { return status_; }

  // Its last words, without the program's name before them.
  [[nodiscard]] std::string words() {
    while (words_.valid()) listen();
    std::string text = text::printable(text::trim(said_));
    const std::string prefix = fmt::format("{}: ", kExecutable);
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
  }

 private:
  void listen() {
    pollfd wanted{words_.get(), POLLIN, 0};
    if (::poll(&wanted, 1, words_.valid() ? kLookMilliseconds : kLookMilliseconds / 5) <= 0) {
      if (status_known_) words_ = Fd();  // a worker that outlives its builder says nothing of use
      return;
    }
    std::array<char, 1024> buffer;
    const ssize_t size = ::read(words_.get(), buffer.data(), buffer.size());
    if (size > 0) {
      if (said_.size() < kMostWords) said_.append(buffer.data(), static_cast<std::size_t>(size));
    } else if (size == 0 || errno != EINTR) {
      words_ = Fd();
    }
  }

  bool ended(int options) {
    siginfo_t how{};
    int result = 0;
    do {
      result = ::waitid(P_PID, static_cast<id_t>(pid_), &how, WEXITED | WNOWAIT | options);
    } while (result < 0 && errno == EINTR);
    status_known_ = result < 0 || how.si_pid != 0;
    if (!status_known_) return false;
    status_ = 0xff00;  // somebody else waited for it
    if (result == 0) end_group();
    return true;
  }

  // Nothing of the group outlives the builder; until that is waited for, nobody else's group can have its number. Workers
  // without a parent become children of process 1: should this be it, it waits for them.
  void end_group() {
    ::kill(-pid_, SIGKILL);
    while (::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
    while (::waitpid(-pid_, nullptr, 0) > 0 || errno == EINTR) {
    }
  }

  pid_t pid_;
  Fd words_;
  std::string said_;
  int status_ = 0;
  bool status_known_ = false;
};

Code code_of(int exit_status) {
  switch (exit_status) {
    case 66:
      return Code::not_found;
    case 65:
      return Code::invalid;
    case 74:
      return Code::io;
    default:
      return Code::unavailable;
  }
}

}  // namespace

ProcessBuilder::ProcessBuilder(const Env& env, std::string executable)
    : env_(env), executable_(std::move(executable)) {}

Result<void> ProcessBuilder::build(rules::Dialect dialect, const std::string& name,
                                   const rules::ImageSettings& settings,
                                   const std::atomic<bool>& cancelled) {
  const std::string executable = executable_.empty() ? find_executable() : executable_;
  std::vector<std::string> arguments = {
      std::string(kExecutable),
      "build",
      "--dialect",
      std::string(rules::name_of(dialect)),
      "--name",
      name,
      "--directory",
      settings.directory,
      "--table-limit",
      fmt::format("{}", settings.table_limit.count()),
      "--pattern-limit",
      fmt::format("{}", settings.pattern_limit.count()),
      "--memory-limit",
      fmt::format("{}", settings.memory_limit),
      "--parent",
      fmt::format("{}", ::getpid()),
  };
  if (!settings.choice.mail_file.empty())
    arguments.insert(arguments.end(), {"--mail", settings.choice.mail_file});
  if (!settings.choice.without.empty())
    arguments.insert(arguments.end(), {"--without", settings.choice.without});
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);

  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("pipe", name, errno);
  Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  const SpawnSetup setup(write_end.get());
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, executable.c_str(), &setup.actions, &setup.attributes,
                                   argv.data(), environ);
  if (error == ENOENT) {
    return fail(Code::unavailable,
                fmt::format("{} was found neither beside this program nor in $PATH: tables are "
                            "matched without databases until it is installed",
                            kExecutable),
                name);
  }
  if (error != 0) return fail_errno("start", executable, error);
  write_end = Fd();
  Process process(pid, std::move(read_end));
  switch (process.wait(env_, env_.steady() + settings.table_limit + kGrace, cancelled)) {
    case End::cancelled:
      return fail(Code::cancelled, "building its database was cancelled", name);
    case End::deadline:
      return fail(Code::timeout,
                  fmt::format("building its database takes longer than {} s "
                              "(check_compile_time_limit): it is matched without",
                              settings.table_limit.count()),
                  name);
    case End::by_itself:
      break;
  }
  const int status = process.status();
  if (WIFSIGNALED(status)) {
    return fail(Code::unavailable,
                fmt::format("the builder of its database was killed by signal {} ({}): it is "
                            "matched without; is there memory enough?",
                            WTERMSIG(status), ::sigdescr_np(WTERMSIG(status))),
                name);
  }
  if (WEXITSTATUS(status) == 0) return {};
  std::string words = process.words();
  if (words.empty()) words = fmt::format("its builder failed with status {}", WEXITSTATUS(status));
  return fail(code_of(WEXITSTATUS(status)), std::move(words), name);
}

Result<void> InProcessBuilder::build(rules::Dialect dialect, const std::string& name,
                                     const rules::ImageSettings& settings,
                                     const std::atomic<bool>& cancelled) {
  if (cancelled) return fail(Code::cancelled, "cancelled", name);
  TRY(text, compiler::read_table(dialect, name));
  return publish_table(dialect, name, text, settings, {}, env_);
}

}  // namespace headgate::store
