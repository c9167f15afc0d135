// Tested by tests/tables/cdb_table_test.cc and lmdb_table_test.cc.
#include "tables/compiled_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include <fmt/format.h>

#include "engine/base/guarded_read.h"

namespace headgate::tables {

namespace {

constexpr std::time_t kGraceSeconds = 100;  // Postfix's

}  // namespace

Result<std::shared_ptr<const DataFile>> compiled_file(const std::string& path,
                                                      rules::ProgramSource* programs,
                                                      const rules::DataForm& form) {
  auto file =
      programs != nullptr ? programs->data_file(path, form) : rules::open_data_file(path, form);
  if (file) return file;
  return tl::unexpected(of_database(std::move(file.error())));
}

rules::DataForm compiled_form(std::string_view type, const StandIn* stand_in) {
  rules::DataForm form;
  form.name = type;
  form.in_place = type == "lmdb";
  if (stand_in == nullptr) return form;
  form.name += " for db";  // what is refused here may be good by its own name
  form.optional = true;
  return form;
}

Result<void> check_age(const std::string& file, const StandIn* stand_in) {
  struct stat ours {};

  struct stat theirs {};

  if (stand_in == nullptr || ::stat(file.c_str(), &ours) != 0 ||
      ::stat(stand_in->database.c_str(), &theirs) != 0 || ours.st_mtime >= theirs.st_mtime)
    return {};
  return fail(Code::invalid, fmt::format("{} is older than {}", file, stand_in->database));
}

Error of_database(Error error) {
  if (error.what.starts_with("open ")) error.what.insert(5, "database ");
  return error;
}

Error damaged(const std::string& path, std::string_view why) {
  return {Code::corrupt, fmt::format("database {} is damaged: {}", path, why), {}};
}

void warn_if_older(const std::string& database, const std::string& source,
                   const WarningSink& warn) {
  struct stat built {};

  struct stat text {};

  if (::stat(database.c_str(), &built) != 0 || ::stat(source.c_str(), &text) != 0) return;
  if (text.st_mtime <= built.st_mtime || text.st_mtime >= std::time(nullptr) - kGraceSeconds)
    return;
  warn({Severity::warning,
        fmt::format("database {} is older than source file {}", database, source), database, 0, 0});
}

void CompiledKey::set(std::string_view key, Folding folding) {
  const std::string_view folded = fold_key(key, folding, bytes_);
  if (folding == Folding::none) bytes_.assign(folded);
  bytes_ += '\0';
}

Result<std::optional<Temporary>> open_temporary(const std::string& path, unsigned permissions) {
  auto found = open_file(path, O_RDWR | O_NOFOLLOW);
  if (found) return Temporary{std::move(*found), false};
  if (found.error().code != Code::not_found) return tl::unexpected(std::move(found.error()));
  auto created = open_file(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, permissions);
  if (created) return Temporary{std::move(*created), true};

  struct stat there {};

  if (::lstat(path.c_str(), &there) == 0) return std::nullopt;  // it came meanwhile
  return tl::unexpected(std::move(created.error()));
}

Result<bool> is_still_at(const std::string& path, const Fd& fd) {
  struct stat ours {};

  struct stat there {};

  if (::fstat(fd.get(), &ours) != 0) return fail_errno("stat database", path, errno);
  if (::lstat(path.c_str(), &there) != 0 || ours.st_ino != there.st_ino ||
      ours.st_dev != there.st_dev)
    return false;
  if (!S_ISREG(ours.st_mode)) return fail(Code::invalid, "not a regular file", path);
  return true;
}

// Not every file system lets a file be whose who created it is.
Result<bool> take_temporary(const Temporary& temporary, const std::string& path,
                            unsigned permissions) {
  const Fd& fd = temporary.fd;

  struct stat status {};

  if (::fstat(fd.get(), &status) != 0) return fail_errno("stat database", path, errno);
  if (!temporary.is_new && (status.st_uid != ::geteuid() || status.st_nlink != 1)) {
    if (::unlink(path.c_str()) != 0) return fail_errno("remove", path, errno);
    return false;
  }
  if (::ftruncate(fd.get(), 0) != 0) return fail_errno("truncate database", path, errno);
  if (::fchmod(fd.get(), permissions) != 0) return fail_errno("chmod database", path, errno);
  return true;
}

bool copy_value(std::string_view value, std::string& out) {
  out.resize(value.size());
  char* const to = out.data();
  auto copy = [to, value] { std::memcpy(to, value.data(), value.size()); };
  if (!value.empty() && !guarded_read(copy)) return false;
  if (const auto end = out.find('\0'); end != std::string::npos) out.resize(end);
  return true;
}

}  // namespace headgate::tables
