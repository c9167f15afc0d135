// The lock is on a descriptor of our own, of the kind that belongs to the open file (F_OFD_SETLKW): it conflicts with
// Postfix's as any record lock does, and LMDB's closing of the file does not take it away.
// LMDB cannot enlarge its map within a transaction: when it is full, what was done is thrown away and done again from log_.
// Why the exclusive lock at first: without LMDB's own lock file a writer does not see readers, and takes the pages that were
// free two transactions ago.
// Tested by tests/tables/map_maker_test.cc and, beside postmap(1), compiled_agrees_test.cc.
#include "tables/lmdb_maker.h"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "engine/base/file.h"
#include "tables/compiled_file.h"
#include "tables/lmdb_reader.h"

namespace headgate::tables {

namespace {

struct CloseEnv {
  void operator()(MDB_env* env) const { ::mdb_env_close(env); }
};

using Env = std::unique_ptr<MDB_env, CloseEnv>;

tl::unexpected<Error> fail_lmdb(std::string_view action, const std::string& path, int status) {
  if (status > 0) return fail_errno(fmt::format("{} database", action), path, status);
  const bool damaged = status == MDB_INVALID || status == MDB_CORRUPTED ||
                       status == MDB_VERSION_MISMATCH || status == MDB_PAGE_NOTFOUND;
  if (damaged)
    return fail(Code::corrupt,
                fmt::format("database {} is damaged: {}", path, mdb_strerror(status)));
  return fail(Code::io, fmt::format("{} database {}: {}", action, path, mdb_strerror(status)));
}

MDB_val value_of(std::string_view bytes) {
  return MDB_val{bytes.size(), const_cast<char*>(bytes.data())};
}

std::string_view without_nul(std::string_view bytes) {
  if (bytes.ends_with('\0')) bytes.remove_suffix(1);
  return bytes;
}

Result<void> lock_file(const Fd& fd, short kind, const std::string& path) {
  struct flock lock {};

  lock.l_type = kind;
  lock.l_whence = SEEK_SET;
  while (::fcntl(fd.get(), F_OFD_SETLKW, &lock) != 0) {
    if (errno != EINTR) return fail_errno("lock database", path, errno);
  }
  return {};
}

class LmdbMaker final : public MapMaker {
 public:
  LmdbMaker(std::string path, MakeMode mode, std::size_t map_bytes)
      : path_(std::move(path)), mode_(mode), map_bytes_(map_bytes) {}

  ~LmdbMaker() override {
    if (txn_ != nullptr) ::mdb_txn_abort(txn_);
    env_.reset();
    if (is_new() && !committed_) ::unlink(written_.c_str());
  }

  Result<void> open(unsigned permissions) {
    for (bool locked = false; !locked;) {
      TRY(is_locked, try_lock(permissions));
      locked = is_locked;
    }
    MDB_env* env = nullptr;
    if (const int status = ::mdb_env_create(&env); status != 0)
      return fail_lmdb("open", path_, status);
    env_.reset(env);

    struct stat file {};

    if (::fstat(lock_.get(), &file) != 0) return fail_errno("stat database", path_, errno);
    while (map_bytes_ < static_cast<std::size_t>(file.st_size)) map_bytes_ *= 2;
    ::mdb_env_set_mapsize(env, map_bytes_);
    // The file that is locked, whatever is at its name by now.
    const std::string locked_file = fmt::format("/proc/self/fd/{}", lock_.get());
    const int status =
        ::mdb_env_open(env, locked_file.c_str(), MDB_NOSUBDIR | MDB_NOLOCK, permissions);
    if (status != 0) return fail_lmdb("open", path_, status);
    TRY_OK(begin());
    return lock_file(lock_, F_RDLCK, path_);
  }

  Result<bool> put(std::string_view key, std::string_view value, OnDuplicate duplicate) override {
    if (key.empty()) return fail(Code::invalid, "an lmdb file cannot hold an empty key", path_);
    const auto longest = static_cast<std::size_t>(::mdb_env_get_maxkeysize(env_.get()));
    if (key.size() > longest) {
      return fail(Code::limit, fmt::format("database {}: a key of {} bytes is too long: an lmdb "
                                           "file holds up to {}",
                                           path_, key.size(), longest));
    }
    TRY(status, change({Change::put, duplicate, key.size(), value.size()}, key, value));
    return status != MDB_KEYEXIST;
  }

  Result<bool> remove(std::string_view key) override {
    const std::string with_nul = std::string(key) + '\0';
    for (const std::string_view form : {std::string_view(with_nul), key}) {
      if (form.empty()) continue;
      TRY(status, change({Change::remove, {}, form.size(), 0}, form, {}));
      if (status != MDB_NOTFOUND) return true;
    }
    return false;
  }

  Result<void> commit() override {
    if (txn_ == nullptr) return fail(Code::bug, "committed twice", path_);
    for (;;) {
      const int status = ::mdb_txn_commit(std::exchange(txn_, nullptr));
      if (status == 0) break;
      if (status != MDB_MAP_FULL) return fail_lmdb("write", path_, status);
      TRY_OK(enlarge());
    }
    env_.reset();
    if (is_new() && ::rename(written_.c_str(), path_.c_str()) != 0)
      return fail_errno("rename database", written_, errno);
    committed_ = true;
    lock_ = Fd();  // the next writer need not wait until this object is gone
    if (is_new()) return sync_directory(directory_of(path_));
    return {};
  }

 private:
  struct Change {
    enum Kind : std::uint8_t { put, remove } kind;

    OnDuplicate duplicate;
    std::size_t key_bytes, value_bytes;
  };

  [[nodiscard]] bool is_new() const { return written_ != path_; }

  // False when the file was replaced while we waited for the lock, or came.
  Result<bool> try_lock(unsigned permissions) {
    written_ = path_;
    auto fd = open_file(path_, O_RDWR | O_NOFOLLOW);
    if (!fd && fd.error().code == Code::not_found && mode_ != MakeMode::existing) {
      written_ += ".tmp";
      fd = open_file(written_, O_RDWR | O_CREAT | O_NOFOLLOW, permissions);
    }
    if (!fd) {
      Error error = of_database(std::move(fd.error()));
      const auto at = error.what.find(written_);
      if (at != std::string::npos) error.what.replace(at, written_.size(), path_);  // as Postfix
      return tl::unexpected(std::move(error));
    }
    lock_ = std::move(*fd);
    TRY_OK(lock_file(lock_, F_WRLCK, written_));

    struct stat ours {};

    struct stat there {};

    if (::fstat(lock_.get(), &ours) != 0) return fail_errno("stat database", written_, errno);
    if (::lstat(written_.c_str(), &there) != 0 || ours.st_ino != there.st_ino ||
        ours.st_dev != there.st_dev)
      return false;
    if (!S_ISREG(ours.st_mode)) return fail(Code::invalid, "not a regular file", written_);
    if (!is_new()) return true;
    if (::access(path_.c_str(), F_OK) == 0) return false;
    if (::ftruncate(lock_.get(), 0) != 0) return fail_errno("truncate database", written_, errno);
    if (::fchmod(lock_.get(), permissions) != 0)
      return fail_errno("chmod database", written_, errno);
    return true;
  }

  // A transaction in which nothing was done yet but to empty the database, if that is wanted.
  Result<void> begin() {
    if (const int status = ::mdb_txn_begin(env_.get(), nullptr, 0, &txn_); status != 0) {
      txn_ = nullptr;
      return fail_lmdb("open", path_, status);
    }
    if (const int status = ::mdb_dbi_open(txn_, nullptr, 0, &dbi_); status != 0)
      return fail_lmdb("open", path_, status);
    if (mode_ != MakeMode::create) return {};
    if (const int status = ::mdb_drop(txn_, dbi_, 0); status != 0)
      return fail_lmdb("truncate", path_, status);
    return {};
  }

  [[nodiscard]] int apply(const Change& change, std::string_view key, std::string_view value) {
    MDB_val mdb_key = value_of(key);
    MDB_val mdb_value = value_of(value);
    if (change.kind == Change::remove) return ::mdb_del(txn_, dbi_, &mdb_key, nullptr);
    const int status = ::mdb_put(txn_, dbi_, &mdb_key, &mdb_value, MDB_NOOVERWRITE);
    if (status != MDB_KEYEXIST || change.duplicate == OnDuplicate::keep_first) return status;
    mdb_value = value_of(value);
    const int replaced = ::mdb_put(txn_, dbi_, &mdb_key, &mdb_value, 0);
    return replaced == 0 ? MDB_KEYEXIST : replaced;
  }

  // 0, MDB_KEYEXIST or MDB_NOTFOUND.
  Result<int> change(const Change& change, std::string_view key, std::string_view value) {
    if (txn_ == nullptr) return fail(Code::bug, "changed after commit", path_);
    int status = apply(change, key, value);
    while (status == MDB_MAP_FULL) {
      TRY_OK(enlarge());
      status = apply(change, key, value);
    }
    if (status != 0 && status != MDB_KEYEXIST && status != MDB_NOTFOUND)
      return fail_lmdb("update", path_, status);
    changes_.push_back(change);
    log_ += key;
    log_ += value;
    return status;
  }

  // All that was done, done again in a map of twice the size.
  Result<void> enlarge() {
    for (int status = MDB_MAP_FULL; status == MDB_MAP_FULL;) {
      if (txn_ != nullptr) ::mdb_txn_abort(std::exchange(txn_, nullptr));
      map_bytes_ *= 2;
      status = ::mdb_env_set_mapsize(env_.get(), map_bytes_);
      if (status != 0) return fail_lmdb("enlarge", path_, status);
      TRY_OK(begin());
      status = replay();
      if (status != 0 && status != MDB_MAP_FULL) return fail_lmdb("update", path_, status);
    }
    return {};
  }

  [[nodiscard]] int replay() {
    std::string_view rest = log_;
    for (const Change& change : changes_) {
      const std::string_view key = rest.substr(0, change.key_bytes);
      const std::string_view value = rest.substr(change.key_bytes, change.value_bytes);
      rest.remove_prefix(change.key_bytes + change.value_bytes);
      const int status = apply(change, key, value);
      if (status != 0 && status != MDB_KEYEXIST && status != MDB_NOTFOUND) return status;
    }
    return 0;
  }

  std::string path_;
  std::string written_;  // path_, or until it is whole "path_.tmp": an empty table must not be seen
  MakeMode mode_;
  std::size_t map_bytes_;
  Fd lock_;
  Env env_;
  MDB_txn* txn_ = nullptr;
  MDB_dbi dbi_ = 0;
  std::vector<Change> changes_;
  std::string log_;  // key and value of each
  bool committed_ = false;
};

}  // namespace

Result<std::unique_ptr<MapMaker>> make_lmdb(const std::string& path, const MakeOptions& options,
                                            std::size_t map_bytes) {
  auto maker = std::make_unique<LmdbMaker>(path + ".lmdb", options.mode, map_bytes);
  TRY_OK(maker->open(options.permissions));
  return maker;
}

// Under the shared lock: writers wait, so that what is copied is one state. Copied, because `visit` may take its time.
Result<void> for_each_lmdb_entry(const std::string& path, const VisitEntry& visit) {
  const std::string name = path + ".lmdb";
  auto fd = open_file(name, O_RDONLY);
  if (!fd) return tl::unexpected(of_database(std::move(fd.error())));
  TRY_OK(lock_file(*fd, F_RDLCK, name));
  TRY(bytes, read_file(name));
  fd = Fd();
  const char* const damage = LmdbReader(bytes).for_each(
      [&visit](auto key, auto value) { return visit(without_nul(key), without_nul(value)); });
  if (damage != nullptr) return tl::unexpected(damaged(name, damage));
  return {};
}

}  // namespace headgate::tables
