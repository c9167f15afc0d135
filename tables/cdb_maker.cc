// libcdb writes the records and the index; whether a key was there already it would answer by a search through a 256th of
// all records, which is where postmap's time goes, so a set of keys stands before it. Only a key that is replaced takes
// that way.
// The size is counted here, with the index: libcdb notices the limit only when the disk is full of what cannot be finished.
// Tested by tests/tables/map_maker_test.cc and, beside postmap(1), compiled_agrees_test.cc.
#include "tables/cdb_maker.h"

#include <cdb.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <functional>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "engine/base/data_file.h"
#include "engine/base/file.h"
#include "engine/base/guarded_read.h"
#include "tables/cdb_reader.h"
#include "tables/compiled_file.h"

namespace headgate::tables {

namespace {

constexpr std::uint64_t kHeaderBytes = 2048, kRecordHeadBytes = 8, kIndexBytes = 16;

// The keys put so far. Open addressing; a slot is where the key begins in bytes_, plus 1.
class KeySet {
 public:
  KeySet() : slots_(1U << 12U) {}

  // False when it was there.
  bool insert(std::string_view key) {
    if (2 * count_ >= slots_.size()) grow();
    std::uint64_t& slot = slots_[slot_of(key)];
    if (slot != 0) return false;
    slot = bytes_.size() + 1;
    const auto size = static_cast<std::uint32_t>(key.size());
    for (unsigned shift = 0; shift < 32; shift += 8) bytes_ += static_cast<char>(size >> shift);
    bytes_ += key;
    ++count_;
    return true;
  }

 private:
  [[nodiscard]] std::string_view key_at(std::uint64_t slot) const {
    const std::size_t at = slot - 1;
    std::uint32_t size = 0;
    for (std::size_t i = 4; i > 0; --i)
      size = size << 8U | static_cast<unsigned char>(bytes_[at + i - 1]);
    return std::string_view(bytes_).substr(at + 4, size);
  }

  [[nodiscard]] std::size_t slot_of(std::string_view key) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = std::hash<std::string_view>()(key) & mask;
    while (slots_[at] != 0 && key_at(slots_[at]) != key) at = (at + 1) & mask;
    return at;
  }

  void grow() {
    std::vector<std::uint64_t> old(slots_.size() * 2);
    old.swap(slots_);
    for (const std::uint64_t slot : old)
      if (slot != 0) slots_[slot_of(key_at(slot))] = slot;
  }

  std::string bytes_;
  std::vector<std::uint64_t> slots_;
  std::size_t count_ = 0;
};

class CdbMaker final : public MapMaker {
 public:
  CdbMaker(std::string path, std::string temporary, Fd fd, std::uint64_t limit_bytes)
      : path_(std::move(path)),
        temporary_(std::move(temporary)),
        fd_(std::move(fd)),
        limit_bytes_(limit_bytes) {
    ::cdb_make_start(&make_, fd_.get());
  }

  // The file is still locked: it is ours to take away.
  ~CdbMaker() override {
    if (!finished_) ::cdb_make_finish(&make_);  // there is no other way to have its memory back
    if (!renamed_) ::unlink(temporary_.c_str());
  }

  Result<bool> put(std::string_view key, std::string_view value, OnDuplicate duplicate) override {
    if (finished_) return fail(Code::bug, "changed after commit", path_);
    const std::uint64_t more = kRecordHeadBytes + key.size() + value.size() + kIndexBytes;
    if (more > limit_bytes_ || size_ > limit_bytes_ - more) {
      return fail(Code::limit,
                  fmt::format("database {}: more than {} bytes: a cdb file cannot be bigger; use "
                              "lmdb:, or split the table",
                              path_, limit_bytes_));
    }
    const bool is_new = keys_.insert(key);
    if (!is_new && duplicate == OnDuplicate::keep_first) return false;
    size_ += more;
    const int status =
        ::cdb_make_put(&make_, key.data(), static_cast<unsigned>(key.size()), value.data(),
                       static_cast<unsigned>(value.size()), is_new ? CDB_PUT_ADD : CDB_PUT_REPLACE);
    if (status < 0) return fail_errno("write database", temporary_, errno);
    return is_new;
  }

  Result<bool> remove(std::string_view) override {
    return fail(
        Code::invalid,
        fmt::format("database {}: a cdb file is not changed in place: build it anew", path_));
  }

  Result<void> commit() override {
    if (finished_) return fail(Code::bug, "committed twice", path_);
    finished_ = true;
    if (::cdb_make_finish(&make_) != 0) return fail_errno("write database", temporary_, errno);
    if (::fsync(fd_.get()) != 0) return fail_errno("fsync database", temporary_, errno);
    if (::rename(temporary_.c_str(), path_.c_str()) != 0)
      return fail_errno("rename database", temporary_, errno);
    renamed_ = true;
    fd_ = Fd();  // the next builder need not wait until this object is gone
    return sync_directory(directory_of(path_));
  }

 private:
  std::string path_, temporary_;
  Fd fd_;
  std::uint64_t limit_bytes_, size_ = kHeaderBytes;
  cdb_make make_{};
  KeySet keys_;
  bool finished_ = false, renamed_ = false;
};

// The file alone, locked; nothing when another builder renamed or removed it while we waited for the lock.
Result<std::optional<Fd>> try_lock(const std::string& temporary, unsigned permissions) {
  auto opened = open_temporary(temporary, permissions);
  if (!opened) return tl::unexpected(of_database(std::move(opened.error())));
  if (!*opened) return std::nullopt;
  Temporary& file = **opened;
  while (::flock(file.fd.get(), LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    const int why = errno;
    if (file.is_new) ::unlink(temporary.c_str());
    return fail_errno("lock database", temporary, why);
  }

  TRY(is_there, is_still_at(temporary, file.fd));
  if (!is_there) return std::nullopt;
  TRY(is_taken, take_temporary(file, temporary, permissions));
  if (!is_taken) return std::nullopt;
  return std::optional<Fd>(std::move(file.fd));
}

}  // namespace

Result<std::unique_ptr<MapMaker>> make_cdb(std::string_view type, const std::string& path,
                                           const MakeOptions& options, std::uint64_t limit_bytes) {
  std::string name = path + ".cdb";
  std::string temporary = name + ".tmp";
  if (options.mode != MakeMode::create) {
    return fail(Code::invalid,
                fmt::format("table {}:{}: a cdb file is not changed in place: build it anew with "
                            "\"headgate map {}:{}\"",
                            type, path, type, path));
  }
  for (;;) {
    TRY(fd, try_lock(temporary, options.permissions));
    if (!fd) continue;
    return std::make_unique<CdbMaker>(std::move(name), std::move(temporary), std::move(*fd),
                                      limit_bytes);
  }
}

// What an entry says of its sizes is checked, and read within guarded_read(): the file may be damaged, or cut meanwhile.
Result<void> for_each_cdb_entry(const std::string& path, const VisitEntry& visit) {
  const std::string name = path + ".cdb";
  auto file = DataFile::open(name);
  if (!file) return tl::unexpected(of_database(std::move(file.error())));
  CdbReader reader((*file)->bytes());
  const char* why = nullptr;
  auto check = [&reader, &why] { why = reader.check(); };
  if (!guarded_read(check)) why = kCutInUse;
  CdbReader::Entry entry;
  auto look = [&reader, &entry] { entry = reader.next_entry(entry); };
  while (why == nullptr) {
    if (!guarded_read(look)) why = kCutInUse;
    if (why == nullptr) why = entry.damage;
    if (why != nullptr || entry.at_end) break;
    std::string key;
    std::string value;
    if (!copy_value(entry.key, key) || !copy_value(entry.value, value)) {
      why = kCutInUse;
    } else if (!visit(key, value)) {
      return {};
    }
  }
  if (why != nullptr) return tl::unexpected(damaged(name, why));
  return {};
}

}  // namespace headgate::tables
