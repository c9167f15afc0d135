// How a message comes into the directories: disk_writer. Tested by tests/smtpd/queue/spool_test.cc.
#include "smtpd/queue/spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <fmt/format.h>

#include "smtpd/queue/disk_writer.h"
#include "smtpd/queue/queue_id.h"
#include "smtpd/queue/recovery.h"

namespace headgate::queue {

namespace {

std::string_view name_of(State state) {
  switch (state) {
    case State::incoming:
      return "incoming";
    case State::active:
      return "active";
    case State::deferred:
      return "deferred";
    case State::hold:
      return "hold";
  }
  return "incoming";
}

// One that cannot be written to as a message alone is removed.
Result<ReadyFile> made_ready(ReadyFile file, Fd fd) {
  struct stat status {};

  if (::fstat(fd.get(), &status) != 0) {
    const int error = errno;
    ::unlink(file.path.c_str());
    return fail_errno("fstat", file.path, error);
  }
  if (!S_ISREG(status.st_mode) || status.st_nlink != 1) {
    ::unlink(file.path.c_str());
    return fail(Code::io, "this file is not for writing over", file.path);
  }
  file.fd = std::move(fd);
  file.inode = status.st_ino;
  return file;
}

Result<void> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail_errno("create directory", path, errno);
}

Result<void> make_directories(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1))
    TRY_OK(make_directory(path.substr(0, slash)));
  return make_directory(path);
}

}  // namespace

DiskSpool::DiskSpool(std::string directory, Fd lock, Env& env, SpoolOptions options)
    : directory_(std::move(directory)), lock_(std::move(lock)), env_(env), options_(options) {}

std::string DiskSpool::path(State state) const {
  return fmt::format("{}/{}", directory_, name_of(state));
}

std::string DiskSpool::path(const std::string& id, State state) const {
  return fmt::format("{}/{}/{}", directory_, name_of(state), id);
}

std::string DiskSpool::temporary_name() const {
  return fmt::format("{}/{}{}-{:016x}", path(State::incoming), kTemporaryPrefix, ::getpid(),
                     env_.random());
}

std::string DiskSpool::spare_path(SpareFiles::Name name) const {
  return fmt::format("{}/{}{}-{:08x}", path(State::incoming), kTemporaryPrefix, name.process,
                     name.number);
}

Result<ReadyFile> DiskSpool::another_file() {
  while (options_.spares != nullptr) {
    const std::optional<SpareFiles::Name> spare = options_.spares->take();
    if (!spare) break;
    Result<ReadyFile> file = take_over(*spare);
    if (file) return file;
    if (file.error().code != Code::not_found) break;
  }
  return create_empty();
}

// One that bears the name of another FRONT gets this one's: those of the dead are removed.
Result<ReadyFile> DiskSpool::take_over(SpareFiles::Name name) {
  ReadyFile file;
  file.path = spare_path(name);
  if (name.process != static_cast<std::uint32_t>(::getpid())) {
    std::string mine = temporary_name();
    if (!rename_strictly(file.path, mine)) return fail_errno("rename", file.path, errno);
    file.path = std::move(mine);
  }
  file.used = true;
  Result<Fd> fd = open_file(file.path, O_RDWR | O_NOFOLLOW);
  if (!fd) {
    ::unlink(file.path.c_str());  // it is on nobody's list any more
    return tl::unexpected(std::move(fd.error()));
  }
  return made_ready(std::move(file), std::move(*fd));
}

Result<ReadyFile> DiskSpool::create_empty() {
  ReadyFile file;
  file.path = temporary_name();
  TRY(fd, open_file(file.path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, kQueueFileMode));
  return made_ready(std::move(file), std::move(fd));
}

// The id tells when the message began, not when its file was made.
std::unique_ptr<Writer> DiskSpool::writer_for(ReadyFile file) {
  const auto make_id = options_.long_ids ? long_queue_id : short_queue_id;
  std::string id = make_id(env_.wall(), file.inode);
  return std::make_unique<DiskWriter>(*this, std::move(file), std::move(id));
}

Result<std::unique_ptr<Writer>> DiskSpool::create() {
  TRY(file, another_file());
  for (std::size_t more = ready_.wanted(env_.steady()); more > 0; --more) {
    Result<ReadyFile> next = another_file();
    if (!next) break;
    ready_.add(std::move(*next));
  }
  return writer_for(std::move(file));
}

std::unique_ptr<Writer> DiskSpool::take_ready() {
  const SteadyTime now = env_.steady();
  std::optional<ReadyFile> file = ready_.take(now);
  if (!file) return nullptr;
  if (options_.spares != nullptr)
    options_.spares->want(static_cast<std::uint32_t>(::getpid()), now);
  return writer_for(std::move(*file));
}

// A file of several content records is not taken: after a power cut that forgets the rename but keeps what was written over
// the first of them, all its checksums might hold. In a file of one record they cannot (docs/queue_format.md).
bool DiskSpool::recycle(const std::string& id, State state, QueueFile& file) {
  const bool for_others = options_.spares != nullptr;
  if (!file.has_one_record() || (!for_others && !ready_.accepts(env_.steady()))) return false;

  struct stat status {};

  if (::fstat(file.descriptor(), &status) != 0 || status.st_nlink != 1) return false;
  if (for_others) return leave_spare(path(id, state));
  ReadyFile ready;
  ready.path = temporary_name();
  if (::lseek(file.descriptor(), 0, SEEK_SET) != 0 || !rename_to_new(path(id, state), ready.path))
    return false;
  ready.fd = std::move(file).release();
  ready.inode = status.st_ino;
  ready.used = true;
  ready_.add(std::move(ready));
  return true;
}

// For the FRONT that has asked for files a moment ago. It goes on under this name, which must not be another file's.
bool DiskSpool::leave_spare(const std::string& old_path) {
  const std::optional<std::uint32_t> process = options_.spares->wanted_by(env_.steady());
  if (!process) return false;
  const SpareFiles::Name name{*process, static_cast<std::uint32_t>(env_.random())};
  const std::string spare = spare_path(name);
  if (!rename_strictly(old_path, spare)) return false;
  if (!options_.spares->put(name)) ::unlink(spare.c_str());
  return true;
}

bool DiskSpool::trim() {
  const SteadyTime now = env_.steady();
  const bool empty = ready_.trim(now);
  if (empty && options_.spares != nullptr &&
      !options_.spares->wanted_within(ReadyFiles::kQuiet, now))
    remove_spares();
  return empty;
}

void DiskSpool::remove_spares() {
  while (options_.spares != nullptr) {
    const std::optional<SpareFiles::Name> spare = options_.spares->take();
    if (!spare) return;
    ::unlink(spare_path(*spare).c_str());
  }
}

void DiskSpool::commit(std::span<Commit* const> all) { commit_together(*this, all); }

Result<std::uint64_t> DiskSpool::free_bytes() const {
  struct statvfs status {};

  if (::statvfs(directory_.c_str(), &status) != 0) return fail_errno("statvfs", directory_, errno);
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

bool DiskSpool::is_at(const std::string& id, State state, const QueueFile& file) const {
  struct stat there {
  }, here{};

  return ::lstat(path(id, state).c_str(), &there) == 0 && ::fstat(file.descriptor(), &here) == 0 &&
         there.st_ino == here.st_ino && there.st_dev == here.st_dev;
}

Result<std::vector<std::string>> DiskSpool::list(State state) const {
  const std::string where = path(state);
  DIR* directory = ::opendir(where.c_str());
  if (directory == nullptr) return fail_errno("open directory", where, errno);
  std::vector<std::string> ids;
  while (const dirent* entry = ::readdir(directory))
    if (is_queue_id(entry->d_name)) ids.emplace_back(entry->d_name);
  ::closedir(directory);
  std::sort(ids.begin(), ids.end());
  return ids;
}

Result<QueueFile> DiskSpool::open(const std::string& id, State state) const {
  return QueueFile::open(path(id, state));
}

Result<void> DiskSpool::move(const std::string& id, State from, State to) {
  const std::string old_path = path(id, from);
  if (rename_to_new(old_path, path(id, to))) return {};
  if (errno == ENOENT) return fail(Code::not_found, "no such message", old_path);
  return fail_errno("rename", old_path, errno);
}

Result<void> DiskSpool::remove(const std::string& id, State state) {
  const std::string where = path(id, state);
  if (::unlink(where.c_str()) == 0) return {};
  if (errno == ENOENT) return fail(Code::not_found, "no such message", where);
  return fail_errno("remove", where, errno);
}

Result<void> DiskSpool::set_aside(const std::string& id, State state) {
  const std::string old_path = path(id, state);
  const std::string new_path = fmt::format("{}/corrupt/{}", directory_, id);
  if (!rename_to_new(old_path, new_path)) return fail_errno("rename", old_path, errno);
  return {};
}

Result<void> DiskSpool::set_next_attempt(const std::string& id, State state, WallTime when) {
  const std::string where = path(id, state);
  timespec times[2]{};
  times[0].tv_nsec = UTIME_OMIT;
  times[1].tv_sec =
      std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count();
  if (::utimensat(AT_FDCWD, where.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0)
    return fail_errno("set time of", where, errno);
  return {};
}

Result<WallTime> DiskSpool::next_attempt(const std::string& id, State state) const {
  const std::string where = path(id, state);

  struct stat status {};

  if (::lstat(where.c_str(), &status) != 0) return fail_errno("stat", where, errno);
  return WallTime(std::chrono::seconds(status.st_mtim.tv_sec));
}

Result<void> make_spool(const std::string& queue_directory) {
  TRY_OK(make_directories(queue_directory));
  for (const std::string_view name : kSpoolDirectories)
    TRY_OK(make_directory(fmt::format("{}/{}", queue_directory, name)));
  return {};
}

Result<Fd> lock_spool(const std::string& queue_directory) {
  const std::string path = queue_directory + "/lock";
  TRY(fd, open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK)
      return fail(Code::unavailable, "another server is using this queue directory", path);
    return fail_errno("lock", path, errno);
  }
  return std::move(fd);
}

Result<std::unique_ptr<DiskSpool>> open_locked_spool(const std::string& queue_directory, Env& env,
                                                     EventSink& log, SpoolOptions options,
                                                     bool writers_live) {
  auto spool = std::make_unique<DiskSpool>(queue_directory, Fd(), env, options);
  TRY(report, recover(*spool, log, writers_live ? Temporaries::of_the_dead : Temporaries::all));
  static_cast<void>(report);
  return spool;
}

std::unique_ptr<DiskSpool> open_spool_to_fill(const std::string& queue_directory, Env& env,
                                              SpoolOptions options) {
  return std::make_unique<DiskSpool>(queue_directory, Fd(), env, options);
}

Result<std::unique_ptr<DiskSpool>> open_spool(const std::string& queue_directory, Env& env,
                                              EventSink& log, SpoolOptions options) {
  TRY_OK(make_spool(queue_directory));
  TRY(lock, lock_spool(queue_directory));
  auto spool = std::make_unique<DiskSpool>(queue_directory, std::move(lock), env, options);
  TRY(report, recover(*spool, log, Temporaries::all));
  static_cast<void>(report);
  return spool;
}

}  // namespace headgate::queue
