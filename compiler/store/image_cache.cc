// How it works: a file a key. The temporary file of a publisher has a name of its own (process and chance), so two that
// publish the same table do not write into each other's; the later rename wins, and both files were whole.
// Tested by tests/compiler/store/image_cache_test.cc.
#include "compiler/store/image_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "engine/base/file.h"
#include "engine/rules/image.h"

namespace headgate::store {

namespace {

constexpr std::string_view kSuffix = ".image";
constexpr std::string_view kTemporary = ".tmp";
constexpr std::string_view kHexDigits = "0123456789abcdef";

std::chrono::seconds age_of(const struct stat& status, const Env& env) {
  const auto now = std::chrono::time_point_cast<std::chrono::seconds>(env.wall());
  return now.time_since_epoch() - std::chrono::seconds(status.st_mtim.tv_sec);
}

// What lies in another user's directory decides nothing here, not even for root; and it is not ours to remove.
Result<void> check_owner(const std::string& directory) {
  struct stat status {};

  if (::stat(directory.c_str(), &status) != 0 || status.st_uid == ::geteuid() ||
      status.st_uid == 0) {
    return {};
  }
  return fail(Code::io,
              fmt::format("it belongs to another user (uid {}), who could decide what is matched: "
                          "chown it, or name another check_image_directory",
                          status.st_uid),
              directory);
}

// Sets the time of modification when it is old, and returns the identity that the file has then. A file that is not any
// more what was mapped keeps the mapped one's, which does not fit it: the next load verifies it again.
FileIdentity touch(const std::string& path, const FileIdentity& mapped, const Env& env) {
  struct stat status {};

  const auto before = file_identity(path);
  if (!before || *before != mapped || ::stat(path.c_str(), &status) != 0) return mapped;
  const auto age = age_of(status, env);
  if (age >= std::chrono::seconds{0} && age < std::chrono::minutes{30}) return mapped;
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(env.wall().time_since_epoch());
  const std::array<timespec, 2> times{timespec{now.count(), 0}, timespec{now.count(), 0}};
  // Who may not (the image is root's) leaves the time as it is.
  if (::utimensat(AT_FDCWD, path.c_str(), times.data(), 0) != 0) return mapped;
  const auto after = file_identity(path);
  return after && after->inode == mapped.inode && after->size == mapped.size ? *after : mapped;
}

// A tool of somebody who may not look into the server's directory works without images.
bool is_forbidden(const std::string& path) {
  struct stat status {};

  return ::lstat(path.c_str(), &status) != 0 && errno == EACCES;
}

bool is_directory(const std::string& path) {
  struct stat status {};

  return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// With its parents, as `mkdir -p`.
Result<void> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  const auto slash = path.rfind('/');
  if (errno != ENOENT || slash == std::string::npos || slash == 0)
    return fail_errno("create directory", path, errno);
  TRY_OK(make_directory(path.substr(0, slash)));
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail_errno("create directory", path, errno);
}

struct Entry {
  std::string path;
  std::uint64_t bytes = 0;
  std::chrono::seconds age{};
  bool temporary = false;
};

// What publish() names so: KEY.image, and KEY.image.….tmp. Anything else in the directory is somebody else's.
bool is_ours(std::string_view name) {
  const std::size_t digits = 2 * Digest{}.size();
  if (name.find_first_not_of(kHexDigits) != digits) return false;
  std::string_view rest = name.substr(digits);
  if (!rest.starts_with(kSuffix)) return false;
  rest.remove_prefix(kSuffix.size());
  return rest.empty() ||
         (rest.size() > kTemporary.size() && rest.front() == '.' && rest.ends_with(kTemporary));
}

std::vector<Entry> entries_of(const std::string& directory, const Env& env) {
  std::vector<Entry> entries;
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    const std::string path = it->path();
    if (!is_ours(it->path().filename().native())) continue;
    const bool temporary = path.ends_with(kTemporary);

    struct stat status {};

    if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    entries.push_back(
        Entry{path, static_cast<std::uint64_t>(status.st_size), age_of(status, env), temporary});
  }
  return entries;
}

}  // namespace

std::string ImageCache::path_of(const Digest& key) const {
  return fmt::format("{}/{}{}", directory_, hex(key), kSuffix);
}

Result<FoundImage> ImageCache::find(const Digest& key) const {
  const std::string path = path_of(key);
  if (!check_owner(directory_)) return fail(Code::not_found, "another user's directory", path);
  auto mapped = MappedFile::open(path);
  if (!mapped && (mapped.error().code == Code::not_found || is_forbidden(path)))
    return fail(Code::not_found, mapped.error().what, path);
  Result<rules::CompiledTable> table =
      mapped ? rules::read_image((*mapped)->bytes(), *mapped, key)
             : Result<rules::CompiledTable>(tl::unexpected(mapped.error()));
  if (!table) {
    std::error_code ignored;
    if (table.error().code == Code::corrupt) std::filesystem::remove(path, ignored);
    table.error().where = path;
    return tl::unexpected(std::move(table.error()));
  }
  return FoundImage{std::move(*table), touch(path, (*mapped)->identity(), env_)};
}

FileIdentity ImageCache::mark_used(const Digest& key, const FileIdentity& known) const {
  return touch(path_of(key), known, env_);
}

Result<void> ImageCache::publish(const Digest& key, std::string_view image) const {
  TRY_OK(make_directory(directory_));
  TRY_OK(check_owner(directory_));
  const std::string path = path_of(key);
  const std::string temporary = fmt::format("{}.{}.{:x}{}", path, ::getpid(),
                                            env_.steady().time_since_epoch().count(), kTemporary);
  if (is_directory(path)) {  // nothing is renamed to it; an empty one goes
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
  auto written = write_file_atomically(path, image, 0644, temporary, O_EXCL | O_NOFOLLOW);
  if (!written && is_directory(path)) written.error().what += fmt::format(": remove {}", path);
  return written;
}

std::size_t ImageCache::prune(const CacheLimits& limits) const {
  if (!check_owner(directory_)) return 0;
  std::vector<Entry> entries = entries_of(directory_, env_);
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.age > b.age; });
  std::uint64_t total = 0;
  for (const Entry& entry : entries) total += entry.bytes;
  std::size_t removed = 0;
  for (const Entry& entry : entries) {
    if (entry.age < limits.just_used) continue;
    if (!entry.temporary && entry.age < limits.unused && total <= limits.total_bytes) continue;
    if (::unlink(entry.path.c_str()) != 0) continue;
    total -= entry.bytes;
    ++removed;
  }
  return removed;
}

}  // namespace headgate::store
