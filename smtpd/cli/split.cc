// The lock is waited for a little: a server that was killed is not gone at once. Its roles, which end with it, do not hold
// the lock, but FRONT has the ports open a moment longer: Master::open() waits for those. Tested by tests/e2e/lifecycle_test.py and tests/crash.
#include "smtpd/cli/split.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include <fmt/format.h>

#include "smtpd/cli/control.h"
#include "smtpd/master/handover.h"
#include "smtpd/master/master.h"
#include "smtpd/queue/spool.h"

namespace headgate::cli {

namespace {

constexpr std::chrono::seconds kLockPatience{3};
constexpr std::chrono::milliseconds kLockStep{20};

// A directory that belongs to somebody else is given to the user with what lies in it; from then on nobody but the user
// could have put links there, and nothing is changed any more.
void give(const std::string& path, const master::User& user) {
  struct stat status {};

  if (::lstat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return;
  if (status.st_uid == user.uid) return;
  if (DIR* directory = ::opendir(path.c_str())) {
    while (const dirent* entry = ::readdir(directory)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..")
        static_cast<void>(::lchown((path + '/' + name).c_str(), user.uid, user.gid));
    }
    ::closedir(directory);
  }
  static_cast<void>(::lchown(path.c_str(), user.uid, user.gid));
}

// To what is the user's below it.
void let_through(const std::string& path) {
  struct stat status {};

  if (::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode))
    static_cast<void>(::chmod(path.c_str(), (status.st_mode | 0111) & 07777));
}

Result<Fd> lock_patiently(const std::string& queue_directory, Env& env) {
  const SteadyTime end = env.steady() + kLockPatience;
  Result<Fd> lock = queue::lock_spool(queue_directory);
  while (!lock && lock.error().code == Code::unavailable && env.steady() < end) {
    std::this_thread::sleep_for(kLockStep);
    lock = queue::lock_spool(queue_directory);
  }
  return lock;
}

// BUILDER may write in it, and make no other. Returns a warning when it cannot: a MASTER that has begun has no right to give
// a directory away any more.
std::string make_image_directory(const config::Settings& main, const master::User& user) {
  const std::string& path = main.check_image_directory;
  if (path.empty()) return {};
  ::mkdir(path.c_str(), 0755);
  if (!user.changes) return {};
  give(path, user);

  struct stat status {};

  const bool is_there = ::stat(path.c_str(), &status) == 0;
  if (is_there && status.st_uid == user.uid) return {};
  return fmt::format(
      "check_image_directory: {} {}: no table's database can be kept there; cure: mkdir -p {} && "
      "chown {} {}, then reload",
      path, is_there ? fmt::format("does not belong to {}", user.name) : "is not there", path,
      user.name, path);
}

void warn(EventSink& log, std::string text) {
  Event event;
  event.level = Level::warning;
  event.text = std::move(text);
  log.write(event);
}

Result<void> make_ready(const config::Settings& main, Env& env, master::MasterOptions& options,
                        EventSink& log) {
  TRY_OK(queue::make_spool(main.queue_directory));
  TRY(lock, lock_patiently(main.queue_directory, env));
  options.lock = std::move(lock);
  TRY(user, master::find_user(main.mail_owner));
  std::string problem = make_image_directory(main, user);
  if (!problem.empty()) warn(log, std::move(problem));
  if (user.changes) {
    let_through(main.queue_directory);
    for (const std::string_view name : queue::kSpoolDirectories)
      give(fmt::format("{}/{}", main.queue_directory, name), user);
  }
  Result<Fd> control = ControlSocket::listen(control_path(main.queue_directory));
  if (control) {
    options.control = std::move(*control);
    return {};
  }
  warn(log, control.error().text() + ": `headgate status` will not work");
  return {};
}

}  // namespace

Result<void> serve_split(config::Config config, const config::LoadOptions& wish,
                         std::vector<std::string> command,
                         const std::function<void(const std::vector<net::Endpoint>&)>& announce,
                         Logs& logs, Env& env) {
  master::MasterOptions options;
  options.wish = wish;
  options.load = [wish] {
    Result<config::Config> fresh = config::load(wish);
    if (!fresh) return fresh;
    const Result<master::User> user = master::find_user(fresh->main->mail_owner);
    if (!user) return fresh;
    std::string problem = make_image_directory(*fresh->main, *user);
    if (!problem.empty())
      fresh->diagnostics.push_back({Severity::warning, std::move(problem), {}, 0, 0});
    return fresh;
  };
  options.command = std::move(command);
  options.reopen_log = [&logs] { return logs.reopen(); };
  options.log_descriptors = [&logs] {
    return std::make_pair(logs.mail_descriptor(), logs.json_descriptor());
  };
  const std::string control = control_path(config.main->queue_directory);
  if (!master::Handover::pending()) TRY_OK(make_ready(*config.main, env, options, logs.sink()));
  std::function<std::vector<net::Endpoint>()> listening_on;
  options.ready = [&] { announce(listening_on()); };
  master::Master master(std::move(config), std::move(options), logs.sink(), env);
  listening_on = [&master] { return master.listening_on(); };
  Result<void> served = master.open();
  if (served) served = master.run();
  ::unlink(control.c_str());
  return served;
}

}  // namespace headgate::cli
