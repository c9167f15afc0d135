// A message is created under a temporary name that is no queue id, so no reader can mistake it; the
// one rename() that gives it its id is the commit. A failed commit removes the file again: the
// client is told so and keeps the message. Tested by tests/smtpd/queue/spool_test.cc.
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

constexpr mode_t kUnfinishedMode = 0600;
constexpr mode_t kReadyMode = 0700;  // as Postfix marks a finished queue file

// Never over another message: a spool that was copied or restored has new inodes under old names, so a new message may
// get the id of an old one. File systems that do not know RENAME_NOREPLACE get a plain rename.
bool rename_to_new(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  return (errno == EINVAL || errno == ENOSYS) && ::rename(from.c_str(), to.c_str()) == 0;
}

class DiskWriter final : public Writer {
 public:
  DiskWriter(const DiskSpool& spool, Fd fd, std::string temporary, std::string id)
      : spool_(spool),
        temporary_(std::move(temporary)),
        id_(std::move(id)),
        file_(std::move(fd), temporary_) {}

  ~DiskWriter() override {
    if (!present_.empty()) ::unlink(present_.c_str());
  }

  [[nodiscard]] const std::string& id() const override { return id_; }

  void record(std::string_view bytes, bool continued) override { file_.append(bytes, continued); }

  [[nodiscard]] std::uint64_t content_bytes() const override { return file_.content_bytes(); }

  [[nodiscard]] Result<void> status() const override { return file_.status(); }

  Result<void> commit(const Envelope& envelope, State state) override {
    if (present_.empty() || present_ != temporary_)
      return fail(Code::bug, "message committed twice", id_);
    TRY_OK(file_.finish(envelope));
    if (::fchmod(file_.descriptor(), kReadyMode) != 0)
      return fail_errno("chmod", temporary_, errno);
    const std::string path = spool_.path(id_, state);
    if (!rename_to_new(temporary_, path)) return fail_errno("rename", temporary_, errno);
    present_ = path;
    TRY_OK(sync_directory(spool_.path(state)));
    present_.clear();
    return {};
  }

 private:
  const DiskSpool& spool_;
  std::string temporary_;
  std::string id_;
  QueueFileWriter file_;
  std::string present_ = temporary_;  // what the destructor has to remove
};

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

Result<Fd> take_lock(const std::string& path) {
  TRY(fd, open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK)
      return fail(Code::unavailable, "another server is using this queue directory", path);
    return fail_errno("lock", path, errno);
  }
  return std::move(fd);
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

Result<std::unique_ptr<Writer>> DiskSpool::create() {
  const std::string temporary =
      fmt::format("{}/{}{:016x}", path(State::incoming), kTemporaryPrefix, env_.random());
  TRY(fd, open_file(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, kUnfinishedMode));

  struct stat status {};

  if (::fstat(fd.get(), &status) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return fail_errno("fstat", temporary, error);
  }
  const auto make_id = options_.long_ids ? long_queue_id : short_queue_id;
  std::string id = make_id(env_.wall(), status.st_ino);
  std::unique_ptr<Writer> writer =
      std::make_unique<DiskWriter>(*this, std::move(fd), temporary, std::move(id));
  return writer;
}

Result<std::uint64_t> DiskSpool::free_bytes() const {
  struct statvfs status {};

  if (::statvfs(directory_.c_str(), &status) != 0) return fail_errno("statvfs", directory_, errno);
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
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

Result<std::unique_ptr<DiskSpool>> open_spool(const std::string& queue_directory, Env& env,
                                              EventSink& log, SpoolOptions options) {
  TRY_OK(make_directories(queue_directory));
  for (const char* name : {"incoming", "active", "deferred", "hold", "corrupt"})
    TRY_OK(make_directory(queue_directory + "/" + name));
  TRY(lock, take_lock(queue_directory + "/lock"));
  auto spool = std::make_unique<DiskSpool>(queue_directory, std::move(lock), env, options);
  TRY(report, recover(*spool, log));
  static_cast<void>(report);
  return spool;
}

}  // namespace headgate::queue
