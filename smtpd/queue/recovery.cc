// Tested by tests/smtpd/queue/spool_test.cc and tests/crash.
#include "smtpd/queue/recovery.h"

#include <dirent.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace headgate::queue {

namespace {

void say(EventSink& log, Level level, std::string text) {
  Event event;
  event.program = Program::qmgr;
  event.level = level;
  event.text = std::move(text);
  log.write(event);
}

Result<std::vector<std::string>> temporary_names(const std::string& path) {
  DIR* directory = ::opendir(path.c_str());
  if (directory == nullptr) return fail_errno("open directory", path, errno);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string name = entry->d_name;
    if (name.compare(0, kTemporaryPrefix.size(), kTemporaryPrefix) == 0) names.push_back(name);
  }
  ::closedir(directory);
  return names;
}

// "new.PROCESS-NUMBER". A number that another process has got meanwhile keeps the file until the next start.
bool is_of_the_living(std::string_view name) {
  name.remove_prefix(kTemporaryPrefix.size());
  int pid = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (parsed.ec != std::errc() || pid <= 0) return false;
  return ::kill(pid, 0) == 0 || errno != ESRCH;
}

}  // namespace

Result<std::size_t> remove_temporaries(const DiskSpool& spool, Temporaries which) {
  TRY(names, temporary_names(spool.path(State::incoming)));
  std::size_t removed = 0;
  for (const std::string& name : names) {
    if (which == Temporaries::of_the_dead && is_of_the_living(name)) continue;
    const std::string path = spool.path(State::incoming) + "/" + name;
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno("remove", path, errno);
    ++removed;
  }
  return removed;
}

Result<RecoveryReport> recover(DiskSpool& spool, EventSink& log, Temporaries which) {
  RecoveryReport report;
  TRY(removed, remove_temporaries(spool, which));
  report.uncommitted = removed;

  TRY(interrupted, spool.list(State::active));
  for (const std::string& id : interrupted) {
    const Result<void> moved = spool.move(id, State::active, State::incoming);
    if (!moved && moved.error().code == Code::not_found) continue;  // by who had put it there
    TRY_OK(moved);
    ++report.requeued;
  }
  if (report.requeued != 0) {  // a FRONT at work may have synced the old place only
    TRY_OK(sync_directory(spool.path(State::incoming)));
    TRY_OK(sync_directory(spool.path(State::active)));
  }

  for (const State state : {State::incoming, State::deferred, State::hold}) {
    TRY(ids, spool.list(state));
    for (const std::string& id : ids) {
      const auto file = spool.open(id, state);
      if (file || file.error().code != Code::corrupt)
        continue;  // other errors: the manager tries again later
      TRY_OK(spool.set_aside(id, state));
      say(log, Level::warning,
          fmt::format("{}: {}; moved to {}/corrupt", id, file.error().text(), spool.directory()));
      ++report.corrupt;
    }
  }
  if (report.uncommitted + report.requeued != 0)
    say(log, Level::info,
        fmt::format(
            "recovery: {} uncommitted file(s) removed, {} interrupted message(s) queued again",
            report.uncommitted, report.requeued));
  return report;
}

}  // namespace headgate::queue
