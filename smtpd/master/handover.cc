// Tested by tests/e2e/upgrade_test.py.
#include "smtpd/master/handover.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/master/master.h"
#include "smtpd/master/signals.h"
#include "smtpd/net/fields.h"

extern char** environ;

namespace headgate::master {

namespace {

constexpr const char* kVariable = "HEADGATE_HANDOVER";
constexpr std::uint32_t kVersion = 1, kMostItems = 10000;
constexpr std::size_t kMostText = 1 << 20;
constexpr std::size_t kMostComplaint = 2000;
constexpr int kTrySteps = 500;  // of 20 ms

std::vector<char*> arguments_of(std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  return arguments;
}

// A descriptor's number; from now on it survives exec.
class Keeper {
 public:
  std::uint32_t keep(const Fd& fd) { return keep(fd.get()); }

  std::uint32_t keep(int fd) {
    if (fd < 0) return 0;
    ::fcntl(fd, F_SETFD, 0);
    kept_.push_back(fd);
    return static_cast<std::uint32_t>(fd);
  }

  void undo() {
    for (const int fd : kept_) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  }

 private:
  std::vector<int> kept_;
};

Result<Fd> kept(net::FieldReader& reader) {
  TRY(number, reader.u32());
  if (number == 0) return Fd();
  const int fd = static_cast<int>(number);
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return fail_errno("adopt", "descriptor", errno);
  return Fd(fd);
}

Result<std::string> read_all(const Fd& memory) {
  std::string text(kMostText, '\0');
  const ssize_t size = ::pread(memory.get(), text.data(), text.size(), 0);
  if (size < 0) return fail_errno("read", "handover", errno);
  text.resize(static_cast<std::size_t>(size));
  return text;
}

// What a program that was tried has said on its standard error.
std::string complaint_in(const Fd& memory) {
  const Result<std::string> said = read_all(memory);
  std::string_view text = said ? text::trim(*said) : std::string_view();
  constexpr std::string_view kPrefix = "headgate: fatal: ";
  if (text.starts_with(kPrefix)) text.remove_prefix(kPrefix.size());
  if (text.empty()) return "the program does not run";
  return std::string(text.substr(0, kMostComplaint));
}

}  // namespace

std::string Handover::version_text() { return fmt::format("{}", kVersion); }

bool Handover::pending() { return std::getenv(kVariable) != nullptr; }

Result<void> Handover::exec(Master& master) {
  Keeper keeper;
  net::FieldWriter writer;
  writer.u32(kVersion).u64(master.generation_);
  writer.text(master.queue_directory_).text(master.maillog_file_).text(master.json_file_);
  for (const Fd* const fd :
       {&master.page_memory_, &master.options_.lock, &master.options_.control, &master.wakes_.out,
        &master.wakes_.in, &master.deliveries_.out, &master.deliveries_.in})
    writer.u32(keeper.keep(*fd));
  std::uint32_t sockets = 0;
  for (const auto& [service, all] : master.ports_.sockets())
    sockets += static_cast<std::uint32_t>(all.size());
  writer.u32(sockets);
  for (const auto& [service, all] : master.ports_.sockets())
    for (const Ports::Socket& socket : all) writer.text(service).u32(keeper.keep(socket.fd));
  writer.u32(static_cast<std::uint32_t>(master.children_.size()));
  for (const auto& [pid, child] : master.children_) {
    const bool serves =
        master.current_[static_cast<std::size_t>(child->role) % kStandingRoles] == child;
    writer.u32(static_cast<std::uint32_t>(pid)).byte(static_cast<std::uint8_t>(child->role));
    writer.u64(child->generation).u32(keeper.keep(child->descriptor)).byte(serves ? 1 : 0);
    writer.text(child->errors);
  }
  const Fd memory(::memfd_create("headgate-handover", 0));
  if (!memory.valid()) return fail_errno("memfd_create", "handover", errno);
  Result<void> written = write_all(memory.get(), writer.bytes(), "handover");
  if (written) {
    ::setenv(kVariable, fmt::format("{}", memory.get()).c_str(), 1);
    std::vector<std::string> command = master.options_.command;
    ::execve(command.front().c_str(), arguments_of(command).data(), environ);
    written = fail_errno("exec", command.front(), errno);
    ::unsetenv(kVariable);
  }
  keeper.undo();
  return written;
}

Result<bool> Handover::adopt(Master& master) {
  const char* variable = std::getenv(kVariable);
  if (variable == nullptr) return false;
  int number = -1;
  std::from_chars(variable, variable + std::strlen(variable), number);
  ::unsetenv(kVariable);
  const Fd memory(number);
  TRY(bytes, read_all(memory));
  net::FieldReader reader(bytes);
  TRY(version, reader.u32());
  if (version != kVersion) return fail(Code::invalid, "another version's handover");
  TRY(generation, reader.u64());
  master.generation_ = generation;
  TRY_OK(reader.text_into(master.queue_directory_, kMostText));
  TRY_OK(reader.text_into(master.maillog_file_, kMostText));
  TRY_OK(reader.text_into(master.json_file_, kMostText));
  for (Fd* const fd :
       {&master.page_memory_, &master.options_.lock, &master.options_.control, &master.wakes_.out,
        &master.wakes_.in, &master.deliveries_.out, &master.deliveries_.in}) {
    TRY(one, kept(reader));
    *fd = std::move(one);
  }
  TRY(sockets, reader.u32());
  if (sockets > kMostItems) return fail(Code::corrupt, "handover makes no sense");
  for (std::uint32_t i = 0; i < sockets; ++i) {
    TRY(service, reader.text(kMostText));
    TRY(socket, kept(reader));
    master.ports_.adopt(std::move(service), std::move(socket));
  }
  TRY(children, reader.u32());
  if (children > kMostItems) return fail(Code::corrupt, "handover makes no sense");
  for (std::uint32_t i = 0; i < children; ++i) {
    TRY(pid, reader.u32());
    TRY(role, reader.byte());
    if (role > static_cast<std::uint8_t>(Role::builder))
      return fail(Code::corrupt, "handover makes no sense");
    TRY(child_generation, reader.u64());
    TRY(channel, kept(reader));
    TRY(serves, reader.byte());
    TRY(errors, reader.text(kMostText));
    auto child = std::make_shared<Child>(master.io_, static_cast<Role>(role), child_generation,
                                         static_cast<pid_t>(pid), std::move(channel));
    child->started = master.env_.steady();
    child->errors = std::move(errors);
    child->state = serves != 0 ? Child::State::going : Child::State::retired;
    child->expected_to_end = serves == 0;
    if (serves != 0) {
      master.current_[role] = child;
      master.plans_[role].started(child->started);
      master.plans_[role].ready();
    }
    master.children_[child->pid] = std::move(child);
  }
  TRY_OK(reader.finish());
  master.first_queue_ = false;
  return true;
}

Result<void> Handover::try_program(const std::vector<std::string>& command) {
  std::vector<std::string> words{command.front(), "role", "handover", std::string(version_text())};
  words.insert(words.end(), command.begin() + 2, command.end());  // -c and -o, without "serve"
  const std::vector<char*> arguments = arguments_of(words);
  const Fd complaint(::memfd_create("headgate-trial", MFD_CLOEXEC));
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("fork", command.front(), errno);
  if (pid == 0) {
    unblock_all();
    const int null = ::open("/dev/null", O_RDWR);
    ::dup2(null, STDOUT_FILENO);
    ::dup2(complaint.valid() ? complaint.get() : null, STDERR_FILENO);
    ::execve(arguments.front(), arguments.data(), environ);
    ::_exit(127);
  }
  int status = 0;
  for (int i = 0; i < kTrySteps; ++i) {
    if (::waitpid(pid, &status, WNOHANG) == pid) {
      if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
      return fail(Code::unavailable, complaint_in(complaint), command.front());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ::kill(pid, SIGKILL);
  ::waitpid(pid, &status, 0);
  return fail(Code::timeout, "the program does not answer", command.front());
}

}  // namespace headgate::master
