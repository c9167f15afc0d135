// The lock is on a descriptor of our own, of the kind that belongs to the open file (F_OFD_SETLKW): it conflicts with
// Postfix's as any record lock does, and LMDB's closing of the file does not take it away.
// Somebody else may build the file for the first time, too: postmap in its place, and we beside it. Then ours is not renamed
// over it, but done once more, in it.
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

#include "engine/base/data_file.h"
#include "engine/base/file.h"
#include "engine/base/guarded_read.h"
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
  LmdbMaker(std::string path, const MakeOptions& options, std::size_t map_bytes)
      : path_(std::move(path)),
        mode_(options.mode),
        permissions_(options.permissions),
        forms_(options.nul),
        map_bytes_(map_bytes) {}

  ~LmdbMaker() override {
    if (txn_ != nullptr) ::mdb_txn_abort(txn_);
    env_.reset();
    if (is_ours_) ::unlink(written_.c_str());
  }

  Result<void> open() {
    for (bool locked = false; !locked;) {
      TRY(is_locked, try_lock());
      locked = is_locked;
    }
    if (!is_ours_) TRY_OK(check_size());
    MDB_env* env = nullptr;
    if (const int status = ::mdb_env_create(&env); status != 0)
      return fail_lmdb("open", path_, status);
    env_.reset(env);

    struct stat file {};

    if (::fstat(lock_.get(), &file) != 0) return fail_errno("stat database", path_, errno);
    while (map_bytes_ < static_cast<std::size_t>(file.st_size)) map_bytes_ *= 2;
    ::mdb_env_set_mapsize(env, map_bytes_);
    const int status =
        ::mdb_env_open(env, locked_file().c_str(), MDB_NOSUBDIR | MDB_NOLOCK, permissions_);
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
    TRY(status, change({Change::is_put, duplicate, key.size(), value.size()}, key, value));
    return status != MDB_KEYEXIST;
  }

  Result<bool> remove(std::string_view key) override {
    key_.set(key, Folding::none);
    for (const bool with_nul : {true, false}) {
      const std::string_view form = key_.form(with_nul);
      if (form.empty() || forms_.leaves_out(with_nul)) continue;
      TRY(status, change({Change::is_removal, {}, form.size(), 0}, form, {}));
      if (status == MDB_NOTFOUND) continue;
      forms_.met(with_nul);
      return true;
    }
    return false;
  }

  Result<void> commit() override {
    if (txn_ == nullptr) return fail(Code::bug, "committed twice", path_);
    for (;;) {
      TRY_OK(commit_transaction());
      env_.reset();
      if (!is_ours_) break;
      TRY(is_first, rename_to_path());
      if (is_first) break;
      ::unlink(written_.c_str());
      is_ours_ = false;
      TRY_OK(open());
      TRY_OK(replay());
    }
    lock_ = Fd();  // the next writer need not wait until this object is gone
    if (written_ != path_) return sync_directory(directory_of(path_));
    return {};
  }

 private:
  struct Change {
    enum Kind : std::uint8_t { is_put, is_removal } kind;

    OnDuplicate duplicate;
    std::size_t key_bytes, value_bytes;
  };

  // A file that was cut would be the end of the process (SIGBUS) when LMDB reads what is missing. Pages that are not in use
  // any more may be missing at its end.
  Result<void> check_size() {
    TRY(mapped, DataFile::open(locked_file()));
    if (mapped->bytes().empty()) return {};
    const LmdbReader reader(mapped->bytes());
    const char* why = kCutInUse;
    auto look = [&reader, &why] {
      why = reader.check();
      if (why == nullptr && reader.bytes_wanted() > reader.size()) why = reader.check_pages();
    };
    if (!guarded_read(look)) why = kCutInUse;
    if (why == nullptr) return {};
    Error error = damaged(path_, why);
    error.what += "; remove it and build it anew";
    return tl::unexpected(std::move(error));
  }

  // The file that is locked, whatever is at its name by now.
  [[nodiscard]] std::string locked_file() const {
    return fmt::format("/proc/self/fd/{}", lock_.get());
  }

  Result<void> commit_transaction() {
    for (;;) {
      const int status = ::mdb_txn_commit(std::exchange(txn_, nullptr));
      if (status == 0) return {};
      if (status != MDB_MAP_FULL) return fail_lmdb("write", path_, status);
      TRY_OK(enlarge());
    }
  }

  // False: there is one by now. File systems that cannot tell get the last one.
  Result<bool> rename_to_path() {
    int status = ::renameat2(AT_FDCWD, written_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE);
    if (status != 0 && errno == EEXIST) return false;
    if (status != 0 && (errno == EINVAL || errno == ENOSYS))
      status = ::rename(written_.c_str(), path_.c_str());
    if (status != 0) return fail_errno("rename database", written_, errno);
    is_ours_ = false;
    return true;
  }

  // The file, or where there is none a temporary one. Nothing: try again.
  Result<std::optional<Temporary>> open_written() {
    written_ = path_;
    auto fd = open_file(path_, O_RDWR | O_NOFOLLOW);
    if (fd) return Temporary{std::move(*fd), false};
    if (fd.error().code != Code::not_found || mode_ == MakeMode::existing)
      return tl::unexpected(std::move(fd.error()));
    written_ += ".tmp";
    return open_temporary(written_, permissions_);
  }

  // False when the file was replaced while we waited for the lock, or came.
  Result<bool> try_lock() {
    if (is_ours_) ::unlink(written_.c_str());  // of the try before
    is_ours_ = false;
    auto opened = open_written();
    if (!opened) {
      Error error = of_database(std::move(opened.error()));
      const auto at = error.what.find(written_);
      if (at != std::string::npos) error.what.replace(at, written_.size(), path_);  // as Postfix
      return tl::unexpected(std::move(error));
    }
    if (!*opened) return false;
    Temporary& file = **opened;
    is_ours_ = file.is_new;
    TRY_OK(lock_file(file.fd, F_WRLCK, written_));
    TRY(is_there, is_still_at(written_, file.fd));
    is_ours_ = is_ours_ && is_there;
    if (!is_there) return false;
    if (written_ != path_) {
      if (::access(path_.c_str(), F_OK) == 0) return false;
      TRY(is_taken, take_temporary(file, written_, permissions_));
      is_ours_ = is_taken;
      if (!is_taken) return false;
    }
    lock_ = std::move(file.fd);
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
    if (change.kind == Change::is_removal) return ::mdb_del(txn_, dbi_, &mdb_key, nullptr);
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
      status = replay_once();
      if (status != 0 && status != MDB_MAP_FULL) return fail_lmdb("update", path_, status);
    }
    return {};
  }

  // All that was done, in a transaction in which nothing was.
  Result<void> replay() {
    const int status = replay_once();
    if (status == MDB_MAP_FULL) return enlarge();
    if (status != 0) return fail_lmdb("update", path_, status);
    return {};
  }

  [[nodiscard]] int replay_once() {
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
  unsigned permissions_;
  KeyForms forms_;
  CompiledKey key_;
  std::size_t map_bytes_;
  Fd lock_;
  Env env_;
  MDB_txn* txn_ = nullptr;
  MDB_dbi dbi_ = 0;
  std::vector<Change> changes_;
  std::string log_;       // key and value of each
  bool is_ours_ = false;  // written_ is a temporary file of ours, and there
};

}  // namespace

Result<std::unique_ptr<MapMaker>> make_lmdb(const std::string& path, const MakeOptions& options,
                                            std::size_t map_bytes) {
  auto maker = std::make_unique<LmdbMaker>(path + ".lmdb", options, map_bytes);
  TRY_OK(maker->open());
  return maker;
}

// Under the shared lock: writers wait, so that what is copied is one state. Copied, because `visit` may take its time.
Result<void> for_each_lmdb_entry(const std::string& path, const VisitEntry& visit) {
  const std::string name = path + ".lmdb";
  auto fd = open_file(name, O_RDONLY);
  if (!fd) return tl::unexpected(of_database(std::move(fd.error())));
  TRY_OK(lock_file(*fd, F_RDLCK, name));
  TRY(bytes, read_file(fmt::format("/proc/self/fd/{}", fd->get())));  // the one that is locked
  fd = Fd();
  const char* const damage = LmdbReader(bytes).for_each(
      [&visit](auto key, auto value) { return visit(without_nul(key), without_nul(value)); });
  if (damage != nullptr) return tl::unexpected(damaged(name, damage));
  return {};
}

}  // namespace headgate::tables
